import { watch } from 'node:fs';
import { join } from 'node:path';
import { type CgroupContainment, removeContainment } from '../cgroup/containment.ts';
import { type Freezer, openFreezer } from '../cgroup/freeze.ts';
import { openKillFile } from '../cgroup/killFile.ts';
import { openPen } from '../cgroup/pen.ts';
import { type CapFile, openCapFile } from '../cgroup/pids.ts';
import { openSubtree, type Subtree } from '../cgroup/subtree.ts';
import { UnreadError } from '../cgroup/unread.ts';
import type { Thawer } from '../launch/thawer.ts';
import { readNumber } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { cgroupBirth, GUARD_TASKS } from './cgroupBirth.ts';
import { cgroupEnd } from './cgroupEnd.ts';
import type { Brake, Cap, ChildTarget, Meter } from './contracts.ts';
import { Escapes } from './escapes.ts';
import type { Tree } from './tree.ts';

/** The strongest hold: a pids cgroup of the target's own, with everything that the target makes below it. */
export function cgroupTarget(
  root: KernelRoot,
  containment: CgroupContainment,
  parts: {
    readonly tree: Tree;
    readonly now: () => number;
    /** Starts what thaws the cgroup if the guard dies; `undefined` where it could not be started. */
    readonly thawer: (file: string, word: string) => Thawer | undefined;
  },
): ChildTarget {
  const { pidsDir, unifiedDir, version } = containment;
  const cap = openCapFile(pidsDir);
  const subtree = openSubtree(root, { pids: pidsDir, unified: unifiedDir }, parts.now);
  const pen = openPen(containment.penDir);
  const killFile = openKillFile(unifiedDir);
  const freezer = unifiedDir === undefined ? undefined : openFreezer(unifiedDir);
  const thawer = freezer === undefined ? undefined : parts.thawer(join(unifiedDir as string, 'cgroup.freeze'), '0');
  const inside = (): readonly number[] => known(subtree);
  const escapes = new Escapes({ ...parts, inside, moveFiles: containment.moveFiles });
  const setCap = capSetter(cap);
  const brake = cgroupBrake(cap, setCap, freezer, thawer);
  return {
    hold: {
      kind: version === 2 ? 'cgroup-v2' : 'cgroup-v1',
      description: `pids cgroup ${pidsDir}`,
      cannot:
        unifiedDir === undefined
          ? ['there is no cgroup.kill here: the tree is ended by a walk under a closed cap']
          : [],
    },
    meter: cgroupMeter(containment, subtree),
    brake,
    end: cgroupEnd({ subtree, inside, killFile, escapes, setCap }),
    birth: cgroupBirth(root, containment, {
      ...{ cap, setCap, inside, pen },
      tasks: () => subtree.tasks() ?? 0,
      refusals: () => subtree.refusals(),
    }),
    escapes,
    pen,
    remove: () => removeContainment(containment),
    close: async () => {
      brake.thaw();
      pen.close();
      cap.close();
      subtree.close();
      killFile.close();
      freezer?.close();
      await thawer?.close();
    },
  };
}

/** What could be read of the processes inside. Who must not take a part for the whole asks the subtree itself. */
function known(subtree: Subtree): readonly number[] {
  try {
    return subtree.processes();
  } catch (error) {
    if (error instanceof UnreadError) return error.found;
    throw error;
  }
}

/** Sets the cap where the kernel shows another; false when it refused. */
function capSetter(file: CapFile): (cap: Cap) => boolean {
  return (next) => {
    try {
      if (file.read() !== next) file.set(next);
      return true;
    } catch {
      return false;
    }
  };
}

function cgroupMeter({ pidsDir, version }: CgroupContainment, subtree: Subtree): Meter {
  let lastTasks = 0;
  return {
    tasks: () => {
      lastTasks = subtree.tasks() ?? lastTasks;
      return lastTasks;
    },
    recount: () => subtree.tasks() ?? lastTasks,
    peak: (seen) => peakOf(readNumber(join(pidsDir, 'pids.peak')), seen, GUARD_TASKS[version]),
    refused: () => subtree.refusals(),
    processes: () => known(subtree),
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

/**
 * The guard is counted too while it is inside to fork. So the kernel knows more than the looks only from that on: a pool that came
 * and went between two looks.
 */
function peakOf(counted: number | 'unlimited' | 'unknown', seen: number, guests: number): number {
  return typeof counted === 'number' && counted > seen + guests ? counted : seen;
}

function cgroupBrake(
  file: CapFile,
  setCap: (cap: Cap) => boolean,
  freezer: Freezer | undefined,
  thawer: Thawer | undefined,
): Brake {
  let thaw: (() => void) | undefined;
  const letGo = (): void => {
    thaw?.();
    thaw = undefined;
  };
  return {
    isHeld: true,
    setCap,
    capNow: () => file.read(),
    clamp: (tasks) => setCap(Math.max(1, tasks)),
    freeze: () => {
      if (thawer === undefined) return false;
      thaw ??= freezer?.begin();
      return thaw !== undefined;
    },
    thaw: letGo,
    release: (next) => {
      setCap(next);
      letGo();
    },
    // Who is frozen already stands still, and stays so.
    pause: (until) => (thaw !== undefined ? () => {} : until === 'whole' ? freezer?.freeze() : freezer?.begin()),
  };
}
