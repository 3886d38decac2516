import { join } from 'node:path';
import { parseCgroupFile } from '../procfs/cgroupFile.ts';
import { parseMountinfo } from '../procfs/mountinfo.ts';
import { readText } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';

/** A process's place in one cgroup hierarchy. */
export interface Place {
  readonly version: 1 | 2;
  /** Where the hierarchy is mounted, as the kernel names it. */
  readonly mountPoint: string;
  /** The process's own directory in it, absolute as the kernel names it. */
  readonly dir: string;
  /** The path the kernel prints, for people. */
  readonly path: string;
}

/** Where a process stands: the tree whose pids controller counts it, and the v2 tree, often the same. */
export interface CgroupPlaces {
  readonly pids: Place | undefined;
  readonly unified: Place | undefined;
  /** The tree whose memory controller charges it. */
  readonly memory: Place | undefined;
  /** The v1 freezer; on v2 every cgroup has one. */
  readonly freezer: Place | undefined;
  /** systemd's own v1 tree, which carries its delegation marks on a v1 host. */
  readonly systemd: Place | undefined;
}

/** Where process `pid` stands. Everything is `undefined` on a host without cgroup mounts. */
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
  // On for an ancestor is enough: its limit counts, although the cgroup itself has none.
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
 * A mount shows the hierarchy from `mount.root` down (a container sees its own part only), so that
 * prefix is taken off. A path outside of it (`/../x`, after a move) shows no more than the mount.
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

export function controllersOf(root: KernelRoot, dir: string): string[] {
  return (readText(root.at(join(dir, 'cgroup.controllers'))) ?? '').split(/\s+/).filter(Boolean);
}

/** The directory itself and every ancestor that can be seen, innermost first. */
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
