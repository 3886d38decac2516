import { watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CgroupContainment, removeContainment } from '../cgroup/containment.ts';
import { openFreezer } from '../cgroup/freeze.ts';
import { type CgroupKiller, openKiller } from '../cgroup/kill.ts';
import { openPids, type PidsFiles } from '../cgroup/pids.ts';
import { GuardError } from '../errors.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { isZombie, readStat } from '../procfs/stat.ts';
import type { Birth, Brake, Cap, ChildTarget, End, Meter } from './contracts.ts';
import { descendantsOf } from './descendants.ts';
import { trySignal } from './signalMember.ts';

/** The strongest hold: a pids cgroup of the target's own. */
export function cgroupTarget(root: KernelRoot, containment: CgroupContainment): ChildTarget {
  const { pidsDir, unifiedDir, version } = containment;
  const pids = openPids(pidsDir);
  const killer = openKiller(pidsDir, unifiedDir);
  const freezer = unifiedDir === undefined ? undefined : openFreezer(unifiedDir);
  const setCap = capSetter(pids);
  return {
    hold: {
      kind: version === 2 ? 'cgroup-v2' : 'cgroup-v1',
      description: `pids cgroup ${pidsDir}`,
      cannot:
        unifiedDir === undefined
          ? ['there is no cgroup.kill here: the tree is ended by a walk under a closed cap']
          : [],
    },
    meter: cgroupMeter(containment, pids, killer),
    brake: cgroupBrake(setCap, freezer?.freeze, freezer?.begin),
    end: cgroupEnd(root, containment, killer, setCap),
    birth: cgroupBirth(root, containment, { pids, killer, setCap }),
    remove: () => removeContainment(containment),
    close: () => {
      pids.close();
      killer.close();
      freezer?.close();
    },
  };
}

/** Sets the cap where it is not set already; false when the kernel refused. */
function capSetter(pids: PidsFiles): (cap: Cap) => boolean {
  let cap: Cap = 'max';
  return (next) => {
    if (next === cap) return true;
    try {
      pids.setMax(next);
      cap = next;
      return true;
    } catch {
      return false;
    }
  };
}

function cgroupMeter({ pidsDir, version }: CgroupContainment, pids: PidsFiles, killer: CgroupKiller): Meter {
  let lastTasks = 0;
  return {
    tasks: () => {
      lastTasks = pids.current() ?? lastTasks;
      return lastTasks;
    },
    refused: () => pids.refused(),
    processes: () => killer.processes(),
    isStorming: () => false,
    onRefusal: (callback) => {
      // v1 counts refusals but notifies nobody: there the next look finds out.
      if (version === 1) return () => {};
      try {
        const watcher = watch(join(pidsDir, 'pids.events'), callback);
        watcher.on('error', () => watcher.close());
        return () => watcher.close();
      } catch {
        return () => {};
      }
    },
  };
}

type Pause = (() => (() => void) | undefined) | undefined;

function cgroupBrake(setCap: (cap: Cap) => boolean, freeze: Pause, begin: Pause): Brake {
  return {
    isHeld: true,
    setCap,
    clamp: (tasks) => setCap(Math.max(1, tasks)),
    release: (next) => void setCap(next),
    pause: (until) => (until === 'whole' ? freeze?.() : begin?.()),
  };
}

function cgroupEnd(
  root: KernelRoot,
  { unifiedDir }: CgroupContainment,
  killer: CgroupKiller,
  setCap: (cap: Cap) => boolean,
): End {
  const signalAll = (signal: NodeJS.Signals): void => {
    for (const pid of killer.processes()) trySignal(pid, signal);
  };
  return {
    signal: signalAll,
    killRound: () => {
      if (killer.kill()) return;
      // Nothing can be born under a closed cap, so a walk ends.
      setCap(0);
      signalAll('SIGKILL');
    },
    isEmpty: () =>
      unifiedDir === undefined
        ? // cgroup.procs of v1 still lists processes that are dead but not reaped.
          killer.processes().every((pid) => isDead(root, pid))
        : !killer.isPopulated(),
  };
}

/**
 * Tasks of the guard that are counted while it is inside to fork: v2 moves whole processes, v1 the thread that forks. The
 * child is at work before that thread has left, and a fast one was refused the last task of its cap.
 */
const GUARD_TASKS: Readonly<Record<1 | 2, number>> = { 1: 1, 2: 16 };

const MOST_ROUNDS = 16;

function cgroupBirth(
  root: KernelRoot,
  containment: CgroupContainment,
  parts: { readonly pids: PidsFiles; readonly killer: CgroupKiller; readonly setCap: (cap: Cap) => boolean },
): Birth {
  const { killer, pids, setCap } = parts;
  return {
    beforeFork: (initial) => {
      // While the guard is inside, its own tasks must not use up a small cap.
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
      // What a process forks between the list and the move is a child of one that is listed: the second round finds it.
      for (let round = 0, moved = -1; moved !== 0 && round < MOST_ROUNDS; round += 1) {
        const inside = new Set(killer.processes());
        const outside = descendantsOf(root, pid, process.pid).filter((one) => !inside.has(one));
        moved = outside.filter((one) => containment.moveFiles.every((file) => move(file, one))).length;
      }
      setCap(first === 'max' ? 'max' : Math.max(first, pids.current() ?? 0));
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
