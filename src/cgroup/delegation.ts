import { existsSync, statSync } from 'node:fs';
import type { KernelRoot } from '../procfs/root.ts';
import type { Libc } from '../sys/libc.ts';
import { ancestors, type CgroupPlaces } from './locate.ts';

/**
 * Why the guard may not make cgroups here although it could; `undefined` when it may. Under systemd the whole tree belongs
 * to systemd, except for what it has delegated. It marks such directories with the extended attribute `user.delegate` or
 * `trusted.delegate` = 1 (systemd.resource-control(5)), and makes a plain user the owner of the user's own.
 */
export function delegationRefusal(
  root: KernelRoot,
  places: CgroupPlaces,
  libc: Libc | undefined,
  uid: number,
): string | undefined {
  if (!existsSync(root.at('/run/systemd/system'))) return undefined;
  const place = places.unified ?? places.systemd ?? places.pids;
  if (place === undefined) return undefined;
  for (const dir of ancestors(place)) {
    const path = root.at(dir);
    if (isMarked(libc, path) || isOwned(path, uid)) return undefined;
  }
  return `systemd has not delegated ${place.path}`;
}

function isMarked(libc: Libc | undefined, path: string): boolean {
  return ['user.delegate', 'trusted.delegate'].some((name) => libc?.getxattr(path, name) === '1');
}

function isOwned(path: string, uid: number): boolean {
  if (uid === 0) return false;
  try {
    return statSync(path).uid === uid;
  } catch {
    return false;
  }
}
