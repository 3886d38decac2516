import { closeSync, constants, openSync, writeFileSync, writeSync } from 'node:fs';
import type { CgroupContainment } from '../cgroup/containment.ts';
import type { Pen } from '../cgroup/pen.ts';
import type { CapFile } from '../cgroup/pids.ts';
import { GuardError } from '../errors.ts';
import type { KernelRoot } from '../procfs/root.ts';
import type { Birth, Cap } from './contracts.ts';
import { descendantsOf } from './descendants.ts';
import { move } from './escapes.ts';

/**
 * Tasks of the guard that are counted while it is inside to fork: v2 moves whole processes, v1 the thread that forks. The
 * child is at work before that thread has left. On a busy machine that took 300 ms, because a fork is made with the priority
 * that the command gets, and a burst of 3,791 processes was refused the last one.
 */
export const GUARD_TASKS: Readonly<Record<1 | 2, number>> = { 1: 1, 2: 16 };

const MOST_ROUNDS = 16;

/** A child that is born inside: the guard steps into the cgroup, forks, and steps out. */
export function cgroupBirth(
  root: KernelRoot,
  containment: CgroupContainment,
  parts: {
    readonly cap: CapFile;
    readonly setCap: (cap: Cap) => boolean;
    readonly inside: () => readonly number[];
    readonly tasks: () => number;
    readonly refusals: () => number | undefined;
    readonly pen: Pick<Pen, 'read' | 'setLimit'>;
  },
): Birth {
  const { cap, inside, pen, refusals, setCap, tasks } = parts;
  const guests = GUARD_TASKS[containment.version];
  let penLimit: number | undefined;
  let refusedBefore = 0;
  // Opened before there is a child: it may take the last descriptor, or the right to have one.
  let leaving: readonly number[] = [];
  /** `counted` is called when the guard is no longer counted under the cap: the first of its files is that of the pids hierarchy. */
  const leave = (counted: () => void): void => {
    try {
      for (const [index, fd] of leaving.entries()) {
        writeSync(fd, '0');
        if (index === 0) counted();
      }
    } finally {
      for (const fd of leaving) closeSync(fd);
      leaving = [];
    }
  };
  return {
    beforeFork: (initial) => {
      // While the guard is inside, its own tasks must not use up a small cap, nor the pen.
      const room = initial === 'max' ? 'max' : initial + guests;
      setCap(room);
      if (cap.read() !== room) {
        throw new GuardError('cap-not-taken', `the kernel did not take a cap of ${room} in ${containment.pidsDir}`, {
          hint: 'use --contain rlimit, or --contain none to run without a kernel cap',
        });
      }
      refusedBefore = refusals() ?? 0;
      leaving = containment.leaveFiles.map((file) => openSync(file, constants.O_WRONLY));
      // Last: whatever fails before it leaves the pen as it is.
      penLimit = initial === 'max' ? undefined : pen.read()?.limit;
      if (penLimit !== undefined) pen.setLimit(penLimit + guests);
      for (const file of containment.enterFiles) writeFileSync(file, '0');
    },
    afterFork: (_pid, final) => {
      // A thread leaves in a moment. So one that is refused already gets its cap before that, and never one task more; and
      // one that was refused nothing keeps the last task of its cap. A whole process (v2) takes 10 ms to leave: too long. Also
      // beside v1 (hybrid): a bomb of threads once had 61 of 60 when the cap came after that.
      const isAsking = containment.version === 2 || (refusals() ?? 0) > refusedBefore;
      if (isAsking) setCap(final);
      leave(() => {
        if (!isAsking) setCap(final);
      });
      if (penLimit !== undefined) pen.setLimit(penLimit);
    },
    adopt: (pid, first) => {
      // The cap comes first: a guard that dies in between must not leave a cgroup without one. A move is never refused.
      setCap(first);
      // What a process forks between the list and the move is a child of one that is listed: the second round finds it.
      for (let round = 0, moved = -1; moved !== 0 && round < MOST_ROUNDS; round += 1) {
        const here = new Set(inside());
        const outside = descendantsOf(root, pid, process.pid).filter((one) => !here.has(one));
        moved = outside.filter((one) => containment.moveFiles.every((file) => move(file, one))).length;
      }
      setCap(first === 'max' ? 'max' : Math.max(first, tasks()));
    },
  };
}
