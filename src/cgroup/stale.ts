import { readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readText } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { readStat } from '../procfs/stat.ts';
import { listCgroups } from './members.ts';

/** Every cgroup that a guard makes for a target begins with it. */
export const PREFIX = 'threadguard-';

/** Removes what guards that were killed left behind, as soon as nothing lives in it. */
export function removeStale(root: KernelRoot, parent: string): void {
  for (const entry of listDirs(parent)) {
    const match = /^threadguard-(\d+)-(\d+)(-guard|-\d+)?$/.exec(entry);
    if (match === null || readStat(root, Number(match[1]))?.startTime === Number(match[2])) continue;
    try {
      removeTree(join(parent, entry));
    } catch {
      // Still populated: its target outlived its guard, and the cap must go on holding.
      thaw(join(parent, entry));
    }
  }
}

/** A guard that was killed while it looked at its target has left it frozen. */
function thaw(dir: string): void {
  const path = join(dir, 'cgroup.freeze');
  if (readText(path)?.trim() !== '1') return;
  try {
    writeFileSync(path, '0');
  } catch {
    // It went away at last, or it is not ours to write.
  }
}

function listDirs(parent: string): string[] {
  try {
    return readdirSync(parent).filter((entry) => entry.startsWith(PREFIX));
  } catch {
    return [];
  }
}

/** With the cgroups that the target made below it: the kernel removes only empty ones, from the bottom up. */
export function removeTree(dir: string): void {
  for (const one of listCgroups(dir).dirs.toReversed()) rmdirSync(one);
}
