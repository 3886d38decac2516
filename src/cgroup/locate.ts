import { join } from 'node:path';
import { parseCgroupFile } from '../procfs/cgroupFile.ts';
import { parseMountinfo } from '../procfs/mountinfo.ts';
import { readText } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';

/** The place of a process in one cgroup hierarchy. */
export interface Place {
  readonly version: 1 | 2;
  /** Where the hierarchy is mounted, as the kernel says. */
  readonly mountPoint: string;
  /** The directory of the process in it: an absolute path, as the kernel says. */
  readonly dir: string;
  /** The path that the kernel prints, for people. */
  readonly path: string;
}

/** Where a process stands in each hierarchy. */
export interface CgroupPlaces {
  /** The tree whose pids controller counts it. On v2 it is the unified tree. */
  readonly pids: Place | undefined;
  /** The v2 tree. */
  readonly unified: Place | undefined;
  /** The tree whose memory controller charges it. */
  readonly memory: Place | undefined;
  /** The tree of the v1 freezer. On v2 every cgroup has a freezer. */
  readonly freezer: Place | undefined;
  /** systemd's own v1 tree: on a v1 host it has the marks of delegation. */
  readonly systemd: Place | undefined;
}

/** Where a process stands. Everything is `undefined` on a host without cgroup mounts, and for a process that is gone. */
export function locate(root: KernelRoot, pid: number | 'self' = 'self'): CgroupPlaces {
  const memberships = parseCgroupFile(readText(root.proc(pid, 'cgroup')) ?? '');
  const mounts = parseMountinfo(readText(root.proc('self', 'mountinfo')) ?? '');

  const place = (version: 1 | 2, controller: string): Place | undefined => {
    const membership = memberships.find(({ controllers }) =>
      version === 2 ? controllers.length === 0 : controllers.includes(controller),
    );
    const mount = mounts.find(({ type, options }) =>
      version === 2 ? type === 'cgroup2' : type === 'cgroup' && options.includes(controller),
    );
    if (membership === undefined || mount === undefined) return undefined;
    return { version, mountPoint: mount.mountPoint, dir: directory(mount, membership.path), path: membership.path };
  };

  const unified = place(2, '');
  // It is enough that the controller is on for an ancestor: its limit counts, although the cgroup itself has none.
  const hasPids = unified !== undefined && ancestors(unified).some((dir) => controllersOf(root, dir).includes('pids'));
  return {
    pids: place(1, 'pids') ?? (hasPids ? unified : undefined),
    unified,
    memory: place(1, 'memory') ?? unified,
    freezer: place(1, 'freezer'),
    systemd: place(1, 'name=systemd'),
  };
}

/**
 * A mount shows the hierarchy from `mount.root` down (a container sees only its own part), so that prefix is taken off. A
 * path outside of it (`/../x`, after a move) is taken for the mount point itself.
 */
function directory(mount: { root: string; mountPoint: string }, path: string): string {
  if (path.startsWith('/..')) return mount.mountPoint;
  if (path === '/') return mount.mountPoint;
  if (mount.root === '/') return join(mount.mountPoint, path);
  if (path === mount.root || path.startsWith(`${mount.root}/`)) {
    return join(mount.mountPoint, path.slice(mount.root.length));
  }
  return join(mount.mountPoint, path);
}

/** The controllers that a v2 cgroup may use; none where the file cannot be read. */
export function controllersOf(root: KernelRoot, dir: string): string[] {
  return (readText(root.at(join(dir, 'cgroup.controllers'))) ?? '').split(/\s+/).filter(Boolean);
}

/** The directory itself and every ancestor that can be seen, the innermost first. */
export function ancestors(place: Place): string[] {
  const dirs: string[] = [];
  let dir = place.dir;
  while (dir.startsWith(place.mountPoint)) {
    dirs.push(dir);
    if (dir === place.mountPoint) break;
    dir = join(dir, '..');
  }
  return dirs;
}
