import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { locate } from '../cgroup/locate.ts';
import { GuardError } from '../errors.ts';
import type { KernelRoot } from '../procfs/root.ts';

/** Slices of users and machines are four levels deep; a service may make cgroups of its own below. */
const MOST_LEVELS = 16;

/**
 * The cgroup of a systemd unit, as a path below its hierarchy. It is found by its name, which is the name of its
 * directory; no tool and no bus is asked. `.service` is added to a name without a type. Throws a GuardError (1) when no
 * unit has that name here, or two have.
 */
export function findUnit(root: KernelRoot, unit: string): string {
  const name = unit.includes('.') ? unit : `${unit}.service`;
  const own = locate(root);
  const trees = [own.unified, own.systemd, own.pids].filter((place) => place !== undefined);
  for (const { mountPoint } of trees) {
    const [found, other] = findDirs(root.at(mountPoint), '', name, MOST_LEVELS);
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

/** Every directory of that name. What lies below such a directory belongs to that unit. */
function findDirs(base: string, below: string, name: string, levels: number): string[] {
  if (levels === 0) return [];
  return subdirs(join(base, below)).flatMap((dir) =>
    dir === name ? [join('/', below, dir)] : findDirs(base, join(below, dir), name, levels - 1),
  );
}

/** A directory that is gone or may not be listed has none: other units are looked for all the same. */
function subdirs(dir: string): string[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}
