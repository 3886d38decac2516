import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, GuardError } from '../errors.ts';
import { readText } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { readStat } from '../procfs/stat.ts';
import { type CgroupPlaces, controllersOf } from './locate.ts';
import { makePen, PEN } from './pen.ts';
import { PREFIX, removeStale, removeTree } from './stale.ts';

/** The cgroups that were made for one target. All paths are absolute on this machine. */
export interface CgroupContainment {
  readonly version: 1 | 2;
  /** Where `pids.max` is. */
  readonly pidsDir: string;
  /** The v2 directory with `cgroup.kill`. On v2 it is `pidsDir`; on plain v1 it is `undefined`. */
  readonly unifiedDir: string | undefined;
  /** Files that put the calling thread (v1) or process (v2) inside, and files that take it out again. */
  readonly enterFiles: readonly string[];
  readonly leaveFiles: readonly string[];
  /** Files that put another process inside. */
  readonly moveFiles: readonly string[];
  /** The cgroup around the targets of all guards here. */
  readonly penDir: string;
  /** What was done, oldest first. `removeContainment` undoes it in reverse. */
  readonly undo: readonly (() => void)[];
}

/**
 * Makes the target's cgroups below the guard's own. The guard itself is never counted in them: it goes inside to fork the
 * child, whose first instruction is then inside, and leaves at once. Throws a GuardError that says which directory
 * refused what.
 */
export function createContainment(
  root: KernelRoot,
  places: CgroupPlaces,
  guardPid: number,
  /** Whether a service already runs beside the guard in the same cgroup (a sidecar). */
  isSidecar = false,
): CgroupContainment {
  const { pids, unified } = places;
  if (pids === undefined) throw refusal('no pids controller is mounted here', undefined);
  const startTime = readStat(root, guardPid)?.startTime ?? 0;
  const own = `${PREFIX}${guardPid}-${startTime}`;
  const name = freeName(
    [pids, unified].flatMap((place) =>
      place === undefined ? [] : [root.at(place.dir), join(root.at(place.dir), PEN)],
    ),
    own,
  );
  const undo: (() => void)[] = [];
  try {
    if (pids.version === 2) return createV2(root, root.at(pids.dir), { own, name }, undo, isSidecar);
    const parent = root.at(pids.dir);
    const penDir = sharedPen(parent, undo);
    removeStale(root, penDir);
    const pidsDir = makeDir(penDir, name, undo);
    const unifiedDir = unified === undefined ? undefined : tryMakeDir(root.at(unified.dir), name, undo);
    removeStale(root, parent);
    if (unified !== undefined) removeStale(root, root.at(unified.dir));
    return {
      version: 1,
      penDir,
      pidsDir,
      unifiedDir,
      // v1 moves single threads. Only the thread that forks goes inside, so the guard costs the target nothing.
      enterFiles: [join(pidsDir, 'tasks'), ...(unifiedDir === undefined ? [] : [join(unifiedDir, 'cgroup.procs')])],
      leaveFiles: [
        join(parent, 'tasks'),
        ...(unifiedDir === undefined || unified === undefined ? [] : [join(root.at(unified.dir), 'cgroup.procs')]),
      ],
      moveFiles: [pidsDir, ...(unifiedDir === undefined ? [] : [unifiedDir])].map((dir) => join(dir, 'cgroup.procs')),
      undo,
    };
  } catch (error) {
    runUndo(undo);
    throw error instanceof GuardError ? error : refusal(`cannot make a cgroup in ${pids.dir}`, error);
  }
}

/**
 * A v2 cgroup may have processes, or controllers for its children, but not both (except the root). So unless `pids` is
 * already on for children, the guard first moves itself into a leaf of its own.
 */
function createV2(
  root: KernelRoot,
  parent: string,
  { name, own }: { readonly name: string; readonly own: string },
  undo: (() => void)[],
  isSidecar: boolean,
): CgroupContainment {
  const leaf = `${own}-guard`;
  // After a run that left daemons behind the guard is still in its leaf.
  let home = existsSync(join(parent, leaf)) ? join(parent, leaf) : parent;
  removeStale(root, parent);
  const ofHome: (() => void)[] = [];
  const ofTarget: (() => void)[] = [];
  // What was made for the target goes first: controllers go off only where no child has them, and only then may the guard
  // return.
  undo.push(
    () => undoAll(ofHome),
    () => undoAll(ofTarget),
  );
  const penDir = sharedPen(parent, ofTarget);
  removeStale(root, penDir);
  const dir = makeDir(penDir, name, ofTarget);
  const subtree = join(parent, 'cgroup.subtree_control');
  if (!(readText(subtree) ?? '').split(/\s+/).includes('pids')) {
    if (
      !controllersOf(root, parent).includes('pids') &&
      !(readText(join(parent, 'cgroup.controllers')) ?? '').includes('pids')
    ) {
      throw refusal(`the pids controller is not available in ${parent}`, undefined);
    }
    const isRoot = readText(join(parent, 'cgroup.type')) === undefined;
    if (!isRoot) {
      home = makeDir(parent, leaf, ofHome);
      writeFileSync(join(home, 'cgroup.procs'), '0');
      ofHome.push(() => writeFileSync(join(parent, 'cgroup.procs'), '0'));
      // All that is left is the service: it must be out of the way before the controller is on for children.
      if (isSidecar) moveAll(parent, dir);
    }
    writeFileSync(subtree, '+pids');
    if (!isRoot) ofHome.push(() => writeFileSync(subtree, '-pids'));
  }
  writeFileSync(join(penDir, 'cgroup.subtree_control'), '+pids');
  return {
    version: 2,
    penDir,
    pidsDir: dir,
    unifiedDir: dir,
    enterFiles: [join(dir, 'cgroup.procs')],
    leaveFiles: [join(home, 'cgroup.procs')],
    moveFiles: [join(dir, 'cgroup.procs')],
    undo,
  };
}

function moveAll(from: string, to: string): void {
  for (const pid of (readText(join(from, 'cgroup.procs')) ?? '').split('\n').filter(Boolean)) {
    try {
      writeFileSync(join(to, 'cgroup.procs'), pid);
    } catch {
      // It has just ended.
    }
  }
}

/** Undoes everything in reverse. False when something stayed: a cgroup with a task cannot be removed. */
export function removeContainment(containment: CgroupContainment): boolean {
  return runUndo(containment.undo);
}

function undoAll(undo: readonly (() => void)[]): void {
  if (!runUndo(undo)) throw new Error('something had to stay');
}

function runUndo(undo: readonly (() => void)[]): boolean {
  let isClean = true;
  for (const step of [...undo].reverse()) {
    try {
      step();
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') isClean = false;
    }
  }
  return isClean;
}

/** An earlier run of the same guard may have left daemons in a cgroup. They stay there, under their cap. */
function freeName(parents: readonly string[], name: string): string {
  for (let run = 1; ; run += 1) {
    const tried = run === 1 ? name : `${name}-${run}`;
    if (!parents.some((parent) => existsSync(join(parent, tried)))) return tried;
  }
}

function makeDir(parent: string, name: string, undo: (() => void)[]): string {
  const dir = join(parent, name);
  mkdirSync(dir);
  undo.push(() => removeTree(dir));
  return dir;
}

/** Other guards may stand in it: it goes with the last of them, and is no trouble until then. */
function sharedPen(parent: string, undo: (() => void)[]): string {
  const dir = makePen(parent);
  undo.push(() => {
    try {
      rmdirSync(dir);
    } catch (error) {
      if (errnoOf(error) !== 'EBUSY' && errnoOf(error) !== 'ENOTEMPTY') throw error;
    }
  });
  return dir;
}

function tryMakeDir(parent: string, name: string, undo: (() => void)[]): string | undefined {
  try {
    return makeDir(parent, name, undo);
  } catch {
    return undefined;
  }
}

function refusal(message: string, cause: unknown): GuardError {
  return new GuardError('no-cgroup', cause === undefined ? message : `${message} (${errnoOf(cause)})`, {
    hint: 'start it in a delegated cgroup (systemd-run --scope -p Delegate=yes …), or use --contain rlimit',
    cause,
  });
}
