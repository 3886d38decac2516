import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CgroupContainment } from '../../src/cgroup/containment.ts';
import { GuardError } from '../../src/errors.ts';
import { cgroupBirth } from '../../src/targets/cgroupBirth.ts';
import type { Cap } from '../../src/targets/contracts.ts';
import { FIRST_PID, fakeMachine, scratch } from './fakeMachine.ts';

const CHILD = FIRST_PID + 1;
const BELOW = FIRST_PID + 2;
const LATER = FIRST_PID + 3;

/** A cgroup of files. `shows` is what the kernel makes of a cap; `inside` is asked again at each round. */
function scene(over: Partial<{ version: 1 | 2; shows: (cap: Cap) => Cap; inside: (round: number) => number[] }> = {}) {
  const { version = 1, shows = (cap) => cap, inside = () => [] } = over;
  const machine = fakeMachine();
  const dir = scratch();
  const file = (name: string) => join(dir, name);
  const text = (name: string) => (existsSync(file(name)) && readFileSync(file(name), 'utf8')) || 'untouched';
  const containment: CgroupContainment = {
    version,
    pidsDir: '/cg/mine',
    unifiedDir: undefined,
    enterFiles: [file('enter'), file('enter-unified')],
    leaveFiles: [file('leave'), file('leave-unified')],
    moveFiles: [file('move')],
    penDir: '/cg',
    undo: [],
  };
  writeFileSync(file('leave'), '');
  writeFileSync(file('leave-unified'), '');
  const cap: { now: Cap } = { now: 'max' };
  /** Each cap, and whether the guard was in and out by then. */
  const caps: [cap: Cap, enter: string, leave: string, unified: string][] = [];
  const held = { tasks: 0, rounds: 0, refused: 3, pen: 100 as number | undefined };
  const pens: number[] = [];
  const birth = cgroupBirth(machine.root, containment, {
    cap: { read: () => cap.now, set: () => {}, close: () => {} },
    setCap: (next) => {
      cap.now = shows(next);
      caps.push([next, text('enter'), text('leave'), text('leave-unified')]);
      return true;
    },
    inside: () => inside(++held.rounds),
    tasks: () => held.tasks,
    refusals: () => held.refused,
    pen: {
      read: () => (held.pen === undefined ? undefined : { used: 0, limit: held.pen, refused: 0 }),
      setLimit: (tasks) => void pens.push(tasks),
    },
  });
  return { birth, pens, caps, containment, file, held, machine, text };
}

describe('before the fork', () => {
  it.each<[1 | 2, Cap, Cap]>([
    [1, 10, 11],
    [2, 10, 26],
    [1, 'max', 'max'],
    [2, 'max', 'max'],
  ])('there is room for what the guard brings in with it (v%s, a cap of %s is %s)', (version, cap, want) => {
    const { birth, caps } = scene({ version });
    birth.beforeFork(cap);
    expect(caps).toEqual([[want, 'untouched', 'untouched', 'untouched']]);
  });
  it('the guard goes inside in every hierarchy', () => {
    const { birth, text } = scene();
    birth.beforeFork(10);
    expect([text('enter'), text('enter-unified'), text('leave')]).toEqual(['0', '0', 'untouched']);
  });
  it('a cap that the kernel did not take is refused, and the guard stays outside', () => {
    const { birth, pens, text } = scene({ shows: () => 'max' });
    expect(() => birth.beforeFork(10)).toThrow(GuardError);
    expect(() => birth.beforeFork(10)).toThrow('the kernel did not take a cap of 11 in /cg/mine');
    expect([text('enter'), pens]).toEqual(['untouched', []]);
  });
  it('the refusal says what else there is', () => {
    const { birth } = scene({ shows: () => 'max' });
    try {
      birth.beforeFork(10);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'cap-not-taken', hint: expect.stringContaining('--contain rlimit') });
    }
  });
  it('a cgroup that lets nobody in is an error', () => {
    const { birth, file } = scene();
    mkdirSync(file('enter'));
    expect(() => birth.beforeFork(10)).toThrow('EISDIR');
  });
});

describe('after the fork', () => {
  it.each<[string, 1 | 2, number, string]>([
    ['the thread leaves first: it must not have the last task of a child that asks for no more', 1, 0, '0'],
    ['the cap comes first for a child that asks for more already', 1, 1, 'untouched'],
    ['the cap comes before a whole process leaves, which takes long', 2, 0, 'untouched'],
  ])('%s', (_, version, refused, leave) => {
    const { birth, caps, held, text } = scene({ version });
    birth.beforeFork(10);
    held.refused += refused;
    birth.afterFork(CHILD, 10);
    // Never after the unified hierarchy, which takes 10 ms: a bomb would have one task more than its cap.
    expect(caps.slice(1)).toEqual([[10, '0', leave, 'untouched']]);
    expect([text('leave'), text('leave-unified')]).toEqual(['0', '0']);
  });
  it.each<[string, 1 | 2, Cap, number | undefined, number[]]>([
    ['has room for it too', 1, 10, 100, [101, 100]],
    ['has room for all of it', 2, 10, 100, [116, 100]],
    ['is left alone where there is no cap', 1, 'max', 100, []],
    ['is left alone where it has no limit', 1, 10, undefined, []],
  ])('meanwhile the pen %s', (_, version, cap, limit, want) => {
    const { birth, held, pens } = scene({ version });
    held.pen = limit;
    birth.beforeFork(cap);
    birth.afterFork(CHILD, cap);
    expect(pens).toEqual(want);
  });
  it('the guard leaves as well when there is no child', () => {
    const { birth, text } = scene();
    birth.beforeFork(10);
    birth.afterFork(undefined, 'max');
    expect(text('leave')).toBe('0');
  });
});

describe('taking over', () => {
  it('has a cap before the first one is inside', () => {
    const { birth, caps, file, machine } = scene({ inside: (round) => (round === 1 ? [] : [CHILD]) });
    machine.put({ pid: CHILD, ppid: 1 });
    const before: boolean[] = [];
    const { push } = caps;
    caps.push = (...more) => {
      before.push(existsSync(file('move')));
      return push.apply(caps, more);
    };
    birth.adopt(CHILD, 50);
    expect(before).toEqual([false, true]);
  });
  it('moves the process and all below it, and asks once more whether that was all', () => {
    const { birth, held, machine, text } = scene({ inside: (round) => (round === 1 ? [] : [CHILD, BELOW]) });
    machine.put({ pid: CHILD, ppid: 1 }, { pid: BELOW, ppid: CHILD });
    birth.adopt(CHILD, 50);
    expect([text('move'), held.rounds]).toEqual([String(BELOW), 2]);
  });
  it('leaves alone who is inside already', () => {
    const { birth, machine, text } = scene({ inside: () => [CHILD] });
    machine.put({ pid: CHILD, ppid: 1 });
    birth.adopt(CHILD, 50);
    expect(text('move')).toBe('untouched');
  });
  it('finds what was forked between the list and the move', () => {
    const { birth, held, machine, text } = scene({
      inside: (round) => {
        if (round === 2) machine.put({ pid: LATER, ppid: CHILD });
        return [[], [CHILD], [CHILD, LATER]][round - 1] ?? [];
      },
    });
    machine.put({ pid: CHILD, ppid: 1 });
    birth.adopt(CHILD, 50);
    expect([text('move'), held.rounds]).toEqual([String(LATER), 3]);
  });
  it('ends beside one that forks for ever', () => {
    const { birth, held, machine } = scene();
    machine.put({ pid: CHILD, ppid: 1 });
    birth.adopt(CHILD, 50);
    expect(held.rounds).toBe(16);
  });
  it('ends where nobody can be moved', () => {
    const { birth, containment, held, machine } = scene();
    machine.put({ pid: CHILD, ppid: 1 });
    mkdirSync(containment.moveFiles[0] as string);
    birth.adopt(CHILD, 50);
    expect(held.rounds).toBe(1);
  });
  it('is never the guard itself, where it runs below its target', () => {
    const { birth, machine, text } = scene({ inside: (round) => (round === 1 ? [] : [CHILD]) });
    machine.put({ pid: CHILD, ppid: 1 }, { pid: process.pid, ppid: CHILD });
    birth.adopt(CHILD, 50);
    expect(text('move')).toBe(String(CHILD));
  });
  it.each<[string, Cap, number, Cap]>([
    ['the cap, where it holds less', 50, 20, 50],
    ['what it holds, where that is more', 50, 80, 80],
    ['none, where none was wanted', 'max', 80, 'max'],
  ])('ends with a cap of %s', (_, first, tasks, want) => {
    const { birth, caps, held, machine } = scene({ inside: () => [CHILD] });
    machine.put({ pid: CHILD, ppid: 1 });
    held.tasks = tasks;
    birth.adopt(CHILD, first);
    expect(caps.map(([cap]) => cap)).toEqual([first, want]);
  });
  it('writes nothing into the files of the fork', () => {
    const { birth, file, machine, text } = scene({ inside: () => [CHILD] });
    machine.put({ pid: CHILD, ppid: 1 });
    writeFileSync(file('leave'), 'as it was');
    birth.adopt(CHILD, 50);
    expect([text('enter'), text('leave')]).toEqual(['untouched', 'as it was']);
  });
});
