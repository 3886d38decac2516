import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CgroupContainment } from '../../src/cgroup/containment.ts';
import { cgroupTarget } from '../../src/targets/cgroupTarget.ts';
import { killTree } from '../../src/targets/killTree.ts';
import { Storm } from '../../src/targets/storm.ts';
import { Tree } from '../../src/targets/tree.ts';
import { FakeClock } from '../engine/fakes.ts';
import { FIRST_PID, fakeMachine } from './fakeMachine.ts';

const CHILD = FIRST_PID + 1;

/** A v2 cgroup of files. What is written replaces what a file of the kernel shows; here the next word stands behind it. */
function scene(version: 1 | 2 = 2, hasThawer = true) {
  const machine = fakeMachine();
  const at = (path: string): string => machine.root.at(path);
  const dir = at('/cg/threadguard/threadguard-1-2');
  mkdirSync(dir, { recursive: true });
  const put = (files: Readonly<Record<string, string>>): void => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  };
  put({
    'pids.max': '100\n',
    'pids.current': '7\n',
    'pids.events': 'max 0\n',
    'cgroup.procs': `${CHILD}\n`,
    'cgroup.events': 'populated 1\nfrozen 0\n',
    'cgroup.kill': '',
    'cgroup.freeze': '0\n',
    tasks: '',
  });
  for (const name of ['pids.max', 'pids.current', 'cgroup.procs', 'tasks'])
    writeFileSync(at(`/cg/threadguard/${name}`), name === 'pids.max' ? 'max\n' : '');
  const undone: string[] = [];
  const containment: CgroupContainment = {
    version,
    penDir: at('/cg/threadguard'),
    pidsDir: dir,
    unifiedDir: version === 2 ? dir : undefined,
    enterFiles: [join(dir, 'cgroup.procs')],
    leaveFiles: [at('/cg/threadguard/cgroup.procs')],
    moveFiles: [join(dir, 'tasks')],
    undo: [() => void undone.push('removed')],
  };
  const thawed: string[] = [];
  const target = cgroupTarget(machine.root, containment, {
    tree: new Tree(machine.root, FIRST_PID, 0),
    now: () => (machine.nowMs += 0.01),
    thawer: (file, word) => {
      thawed.push(`${file.slice(dir.length + 1)} ← ${word}`);
      return hasThawer ? { pid: 1, close: async () => void thawed.push('closed') } : undefined;
    },
  });
  const text = (name: string): string => readFileSync(join(dir, name), 'utf8').trim();
  const lastWord = (name: string): string | undefined => text(name).at(-1);
  return { machine, target, dir, put, text, lastWord, thawed, undone };
}

describe('what it says of itself', () => {
  it('v2 lacks nothing', () => {
    const { dir, target } = scene();
    expect(target.hold).toEqual({ kind: 'cgroup-v2', description: `pids cgroup ${dir}`, cannot: [] });
  });
  it('v1 alone has no kill of its own', () => {
    const { target } = scene(1);
    expect(target.hold).toMatchObject({ kind: 'cgroup-v1', cannot: [expect.stringContaining('no cgroup.kill')] });
  });
});

describe('reading', () => {
  it('counts tasks and processes', () => {
    const { target } = scene();
    expect(target.meter.tasks(0)).toBe(7);
    expect(target.meter.processes()).toEqual([CHILD]);
    expect(target.meter.isStorming()).toBe(false);
  });
  it('a count that cannot be read is the last one', () => {
    const { put, target } = scene();
    target.meter.tasks(0);
    put({ 'pids.current': '' });
    expect(target.meter.tasks(1)).toBe(7);
  });
  it.for([
    ['the looks saw all of it', 1, '64\n', 64, 64],
    ['the kernel counted the guard at the fork', 1, '65\n', 64, 64],
    ['a pool came and went between two looks', 1, '66\n', 1, 66],
    ['v2: the kernel counted all of the guard', 2, '17\n', 1, 1],
    ['v2: a pool came and went', 2, '66\n', 1, 66],
    ['a kernel that does not count it', 1, undefined, 12, 12],
    ['nonsense', 1, 'x\n', 12, 12],
  ] as const)('the peak: %s', ([, version, text, seen, want]) => {
    const { put, target } = scene(version);
    if (text !== undefined) put({ 'pids.peak': text });
    expect(target.meter.peak(seen)).toBe(want);
  });
  it('refusals are those since the start', () => {
    const { put, target } = scene();
    const before = target.meter.refused() ?? 0;
    put({ 'pids.events': 'max 5\n' });
    expect((target.meter.refused() ?? 0) - before).toBe(5);
  });
  it('v1 tells nobody of a refusal, and ending that is no error', () => {
    const { target } = scene(1);
    target.meter.onRefusal(() => {})();
  });
});

describe('braking', () => {
  it('moves the cap, and only where it is another', () => {
    const { target, text } = scene();
    expect(target.brake.capNow()).toBe(100);
    expect(target.brake.setCap(100)).toBe(true);
    expect(text('pids.max')).toBe('100');
    expect(target.brake.setCap(333)).toBe(true);
    expect(text('pids.max')).toContain('333');
  });
  it('a clamp leaves room for one task at least', () => {
    const { target, text } = scene();
    expect(target.brake.clamp(0)).toBe(true);
    expect(text('pids.max')).toContain('1');
  });
  it('freezes, and thaws once it is let go', () => {
    const { target, lastWord } = scene();
    expect(target.brake.freeze()).toBe(true);
    expect(lastWord('cgroup.freeze')).toBe('1');
    target.brake.thaw();
    expect(lastWord('cgroup.freeze')).toBe('0');
  });
  it('what is frozen already is not thawed by a look at it', () => {
    const { target, lastWord } = scene();
    target.brake.freeze();
    target.brake.pause('whole')?.();
    expect(lastWord('cgroup.freeze')).toBe('1');
  });
  it('a release thaws', () => {
    const { target, lastWord, text } = scene();
    target.brake.freeze();
    target.brake.release(200);
    expect(lastWord('cgroup.freeze')).toBe('0');
    expect(text('pids.max')).toContain('200');
  });
  it('freezes nobody where there is nobody to undo it', () => {
    const { target, lastWord } = scene(2, false);
    expect(target.brake.freeze()).toBe(false);
    expect(lastWord('cgroup.freeze')).toBe('0');
  });
});

describe('the birth of a child', () => {
  it('gives the guard room while it is inside, then takes it back', () => {
    const { machine, put, target, text } = scene();
    put({ 'pids.max': '' });
    target.birth.beforeFork(50);
    expect(text('pids.max')).toContain('66');
    expect(text('cgroup.procs')).toBe('0');
    target.birth.afterFork(CHILD, 50);
    expect(text('pids.max')).toContain('50');
    expect(readFileSync(machine.root.at('/cg/threadguard/cgroup.procs'), 'utf8')).toBe('0');
  });
  it('no cap needs no room', () => {
    const { target, put, text } = scene();
    put({ 'pids.max': 'max\n' });
    target.birth.beforeFork('max');
    expect(text('pids.max')).toBe('max');
  });
  it('a service that is taken over is moved inside with all below it', () => {
    const { machine, put, target, text } = scene();
    put({ 'cgroup.procs': '' });
    machine.put({ pid: CHILD, ppid: 1 }, { pid: CHILD + 1, ppid: CHILD });
    target.birth.adopt(CHILD, 50);
    // The last of them is what a file that is written anew shows.
    expect(text('tasks')).toBe(String(CHILD + 1));
  });
});

describe('leaving', () => {
  it('thaws what is frozen, sends the helper home, and takes the cgroup back', async () => {
    const { target, lastWord, thawed, undone } = scene();
    target.brake.freeze();
    await target.close();
    expect(lastWord('cgroup.freeze')).toBe('0');
    expect(thawed).toEqual(['cgroup.freeze ← 0', 'closed']);
    expect(target.remove()).toBe(true);
    expect(undone).toEqual(['removed']);
  });
});

describe('a kill', () => {
  /** A tree that is empty after so many rounds; 0 is never. */
  const dying = (rounds: number, left: (round: number) => number = () => 1) => {
    const clock = new FakeClock();
    const seen = { rounds: 0, reaped: 0 };
    const target = {
      end: {
        killRound: () => {
          seen.rounds += 1;
        },
        isEmpty: () => rounds > 0 && seen.rounds >= rounds,
      },
      meter: { processes: () => Array<number>(left(seen.rounds)).fill(CHILD) },
    };
    const reap = (): void => {
      seen.reaped += 1;
    };
    const done = killTree({ target, reap, clock });
    return { clock, done, seen };
  };
  const ending = async ({ clock, done, seen }: ReturnType<typeof dying>, ms: number) => {
    let found: Awaited<typeof done> | undefined;
    void done.then((result) => {
      found = result;
    });
    for (let at = 0; at < ms && found === undefined; at += 10) {
      clock.advance(10);
      await Promise.resolve();
      await Promise.resolve();
    }
    return { found, ...seen };
  };
  it('is one round where that is enough', async () => {
    expect(await ending(dying(1), 100)).toEqual({ found: { emptyMs: 0, survivors: [] }, rounds: 1, reaped: 1 });
  });
  it('goes on, some time apart, until nothing lives', async () => {
    const { found, rounds } = await ending(dying(3), 2_000);
    expect(rounds).toBe(3);
    expect(found?.survivors).toEqual([]);
    expect(found?.emptyMs).toBeGreaterThanOrEqual(200);
  });
  it('names what survives all of it', async () => {
    const { found } = await ending(dying(0), 20_000);
    expect(found).toMatchObject({ survivors: [CHILD], emptyMs: expect.closeTo(5_000, -2) });
  });
  it('goes on for as long as fewer are left each time: the dead wait for a processor', async () => {
    const { found } = await ending(
      dying(100, (round) => 1_500 - round),
      40_000,
    );
    expect(found).toMatchObject({ survivors: [], emptyMs: expect.closeTo(9_900, -3) });
  });
  it('but not for ever: a service manager waits', async () => {
    const { found } = await ending(
      dying(0, (round) => 1_500 - round),
      60_000,
    );
    expect(found?.emptyMs).toBeCloseTo(30_000, -2);
  });
});

describe('a storm', () => {
  it.each([
    ['hundreds at once that press', [0, 300], true, true],
    ['hundreds at once that do not', [0, 300], false, false],
    ['as many in many looks within a quarter of a second', [0, 100, 200, 300], true, true],
    ['a few', [0, 20, 40], true, false],
  ])('%s', (_, counts, isPressing, isRaging) => {
    const storm = new Storm(0);
    counts.forEach((count, index) => {
      storm.look(index * 50, count, isPressing);
    });
    expect(storm.isRaging).toBe(isRaging);
  });
  it('the same in a long time is none', () => {
    const storm = new Storm(0);
    [0, 100, 200, 300].forEach((count, index) => {
      storm.look(index * 300, count, true);
    });
    expect(storm.isRaging).toBe(false);
  });
  it('ends when it is calm', () => {
    const storm = new Storm(0);
    storm.look(10, 500, true);
    storm.calm();
    expect(storm.isRaging).toBe(false);
  });
});
