import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startCandidate } from '../../src/canary/startCandidate.ts';
import { kernelRoot } from '../../src/procfs/root.ts';
import { fakeClock } from '../fixtures/clock.ts';
import { addProcess } from '../fixtures/processes.ts';
import { makeTree } from '../fixtures/tree.ts';

let tree: ReturnType<typeof makeTree>;
beforeEach(() => {
  tree = makeTree();
});
afterEach(() => tree.remove());

const GUARD = 100;
const CANDIDATE = 101;

/** A guard that is a process in a tree, and a world that notes every signal. `at` is what happens at which time. */
function made(at: Readonly<Record<number, () => void>> = {}) {
  const signals: string[] = [];
  const events = new EventEmitter();
  const exit = new EventEmitter();
  const guard = Object.assign(events, {
    pid: GUARD,
    kill: (signal: string) => {
      signals.push(`guard ${signal}`);
      onSignal[`guard ${signal}`]?.();
      return true;
    },
  }) as unknown as ChildProcess;
  const onSignal: Record<string, (() => void) | undefined> = {};
  const stop = new AbortController();
  const happened = new Set<number>();
  const clock = fakeClock((nowMs) => {
    for (const [ms, happen] of Object.entries(at)) {
      if (Number(ms) > nowMs || happened.has(Number(ms))) continue;
      happened.add(Number(ms));
      happen();
    }
  });
  const world = {
    root: kernelRoot(tree.dir),
    clock,
    guard: () => guard,
    runtime: '/usr/bin/node',
    kill: (pid: number, signal: string) => {
      signals.push(`${pid} ${signal}`);
      onSignal[`${pid} ${signal}`]?.();
    },
    onExit: (callback: () => void) => {
      exit.on('exit', callback);
      return () => void exit.off('exit', callback);
    },
  };
  return {
    clock,
    events,
    exit,
    onSignal,
    signals,
    stop,
    start: () => startCandidate(['server', '-x'], world, stop.signal),
  };
}
const appear = (): void => {
  addProcess(tree, GUARD, { children: [CANDIDATE], exe: '/opt/bin/node' });
  addProcess(tree, CANDIDATE, { name: 'server', ppid: GUARD, threads: 4 });
};

describe('a candidate', () => {
  it('is what the guard has started', async () => {
    const { start } = made({ 100: appear });
    const started = await start();
    expect(started?.source.label).toBe('pid 101 (server)');
    expect(await started?.source.sample()).toMatchObject({ tasks: 4 });
  });
  it('is not a tool that the launcher uses before the guard is there', async () => {
    const { start } = made({
      20: () => {
        addProcess(tree, GUARD, { children: [99], exe: '/bin/dash' });
        addProcess(tree, 99, { name: 'base64', ppid: GUARD });
      },
      80: appear,
    });
    expect((await start())?.source.label).toBe('pid 101 (server)');
  });
  it('is not the helper of the guard, which leads a session and waits on a pipe', async () => {
    const { start } = made({
      0: () => {
        addProcess(tree, GUARD, { children: [99, CANDIDATE], exe: '/opt/bin/node', session: 50 });
        addProcess(tree, 99, { name: 'sh', ppid: GUARD, stdin: 'socket:[7]' });
        addProcess(tree, CANDIDATE, { name: 'server', ppid: GUARD, stdin: '/dev/null' });
      },
    });
    expect((await start())?.source.label).toBe('pid 101 (server)');
  });
  it('in the session of the guard it may read from a pipe', async () => {
    const { start } = made({
      0: () => {
        addProcess(tree, GUARD, { children: [99, CANDIDATE], exe: '/opt/bin/node', session: 50 });
        addProcess(tree, 99, { name: 'sh', ppid: GUARD, stdin: 'pipe:[7]' });
        addProcess(tree, CANDIDATE, { name: 'server', ppid: GUARD, session: 50, stdin: 'pipe:[8]' });
      },
    });
    expect((await start())?.source.label).toBe('pid 101 (server)');
  });
  it('is not there before its exec: until then it is a copy of the guard, also where both are Node', async () => {
    const words = ['node', 'main.mjs', 'run', '--', 'node', 'server.js'];
    const fork = (cmdline: readonly string[]) => {
      addProcess(tree, GUARD, { children: [CANDIDATE], exe: '/opt/bin/node', cmdline: words });
      addProcess(tree, CANDIDATE, { name: 'node', ppid: GUARD, exe: '/opt/bin/node', cmdline });
    };
    const { clock, start } = made({ 0: () => fork(words), 200: () => fork(['node', 'server.js']) });
    expect((await start())?.source.label).toBe('pid 101 (node)');
    expect(clock.now()).toBeGreaterThan(200);
  });
  it('is the same at two looks', async () => {
    const child = (pid: number, startTime: number) => {
      addProcess(tree, GUARD, { children: [pid], exe: '/opt/bin/node' });
      addProcess(tree, pid, { name: `at${startTime}`, ppid: GUARD, startTime });
    };
    const { start } = made({ 0: () => child(99, 1), 20: () => child(98, 2), 40: () => child(98, 3) });
    expect((await start())?.source.label).toBe('pid 98 (at3)');
  });
  it('is asked to end through its guard, and that is all', async () => {
    const { clock, events, exit, onSignal, signals, start } = made({ 0: appear });
    const started = await start();
    onSignal['guard SIGTERM'] = () => events.emit('exit', 0, null);
    const before = clock.now();
    await started?.stop();
    expect([signals, clock.now() - before]).toEqual([['guard SIGTERM'], 0]);
    expect(exit.listenerCount('exit')).toBe(0);
  });
  it('that takes no SIGTERM is killed with everything below it, and then its guard ends', async () => {
    const { clock, events, onSignal, signals, start } = made({ 0: appear });
    const started = await start();
    addProcess(tree, 102, { ppid: CANDIDATE });
    addProcess(tree, 103, { ppid: 1 });
    onSignal['102 SIGKILL'] = () => events.emit('exit', null, 'SIGKILL');
    const before = clock.now();
    await started?.stop();
    expect(signals).toEqual(['guard SIGTERM', '101 SIGKILL', '102 SIGKILL']);
    expect(clock.now() - before).toBe(10_000);
  });
  it('whose number belongs to somebody else now is not killed, but a guard that does not end is', async () => {
    const { signals, start } = made({ 0: appear });
    const started = await start();
    addProcess(tree, CANDIDATE, { startTime: 999 });
    await started?.stop();
    expect(signals).toEqual(['guard SIGTERM', 'guard SIGKILL']);
  });
  it('that has ended by itself needs no signal', async () => {
    const { events, signals, start } = made({ 0: appear });
    const started = await start();
    events.emit('exit', 0, null);
    await started?.stop();
    expect(signals).toEqual([]);
  });
  it('when this process ends without a plan, its guard is asked to end', async () => {
    const { exit, signals, start } = made({ 0: appear });
    await start();
    exit.emit('exit');
    expect(signals).toEqual(['guard SIGTERM']);
  });
});

describe('a candidate that does not start', () => {
  it('a command that is not there: the status of the guard is told', async () => {
    const run = made({ 60: () => run.events.emit('exit', 127, null) });
    await expect(run.start()).rejects.toThrow('the candidate did not start (127): server');
    expect([run.signals, run.exit.listenerCount('exit')]).toEqual([[], 0]);
  });
  it('a guard that cannot be started', async () => {
    const run = made({ 20: () => run.events.emit('error', new Error('EAGAIN')) });
    await expect(run.start()).rejects.toThrow('the candidate did not start: server');
  });
  it('nothing within five seconds: the guard is ended', async () => {
    const run = made();
    run.onSignal['guard SIGTERM'] = () => run.events.emit('exit', null, 'SIGTERM');
    await expect(run.start()).rejects.toThrow('the candidate did not start: server');
    expect([run.signals, run.clock.now()]).toEqual([['guard SIGTERM'], 5_000]);
  });
  it('one that ends before it can be looked at: the guard is ended', async () => {
    const run = made({
      0: () => addProcess(tree, GUARD, { children: [CANDIDATE], exe: '/opt/bin/node' }),
    });
    run.onSignal['guard SIGTERM'] = () => run.events.emit('exit', 0, null);
    await expect(run.start()).rejects.toThrow('there is no process 101');
    expect(run.signals).toEqual(['guard SIGTERM']);
  });
  it('a signal meanwhile: the guard is ended, and that is no error', async () => {
    const run = made({ 40: () => run.stop.abort() });
    run.onSignal['guard SIGTERM'] = () => run.events.emit('exit', 0, null);
    expect(await run.start()).toBeUndefined();
    expect(run.signals).toEqual(['guard SIGTERM']);
  });
});
