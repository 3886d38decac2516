import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, GuardError } from '../errors.ts';
import { readText } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { readStat } from '../procfs/stat.ts';
import { type CgroupPlaces, controllersOf } from './locate.ts';

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
  /** What was done, oldest first. `removeContainment` undoes it in reverse. */
  readonly undo: readonly (() => void)[];
}

const PREFIX = 'threadguard-';

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
    [pids, unified].flatMap((place) => (place === undefined ? [] : [root.at(place.dir)])),
    own,
  );
  const undo: (() => void)[] = [];
  try {
    if (pids.version === 2) return createV2(root, root.at(pids.dir), { own, name }, undo, isSidecar);
    const parent = root.at(pids.dir);
    const pidsDir = makeDir(parent, name, undo);
    const unifiedDir = unified === undefined ? undefined : tryMakeDir(root.at(unified.dir), name, undo);
    removeStale(root, parent);
    if (unified !== undefined) removeStale(root, root.at(unified.dir));
    return {
      version: 1,
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
  const dir = makeDir(parent, name, undo);
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
      home = makeDir(parent, leaf, undo);
      writeFileSync(join(home, 'cgroup.procs'), '0');
      undo.push(() => writeFileSync(join(parent, 'cgroup.procs'), '0'));
      // Only the service is left here. It must leave before the controller can be on for children.
      if (isSidecar) moveAll(parent, dir);
    }
    writeFileSync(subtree, '+pids');
    if (!isRoot) undo.push(() => writeFileSync(subtree, '-pids'));
  }
  return {
    version: 2,
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

/** Removes cgroups of guards that were killed, once nothing lives in them. */
function removeStale(root: KernelRoot, parent: string): void {
  for (const entry of listDirs(parent)) {
    const match = /^threadguard-(\d+)-(\d+)(-guard|-\d+)?$/.exec(entry);
    if (match === null || readStat(root, Number(match[1]))?.startTime === Number(match[2])) continue;
    try {
      rmdirSync(join(parent, entry));
    } catch {
      // It is still populated: the target outlived its guard, and its cap must stay.
      thaw(join(parent, entry));
    }
  }
}

/** A guard that was killed while it looked at its target left the target frozen. */
function thaw(dir: string): void {
  const path = join(dir, 'cgroup.freeze');
  if (readText(path)?.trim() !== '1') return;
  try {
    writeFileSync(path, '0');
  } catch {
    // It was removed meanwhile, or we may not write it.
  }
}

function listDirs(parent: string): string[] {
  try {
    return readdirSync(parent).filter((entry) => entry.startsWith(PREFIX));
  } catch {
    return [];
  }
}

function makeDir(parent: string, name: string, undo: (() => void)[]): string {
  const dir = join(parent, name);
  mkdirSync(dir);
  undo.push(() => rmdirSync(dir));
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
