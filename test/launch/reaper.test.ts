import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openReaper, type Reaper } from '../../src/launch/reaper.ts';
import { FIRST_PID, fakeMachine } from '../targets/fakeMachine.ts';

const [CHILD, ORPHAN, OTHER, OWN] = [1, 2, 3, 4].map((n) => FIRST_PID + n) as [number, number, number, number];

let reaper: Reaper | undefined;
afterEach(() => reaper?.close());

/** The guard with its child, two orphans and a process of its own. */
function scene(child: number | undefined = CHILD, hasLibc = true) {
  const machine = fakeMachine();
  machine.put({ pid: process.pid, ppid: 1 });
  const list = (...pids: number[]) =>
    writeFileSync(
      machine.root.proc(process.pid, 'task', process.pid, 'children'),
      pids.map((pid) => `${pid} `).join(''),
    );
  list(CHILD, ORPHAN, OWN, OTHER);
  const before = new Set(process.listeners('SIGCHLD'));
  const opened = openReaper(machine.root, hasLibc ? machine.libc : undefined, () => child, new Set([OWN]));
  reaper = opened;
  const added = process.listeners('SIGCHLD').filter((listener) => !before.has(listener));
  return {
    ...machine,
    list,
    reaper: opened,
    /** One of its children has ended. */
    signal: () => {
      for (const listener of added) listener('SIGCHLD');
    },
    added,
  };
}

describe('a pass over the children', () => {
  it('reaps orphans, and leaves alone what Node waits for', () => {
    const { reaped, reaper } = scene();
    reaper.reap();
    expect(reaped).toEqual([ORPHAN, OTHER]);
  });
  it('reaps nothing before there is a child: it could be the child', () => {
    const machine = fakeMachine();
    machine.put({ pid: process.pid, ppid: 1 });
    writeFileSync(machine.root.proc(process.pid, 'task', process.pid, 'children'), `${ORPHAN} `);
    reaper = openReaper(machine.root, machine.libc, () => undefined, new Set());
    reaper.reap();
    expect(machine.reaped).toEqual([]);
  });
  it('reaps nothing where nobody can', () => {
    const { reaped, reaper } = scene(CHILD, false);
    expect(() => reaper.reap()).not.toThrow();
    expect(reaped).toEqual([]);
  });
  it('is no harm where the kernel lists no children', () => {
    const { end, reaped, reaper } = scene();
    end(process.pid);
    expect(() => reaper.reap()).not.toThrow();
    expect(reaped).toEqual([]);
  });
});

describe('SIGCHLD', () => {
  it('a thousand of them make one pass', async () => {
    const { reaped, signal } = scene();
    for (let n = 0; n < 1_000; n += 1) signal();
    expect(reaped).toEqual([]);
    await vi.waitFor(() => expect(reaped).toEqual([ORPHAN, OTHER]), 5_000);
  });
  it('after a pass the next one makes another', async () => {
    const { list, reaped, signal } = scene();
    list(CHILD, ORPHAN);
    signal();
    await vi.waitFor(() => expect(reaped).toEqual([ORPHAN]), 5_000);
    list(CHILD, OTHER);
    signal();
    await vi.waitFor(() => expect(reaped).toEqual([ORPHAN, OTHER]), 5_000);
  });
  it('is nobody’s any more after the end', async () => {
    const { added, reaped, reaper, signal } = scene();
    signal();
    reaper.close();
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(reaped).toEqual([]);
    for (const listener of added) expect(process.listeners('SIGCHLD')).not.toContain(listener);
  });
});
