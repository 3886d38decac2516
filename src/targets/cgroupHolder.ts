import { watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CgroupContainment, removeContainment } from '../cgroup/containment.ts';
import { openFreezer } from '../cgroup/freeze.ts';
import { openKiller } from '../cgroup/kill.ts';
import { openPids } from '../cgroup/pids.ts';
import { GuardError } from '../errors.ts';
import { treeOf } from '../launch/adopted.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { isZombie, readStat } from '../procfs/stat.ts';
import type { Holder } from './holder.ts';

/**
 * Tasks of the guard that are counted while it is inside to fork: v2 moves whole processes, v1 the thread that forks. The
 * child is at work before that thread has left, and a fast one was refused the last task of its cap.
 */
const GUARD_TASKS: Readonly<Record<1 | 2, number>> = { 1: 1, 2: 16 };

const MOST_ROUNDS = 16;

/** The strongest holder: a pids cgroup of the target's own. */
export function cgroupHolder(root: KernelRoot, containment: CgroupContainment): Holder {
  const pids = openPids(containment.pidsDir);
  const killer = openKiller(containment.pidsDir, containment.unifiedDir);
  const freezer = containment.unifiedDir === undefined ? undefined : openFreezer(containment.unifiedDir);
  let lastTasks = 0;
  let cap: number | 'max' = 'max';

  const setCap = (next: number | 'max'): boolean => {
    if (next === cap) return true;
    try {
      pids.setMax(next);
      cap = next;
      return true;
    } catch {
      return false;
    }
  };
  const signalAll = (signal: NodeJS.Signals): void => {
    for (const pid of killer.processes()) send(pid, signal);
  };

  return {
    kind: containment.version === 2 ? 'cgroup-v2' : 'cgroup-v1',
    description: `pids cgroup ${containment.pidsDir}`,
    cannot:
      containment.unifiedDir === undefined
        ? ['there is no cgroup.kill here: the tree is ended by a walk under a closed cap']
        : [],
    isHeld: true,
    tripShare: 1,
    beforeFork: (initial) => {
      // While the guard is inside, its own tasks must not use up a small leash.
      const room = initial === 'max' ? 'max' : initial + GUARD_TASKS[containment.version];
      setCap(room);
      if (!pids.isMax(room)) {
        throw new GuardError('cap-not-taken', `the kernel did not take a cap of ${room} in ${containment.pidsDir}`, {
          hint: 'use --contain rlimit, or --contain none to run without a kernel cap',
        });
      }
      for (const file of containment.enterFiles) writeFileSync(file, '0');
    },
    afterFork: (_pid, final) => {
      // The cap first: after the guard has left, there would be room for more than it.
      setCap(final);
      for (const file of containment.leaveFiles) writeFileSync(file, '0');
    },
    adopt: (pid, first) => {
      // The cap comes first: a guard that dies in between must not leave a cgroup without one. A move is never refused.
      setCap(first);
      // Whatever it forks between the list and the move is a child of one that is listed: the second round finds it.
      for (let round = 0, moved = -1; moved !== 0 && round < MOST_ROUNDS; round += 1) {
        const inside = new Set(killer.processes());
        const outside = treeOf(root, pid, process.pid).filter((one) => !inside.has(one));
        moved = outside.filter((one) => containment.moveFiles.every((file) => move(file, one))).length;
      }
      setCap(first === 'max' ? 'max' : Math.max(first, pids.current() ?? 0));
    },
    tasks: () => {
      lastTasks = pids.current() ?? lastTasks;
      return lastTasks;
    },
    refused: () => pids.refused(),
    isStorming: () => false,
    processes: () => killer.processes(),
    setCap,
    clamp: (tasks) => setCap(Math.max(1, tasks)),
    release: (next) => void setCap(next),
    signal: signalAll,
    killRound: () => {
      if (killer.kill()) return;
      // Nothing can be born under a closed cap, so a walk ends.
      setCap(0);
      signalAll('SIGKILL');
    },
    pause: (until) => (until === 'whole' ? freezer?.freeze() : freezer?.begin()),
    isEmpty: () =>
      containment.unifiedDir === undefined
        ? // cgroup.procs of v1 still lists processes that are dead but not reaped.
          killer.processes().every((pid) => isDead(root, pid))
        : !killer.isPopulated(),
    onRefusal: (callback) => {
      // v1 counts refusals but notifies nobody: there the next look finds out.
      if (containment.version === 1) return () => {};
      try {
        const watcher = watch(join(containment.pidsDir, 'pids.events'), callback);
        watcher.on('error', () => watcher.close());
        return () => watcher.close();
      } catch {
        return () => {};
      }
    },
    remove: () => removeContainment(containment),
    close: () => {
      pids.close();
      killer.close();
      freezer?.close();
    },
  };
}

/** A process that is just ending cannot be moved, and need not be. */
function move(file: string, pid: number): boolean {
  try {
    writeFileSync(file, String(pid));
    return true;
  } catch {
    return false;
  }
}

function isDead(root: KernelRoot, pid: number): boolean {
  const stat = readStat(root, pid);
  return stat === undefined || isZombie(stat);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the list and the signal.
  }
}
