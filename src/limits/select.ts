import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type CgroupPlaces, locate, type Place } from '../cgroup/locate.ts';
import { readMembers } from '../cgroup/members.ts';
import { GuardError } from '../errors.ts';
import { processesWithMostThreads } from '../procfs/busiest.ts';
import { programName } from '../procfs/programName.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { readStat } from '../procfs/stat.ts';
import { findUnit } from './findUnit.ts';

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
  /** The process whose own ceilings are read; `undefined` for a new process, and for an empty cgroup. */
  readonly pid: number | undefined;
  /** Set for a cgroup: its tasks are charged there, whatever process is looked at. */
  readonly places: CgroupPlaces | undefined;
}

/** Finds what is meant. Throws a GuardError that says what is not there (1), or what cannot be read (125). */
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
  return { label: `pid ${pid} (${programName(root, pid, stat.name)})`, pid, places: undefined };
}

function selectCgroup(root: KernelRoot, path: string): Selected {
  const places = placesOf(root, path);
  const place = places.pids ?? places.unified ?? places.memory;
  if (place === undefined) {
    throw new GuardError('no-cgroup', `there is no cgroup ${path}`, {
      hint: 'give the path below the hierarchy (/system.slice/a.service), or the whole path (/sys/fs/cgroup/…)',
      exitCode: 1,
    });
  }
  const [heaviest] = processesWithMostThreads(root, readMembers(root.at(place.dir)).pids);
  return { label: `cgroup ${place.path}`, pid: heaviest?.pid, places };
}

/** The same path in every hierarchy that has it. A whole path names its hierarchy itself. */
function placesOf(root: KernelRoot, path: string): CgroupPlaces {
  const own = locate(root);
  const mounts = [own.pids, own.unified, own.memory, own.systemd].filter((place) => place !== undefined);
  const named = mounts.find(({ mountPoint }) => path === mountPoint || path.startsWith(`${mountPoint}/`));
  const below = join('/', named === undefined ? path : path.slice(named.mountPoint.length)).replace(/(?<=.)\/$/, '');
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

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
