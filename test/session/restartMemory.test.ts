import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/errors.ts';
import type { GuardEvent } from '../../src/policy/event.ts';
import { NO_MEMORY, type RestartMemory, type RestartMode } from '../../src/policy/restart.ts';
import { openRestartMemory } from '../../src/session/restartMemory.ts';
import type { Session } from '../../src/session/session.ts';
import { FIRST_PID, fakeMachine, scratch } from '../targets/fakeMachine.ts';

const OTHER = FIRST_PID + 1;
const HOUR_MS = 3_600_000;

/** The memory of a service in a file that was named; `dir` is where its incidents are. */
function scene() {
  const dir = scratch();
  const file = join(dir, 'state.json');
  const machine = fakeMachine();
  machine.put({ pid: process.pid, ppid: 1, startTime: 5 });
  mkdirSync(machine.root.proc('sys/kernel/random'), { recursive: true });
  writeFileSync(machine.root.proc('sys/kernel/random/boot_id'), 'this-boot\n');
  const events: GuardEvent[] = [];
  const open = (
    of: { mode?: RestartMode; command?: string[]; stateFile?: string | undefined; target?: string } = {},
  ) => {
    const { command = ['app', '--port=1'], mode = 'always', target = 'command:app' } = of;
    const session = {
      start: { executable: '/no/such/app', notes: { env: {} } },
      options: {
        command,
        evidence: { incidentDir: dir },
        service: { stateFile: 'stateFile' in of ? of.stateFile : file },
      },
      report: (event: GuardEvent) => void events.push(event),
      system: { root: machine.root },
      target,
    } as unknown as Session;
    return openRestartMemory(session, {
      mode,
      delayMs: 1,
      mostDelayMs: 1,
      most: { count: 2, windowMs: HOUR_MS },
    });
  };
  const earlier = (memory: Partial<RestartMemory>) => open().keep({ ...NO_MEMORY, ...memory });
  const document = () => JSON.parse(readFileSync(file, 'utf8'));
  return { dir, document, earlier, events, file, machine, open };
}

describe('the memory of a service', () => {
  it('begins empty, and without a word', () => {
    const { events, open } = scene();
    expect(open().memory).toEqual(NO_MEMORY);
    expect(events).toEqual([]);
  });
  it('is there for the next guard', () => {
    const { earlier, open } = scene();
    const now = Date.now();
    earlier({ crashes: [now - 2, now - 1], inARow: 2, lastDelayMs: 70 });
    expect(open().memory).toEqual({ crashes: [now - 2, now - 1], trips: [], inARow: 2, lastDelayMs: 70 });
  });
  it('forgets what is too long ago', () => {
    const { earlier, open } = scene();
    const recent = Date.now() - 1_000;
    earlier({ crashes: [recent - HOUR_MS, recent], trips: [1, 2, 3] });
    expect(open().memory).toMatchObject({ crashes: [recent], trips: [] });
  });
  it('is not that of another command', () => {
    const { earlier, open } = scene();
    earlier({ crashes: [Date.now()] });
    expect(open({ command: ['app', '--port=2'] }).memory).toEqual(NO_MEMORY);
  });
  it('that is damaged is said, and does not keep the service down', () => {
    const { events, file, open } = scene();
    writeFileSync(file, '{');
    expect(open().memory).toEqual(NO_MEMORY);
    expect(events).toEqual([
      {
        event: 'error',
        about: 'restart',
        problem: expect.stringMatching(/is damaged/),
        details: { stateFile: file },
      },
    ]);
  });
  it('is kept by this guard, as the machine knows it', () => {
    const { document, open } = scene();
    open();
    expect(document().keeper).toEqual({ pid: process.pid, startTime: 5, bootId: 'this-boot' });
  });
});

describe('a service that failed too often', () => {
  const many = () => [1, 2, 3].map((n) => Date.now() - n);
  it.each([
    ['crashes', 'it failed 3 times in 60 min'],
    ['trips', 'it was stopped 3 times in 60 min'],
  ] as const)('is not started: %s', (kind, why) => {
    const { document, earlier, file, open } = scene();
    earlier({ [kind]: many() });
    expect(() => open()).toThrow(
      expect.objectContaining({
        code: 'gave-up',
        exitCode: EXIT.gaveUp,
        message: `not started: ${why}, as ${file} remembers`,
      }),
    );
    // Nobody keeps the file any more, and it remembers.
    expect(document()).toMatchObject({ keeper: null, [kind]: expect.objectContaining({ length: 3 }) });
  });
  it('is started where it would not be started again anyway', () => {
    const { earlier, open } = scene();
    earlier({ crashes: many() });
    expect(open({ mode: 'no' }).memory.crashes).toHaveLength(3);
  });
});

describe('two guards of one service', () => {
  const GUARD = ['node', '--v8-pool-size=0', '/usr/lib/threadguard/dist/threadguard.cjs', 'run'];
  /** The file names a keeper, and there is a process with its number. */
  function scenes(keeper: object, words: readonly string[] = GUARD, uid = process.getuid?.() ?? 0) {
    const { document, file, machine, open } = scene();
    open();
    writeFileSync(file, JSON.stringify({ ...document(), keeper: { pid: OTHER, startTime: 9, ...keeper } }));
    machine.put({ pid: OTHER, ppid: 1, startTime: 9 });
    writeFileSync(machine.root.proc(OTHER, 'cmdline'), words.map((word) => `${word}\0`).join(''));
    writeFileSync(machine.root.proc(OTHER, 'status'), `Name:\tnode\nUid:\t${uid}\t${uid}\nThreads:\t7\n`);
    return { machine, open };
  }
  it.each([
    ['as it says', { bootId: 'this-boot' }],
    ['of a version that did not say which boot', {}],
  ])('are refused while the other one lives, %s', (_, keeper) => {
    expect(() => scenes(keeper).open()).toThrow(/another threadguard \(pid 5000001\)/);
  });
  it.each<[string, object, string[]?, number?]>([
    ['its number is now another process', { startTime: 8 }],
    ['it lived before the last boot, even with the same number and time', { bootId: 'an-earlier-boot' }],
    ['the process is no threadguard', {}, ['/sbin/init']],
    ['its words only look alike', {}, ['cat', '/tmp/threadguard.cjs.txt']],
    ['it is the process of somebody else', {}, GUARD, 12_345],
  ])('are not where %s', (_, keeper, words, uid) => {
    expect(() => scenes(keeper, words, uid).open()).not.toThrow();
  });
  it('are not where it is gone', () => {
    const { machine, open } = scenes({});
    machine.end(OTHER);
    expect(() => open()).not.toThrow();
  });
});

describe('a file that was not named', () => {
  const restarts = (dir: string) => readdirSync(join(dir, 'restarts'));
  it('is beside the incidents, by the name of the target', () => {
    const { dir, file, open } = scene();
    open({ stateFile: undefined, target: 'command:my app/x' });
    expect(restarts(dir)).toEqual([expect.stringMatching(/^my_app_x-[0-9a-f]{8}\.json$/)]);
    expect(existsSync(file)).toBe(false);
  });
  it.each([
    ['is the same for the same command', ['app', '--port=1'], 1],
    ['is another for another command', ['app', '--port=2'], 2],
  ])('%s', (_, command, want) => {
    const { dir, open } = scene();
    open({ stateFile: undefined });
    open({ stateFile: undefined, command });
    expect(restarts(dir)).toHaveLength(want);
  });
});
