import { mkdirSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openNprocCap } from '../../src/targets/nprocCap.ts';
import { walkTarget } from '../../src/targets/walkTarget.ts';
import { type FakeProcess, FIRST_PID, fakeMachine } from './fakeMachine.ts';

const CHILD = FIRST_PID + 1;
const { SIGCONT, SIGSTOP } = constants.signals;
const uid = process.getuid?.() ?? 0;

/**
 * A child of this process, which plays the guard; `useRlimit` as on a machine where a plain user is held by it. Without
 * `waitsMs` the kernel does not say how long the guard waits for a processor.
 */
function scene(useRlimit: boolean, waitsMs?: number) {
  const machine = fakeMachine();
  machine.put({ pid: process.pid, ppid: 1, threads: 10 });
  const { libc, loadavg, root } = machine;
  const schedstat = root.proc('self', 'schedstat');
  mkdirSync(dirname(schedstat), { recursive: true });
  /** What the kernel says that the guard has waited for a processor. */
  const waitedMs = (ms: number): void => writeFileSync(schedstat, `1000000 ${ms * 1e6} 5\n`);
  if (waitsMs === undefined) writeFileSync(schedstat, '');
  else waitedMs(waitsMs);
  /** What each question about the time takes. */
  const tick = { ms: 0.01 };
  const target = walkTarget(
    { root, loadavg, libc, uid, now: () => (machine.nowMs += tick.ms), own: new Set() },
    useRlimit,
  );
  const bear = (cap: number | 'max', over: Partial<FakeProcess> = {}): void => {
    target.birth.beforeFork(cap);
    machine.put({ pid: CHILD, ppid: process.pid, ...over });
    machine.host(101, CHILD);
    target.birth.afterFork(CHILD, cap);
  };
  /** Processes below the child: so many more on the host. */
  const fork = (count: number): void => {
    for (let n = 1; n <= count; n += 1) machine.put({ pid: CHILD + n, ppid: CHILD });
    machine.host(101 + count, CHILD + count);
  };
  const tasksAfter = (ms: number): number => {
    machine.nowMs += ms;
    return target.meter.tasks(machine.nowMs);
  };
  return { machine, target, tick, bear, fork, tasksAfter, waitedMs };
}

describe('what it says of itself', () => {
  it('where RLIMIT_NPROC holds', () => {
    const { target } = scene(true);
    expect(target.hold).toMatchObject({ kind: 'rlimit', description: `RLIMIT_NPROC of uid ${uid}` });
    expect(target.brake.isHeld).toBe(true);
  });
  it('where nothing does', () => {
    const { target } = scene(false);
    expect(target.hold.kind).toBe('sampling');
    expect(target.brake.isHeld).toBe(false);
    expect(target.brake.setCap(5)).toBe(false);
  });
  it.each([true, false])('it counts no refusals, and knows no cap of the kernel (rlimit: %s)', (useRlimit) => {
    const { target } = scene(useRlimit);
    expect(target.meter.refused()).toBeUndefined();
    expect(target.brake.capNow()).toBeUndefined();
    expect(target.brake.freeze()).toBe(false);
  });
});

describe('counting', () => {
  it('threads of the first process are seen at every look', () => {
    const { bear, machine, tasksAfter } = scene(false);
    bear('max');
    machine.put({ pid: CHILD, ppid: process.pid, threads: 7 });
    machine.host(107, CHILD);
    expect(tasksAfter(1)).toBe(7);
  });
  it('a few processes wait for the next walk', () => {
    const { bear, fork, tasksAfter } = scene(false);
    bear('max');
    fork(5);
    expect(tasksAfter(1)).toBe(1);
    expect(tasksAfter(1_000)).toBe(6);
  });
  it('counted again in the same look, nothing is walked and no storm forgotten', () => {
    const { bear, fork, machine, target, tasksAfter } = scene(false);
    bear('max');
    fork(280);
    expect([tasksAfter(10), target.meter.recount()]).toEqual([281, 281]);
    for (let n = 281; n <= 330; n += 1) machine.put({ pid: CHILD + n, ppid: CHILD });
    machine.host(101 + 330, CHILD + 330);
    expect([target.meter.recount(), target.meter.isStorming()]).toEqual([331, true]);
    expect(target.meter.processes()).toHaveLength(281);
    machine.host(101 + 290, CHILD + 330);
    expect(target.meter.recount(), 'a few may be anybody’s').toBe(281);
  });
  it('many are counted at once, by the count of the host', () => {
    const { bear, fork, tasksAfter } = scene(false);
    bear('max');
    fork(40);
    expect(tasksAfter(1)).toBe(41);
  });
  it('processes that are gone are no longer counted', () => {
    const { bear, fork, machine, tasksAfter } = scene(false);
    bear('max');
    fork(40);
    tasksAfter(1);
    for (let n = 1; n <= 40; n += 1) machine.end(CHILD + n);
    machine.host(101, CHILD + 40);
    expect(tasksAfter(1)).toBe(1);
  });
  it('a burst below the cap stops nobody, and is no storm', () => {
    const { bear, fork, machine, target, tasksAfter } = scene(true);
    bear(2_000);
    fork(300);
    expect(tasksAfter(10)).toBe(301);
    expect(machine.signals).toEqual([]);
    expect(target.meter.isStorming()).toBe(false);
  });
  it('hundreds that press against the cap are a storm', () => {
    const { bear, fork, target, tasksAfter } = scene(true);
    bear(300);
    fork(299);
    tasksAfter(10);
    expect(target.meter.isStorming()).toBe(true);
  });
  it('hundreds that nothing holds are a storm too', () => {
    const { bear, fork, target, tasksAfter } = scene(false);
    bear('max');
    fork(280);
    tasksAfter(10);
    expect(target.meter.isStorming()).toBe(true);
    tasksAfter(1);
    expect(target.meter.isStorming()).toBe(false);
  });
  it('a storm that keeps the guard from walking is stopped, counted, and let go after the look', () => {
    const { bear, fork, machine, target, tick } = scene(true);
    bear(300);
    fork(299);
    // Every question about the time finds it 60 ms later: the guard does not get the processor.
    tick.ms = 60;
    expect(target.meter.tasks(10)).toBe(300);
    expect(machine.signals).toContain(`${SIGSTOP} → ${CHILD}`);
    expect(machine.signals).toContain(`${SIGSTOP} → ${CHILD + 299}`);
    expect(machine.signals.some((sent) => sent.startsWith(`${SIGCONT} `))).toBe(false);
  });
  it('a guard that waited for a processor before the look does not walk first', () => {
    const { bear, fork, machine, target, waitedMs } = scene(true, 10);
    bear(300);
    fork(299);
    waitedMs(90);
    expect(target.meter.tasks(10)).toBe(300);
    expect(machine.signals).toContain(`${SIGSTOP} → ${CHILD + 299}`);
  });
  it('a slow walk of a guard that has the processor is made to its end', () => {
    const { bear, fork, machine, target, tick } = scene(true, 10);
    bear(300);
    fork(299);
    tick.ms = 60;
    expect(target.meter.tasks(10)).toBe(300);
    expect(machine.signals).toEqual([]);
  });
  it('the list of processes is not made anew while a storm keeps the guard from it', () => {
    const { bear, fork, machine, target, tick } = scene(true);
    bear(300);
    fork(299);
    machine.nowMs += 100;
    tick.ms = 60;
    expect(target.meter.processes()).toEqual([CHILD]);
    expect(machine.signals).toEqual([]);
  });
  it('what was stopped and is not of the target goes on at once', () => {
    const { bear, fork, machine, target, tick } = scene(true);
    bear(300);
    fork(299);
    machine.put({ pid: CHILD + 300, ppid: 1 });
    machine.host(401, CHILD + 300);
    tick.ms = 60;
    target.meter.tasks(10);
    expect(machine.signals).toContain(`${SIGCONT} → ${CHILD + 300}`);
  });
});

describe('the list of processes', () => {
  it('is made anew when it is old, and has no dead ones', () => {
    const { bear, fork, machine, target } = scene(false);
    bear('max');
    fork(2);
    machine.put({ pid: CHILD + 2, ppid: CHILD, state: 'Z' });
    expect(target.meter.processes()).toEqual([CHILD]);
    machine.nowMs += 100;
    expect([...target.meter.processes()].sort()).toEqual([CHILD, CHILD + 1]);
  });
  it('orphans that ended are reaped, the child itself is left to its parent', () => {
    const { bear, machine, tasksAfter } = scene(false);
    bear('max', { state: 'Z' });
    machine.put({ pid: CHILD + 1, ppid: process.pid, state: 'Z' });
    tasksAfter(1_000);
    expect(machine.reaped).toEqual([CHILD + 1]);
  });
});

describe('the end', () => {
  it('is there when only dead ones are left', () => {
    const { bear, machine, target } = scene(false);
    bear('max');
    expect(target.end.isEmpty()).toBe(false);
    machine.put({ pid: CHILD, ppid: process.pid, state: 'Z' });
    expect(target.end.isEmpty()).toBe(true);
  });
  it('a round of it closes the limit of everybody', () => {
    const { bear, machine, target } = scene(true);
    bear(50);
    target.end.killRound();
    // The guard has 10 tasks of the same user: nothing more than they.
    expect(machine.limits.get(CHILD)).toBe(10n);
  });
});

describe('taking over', () => {
  it('a tree that runs is counted, and its cap is never below what it holds', () => {
    const { machine, target } = scene(true);
    machine.put({ pid: CHILD, ppid: 1, threads: 30 }, { pid: CHILD + 1, ppid: CHILD });
    target.birth.adopt(CHILD, 20);
    expect(machine.limits.get(CHILD)).toBe(41n);
    expect(machine.limits.get(CHILD + 1)).toBe(41n);
  });
  it('a process that is gone is nothing', () => {
    const { machine, target } = scene(true);
    target.birth.adopt(CHILD, 20);
    expect(machine.limits.size).toBe(0);
  });
});

describe('RLIMIT_NPROC as a cap', () => {
  it('is the cap and all that others of the user hold', () => {
    const { libc, limits } = fakeMachine();
    const cap = openNprocCap(libc);
    cap.beforeFork(100, 25);
    expect(limits.get(0)).toBe(125n);
    cap.afterFork();
    expect(limits.get(0)).toBe(0xffffffffffffffffn);
  });
  it('follows the others', () => {
    const { libc, limits } = fakeMachine();
    const cap = openNprocCap(libc);
    const member = { pid: CHILD, startTime: 1, ppid: 1, threads: 1, isZombie: false };
    cap.set(100, 25, [member]);
    cap.renew(40, [member]);
    expect(limits.get(CHILD)).toBe(140n);
  });
  it('asks each carrier once, and another process with its number again', () => {
    const machine = fakeMachine();
    const asked: number[] = [];
    const libc = {
      ...machine.libc,
      getLimit: (pid: number) => {
        asked.push(pid);
        return { soft: 5n, hard: 5_000n };
      },
    };
    const cap = openNprocCap(libc);
    const member = { pid: CHILD, startTime: 1, ppid: 1, threads: 1, isZombie: false };
    cap.set(100, 0, [member]);
    cap.renew(0, [member]);
    cap.renew(0, [{ ...member, startTime: 2 }]);
    expect(asked).toEqual([0, CHILD, CHILD]);
  });
  it('is never above the hard limit', () => {
    const machine = fakeMachine();
    const libc = { ...machine.libc, getLimit: () => ({ soft: 64n, hard: 64n }) };
    const cap = openNprocCap(libc);
    cap.beforeFork(1_000, 0);
    expect(machine.limits.get(0)).toBe(64n);
  });
  it.for([
    { name: 'none at all, as the sandbox of sshd', soft: 0n, hard: 0n, is: [undefined, undefined] },
    { name: 'a soft limit of its own', soft: 30n, hard: 5_000n, is: [undefined, undefined] },
    { name: 'what it got before the others grew', soft: 100n, hard: 5_000n, is: [undefined, 140n] },
    { name: 'more than the cap', soft: 5_000n, hard: 5_000n, is: [100n, 140n] },
  ])('a member that gave itself less keeps it: $name', ({ hard, is, soft }) => {
    const { libc, limits } = fakeMachine();
    const cap = openNprocCap({
      ...libc,
      getLimit: (pid) => (pid === CHILD ? { soft: limits.get(pid) ?? soft, hard } : { soft: 5_000n, hard: 5_000n }),
    });
    const member = { pid: CHILD, startTime: 1, ppid: 1, threads: 1, isZombie: false };
    cap.beforeFork(100, 0);
    expect([cap.set(100, 0, [member]), limits.get(CHILD)]).toEqual([true, is[0]]);
    expect([cap.set(100, 40, [member]), limits.get(CHILD)]).toEqual([true, is[1]]);
  });
  it('one that has ended meanwhile did not refuse', () => {
    const machine = fakeMachine();
    let asked = 0;
    const libc = {
      ...machine.libc,
      // The guard asks for its own first.
      getLimit: () => (asked++ < 2 ? { soft: 5_000n, hard: 5_000n } : undefined),
      setLimit: () => false,
    };
    const member = { pid: CHILD, startTime: 1, ppid: 1, threads: 1, isZombie: false };
    expect(openNprocCap(libc).set(100, 0, [member])).toBe(true);
  });
  it('says when one did not take it, and forgets one that is gone', () => {
    const machine = fakeMachine();
    const member = { pid: CHILD, startTime: 1, ppid: 1, threads: 1, isZombie: false };
    const refusing = { ...machine.libc, setLimit: () => false };
    expect(openNprocCap(refusing).set(10, 0, [member])).toBe(false);
    const gone = { ...machine.libc, getLimit: () => undefined };
    expect(openNprocCap(gone).set(10, 0, [member])).toBe(true);
    expect(openNprocCap(refusing).set(10, 0, [{ ...member, isZombie: true }])).toBe(true);
  });
});
