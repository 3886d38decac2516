import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type CgroupPlaces, locate, type Place } from '../cgroup/locate.ts';
import { GuardError } from '../errors.ts';
import { processesWithMostThreads } from '../procfs/busiest.ts';
import { readText } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { readStat } from '../procfs/stat.ts';

/** Whom a question is about. */
export type Selector =
  | { readonly kind: 'here' }
  | { readonly kind: 'pid'; readonly pid: number }
  | { readonly kind: 'cgroup'; readonly path: string }
  | { readonly kind: 'unit'; readonly unit: string };

/** What a selector was found to be. */
export interface Selected {
  /** For people: `pid 42 (java)`, `cgroup /system.slice/a.service`. */
  readonly label: string;
  /** The process that process ceilings are read for; `undefined` for a new one, or in an empty cgroup. */
  readonly pid: number | undefined;
  /** Set for a cgroup: tasks are charged there, whatever process is looked at. */
  readonly places: CgroupPlaces | undefined;
}

/** Finds what is meant, or throws a GuardError that says what is not there. */
export function select(root: KernelRoot, selector: Selector): Selected {
  switch (selector.kind) {
    case 'here':
      return { label: 'a new process started here', pid: undefined, places: undefined };
    case 'pid':
      return selectPid(root, selector.pid);
    case 'cgroup':
      return selectCgroup(root, selector.path);
    case 'unit':
      return selectCgroup(root, findUnit(root, selector.unit));
    default:
      return selector satisfies never;
  }
}

function selectPid(root: KernelRoot, pid: number): Selected {
  const stat = readStat(root, pid);
  if (stat === undefined) {
    throw new GuardError('no-process', `there is no process ${pid}`, {
      hint: 'it has ended, or hidepid hides it from you: ps -p PID, or try as root',
      exitCode: 1,
    });
  }
  return { label: `pid ${pid} (${stat.name})`, pid, places: undefined };
}

function selectCgroup(root: KernelRoot, path: string): Selected {
  const places = placesOf(root, path);
  const place = places.pids ?? places.unified ?? places.memory;
  if (place === undefined) {
    throw new GuardError('no-cgroup', `there is no cgroup ${path}`, {
      hint: 'give the path below the hierarchy (/system.slice/a.service), or the whole one (/sys/fs/cgroup/…)',
      exitCode: 1,
    });
  }
  const [heaviest] = processesWithMostThreads(root, processesBelow(root.at(place.dir)));
  return { label: `cgroup ${place.path}`, pid: heaviest?.pid, places };
}

/** The same path in every hierarchy that has it. A whole path names its hierarchy itself. */
function placesOf(root: KernelRoot, path: string): CgroupPlaces {
  const own = locate(root);
  const mounts = [own.pids, own.unified, own.memory, own.systemd].filter((place) => place !== undefined);
  const named = mounts.find(({ mountPoint }) => path === mountPoint || path.startsWith(`${mountPoint}/`));
  const below = join('/', named === undefined ? path : path.slice(named.mountPoint.length));
  const at = (place: Place | undefined): Place | undefined => {
    if (place === undefined) return undefined;
    const dir = join(place.mountPoint, below);
    return isDirectory(root.at(dir)) ? { ...place, dir, path: below } : undefined;
  };
  return {
    pids: at(own.pids),
    unified: at(own.unified),
    memory: at(own.memory),
    freezer: at(own.freezer),
    systemd: at(own.systemd),
  };
}

/** Where systemd keeps a unit: found by its name, which is its directory’s. No tool is asked, no bus. */
function findUnit(root: KernelRoot, unit: string): string {
  const name = unit.includes('.') ? unit : `${unit}.service`;
  const own = locate(root);
  const trees = [own.unified, own.systemd, own.pids].filter((place) => place !== undefined);
  for (const { mountPoint } of trees) {
    const [found, other] = findDirs(root.at(mountPoint), '', name);
    if (other !== undefined) {
      throw new GuardError('two-units', `there are two units ${name}: ${found} and ${other}`, {
        hint: 'name the cgroup of the one that is meant with --cgroup',
        exitCode: 1,
      });
    }
    if (found !== undefined) return found;
  }
  throw new GuardError('no-unit', `no running unit ${name} has a cgroup here`, {
    hint: 'systemctl status shows whether it runs; or name its cgroup with --cgroup',
    exitCode: 1,
  });
}

/** Every directory of that name; what lies below one is its own affair. */
function findDirs(base: string, below: string, name: string): string[] {
  const dirs = subdirs(join(base, below));
  if (dirs.includes(name)) return [join('/', below, name), ...others(base, below, name, dirs)];
  return dirs.flatMap((dir) => findDirs(base, join(below, dir), name));
}

function others(base: string, below: string, name: string, dirs: readonly string[]): string[] {
  return dirs.filter((dir) => dir !== name).flatMap((dir) => findDirs(base, join(below, dir), name));
}

/** Processes of a cgroup and of every cgroup below it. */
function processesBelow(dir: string): number[] {
  const own = (readText(join(dir, 'cgroup.procs')) ?? '').split('\n').filter(Boolean).map(Number);
  return [...own, ...subdirs(dir).flatMap((name) => processesBelow(join(dir, name)))];
}

function subdirs(dir: string): string[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
