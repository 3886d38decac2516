import { join } from 'node:path';
import { ancestors, type Place } from '../cgroup/locate.ts';
import type { UnitCost } from '../core/ceiling.ts';
import type { Ceiling, Effect, Unit } from '../core/model.ts';
import { KeptFile } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { cgroupOwner } from './owner.ts';
import { type CeilingLook, constant, type MakeRow } from './row.ts';

/** The files of one limit in one cgroup, and what they mean. */
export interface LevelFacts {
  readonly limitFile: string;
  readonly usedFile: string;
  readonly unit: Unit;
  readonly effect?: Effect;
  /** Where the asker is counted, and with how many tasks. They are not counted, because the asker is about to end. */
  readonly asking?: { readonly dir: string; readonly count: number } | undefined;
  /** Which of the owner's settings raises it. */
  readonly setting: 'tasks' | 'memory';
  readonly cost?: () => UnitCost;
  /** The part of what is used that the kernel takes back before it refuses; read in the cgroup's directory. */
  readonly reclaimable?: (dir: string) => () => number;
  readonly isEstimate?: boolean;
  /** Values that mean "no limit" (v1 has no `max`). */
  readonly isUnlimited?: (limit: number) => boolean;
}

/**
 * One limit of a cgroup and of every ancestor that can be seen, each its own ceiling, opened once. The root of a
 * hierarchy has no such files and no limit.
 */
export function openLevels(root: KernelRoot, place: Place | undefined, make: MakeRow, facts: LevelFacts): CeilingLook {
  if (place === undefined) return constant([]);
  const levels = ancestors(place)
    .map((dir) => openLevel(root, place, dir, facts))
    // A cgroup that was removed under a living process still counts its tasks, but its files are gone.
    .filter(({ limit, path }) => limit.isOpen || limit.error === 'EACCES' || path.endsWith(' (deleted)'));
  return () => levels.map((level) => readLevel(level, make, facts));
}

function openLevel(root: KernelRoot, place: Place, dir: string, facts: LevelFacts) {
  const path = dir.slice(place.mountPoint.length) || '/';
  const { asking } = facts;
  const isAskerInside =
    asking !== undefined && (asking.dir === dir || asking.dir.startsWith(dir === '/' ? dir : `${dir}/`));
  return {
    path,
    asking: isAskerInside ? asking.count : 0,
    limit: new KeptFile(root.at(join(dir, facts.limitFile))),
    used: new KeptFile(root.at(join(dir, facts.usedFile))),
    reclaimable: facts.reclaimable?.(root.at(dir)),
    source: `${dir}/${facts.limitFile}, ${facts.usedFile}`,
    ...cgroupOwner(path, facts.setting),
  };
}

function readLevel(level: ReturnType<typeof openLevel>, make: MakeRow, facts: LevelFacts): Ceiling {
  const raw = level.limit.readNumber();
  const limit = typeof raw === 'number' && facts.isUnlimited?.(raw) ? 'unlimited' : raw;
  const hasLimit = typeof limit === 'number';
  const used = level.used.readNumber();
  const isReadable = limit !== 'unknown' && (!hasLimit || typeof used === 'number');
  return make({
    scope: 'cgroup',
    path: level.path,
    unit: facts.unit,
    used:
      typeof used === 'number'
        ? Math.max(0, used - level.asking - (hasLimit ? (level.reclaimable?.() ?? 0) : 0))
        : 'unknown',
    limit,
    ...(facts.cost === undefined ? {} : { cost: facts.cost() }),
    ...(facts.effect === undefined ? {} : { effect: facts.effect }),
    isEstimate: facts.isEstimate ?? false,
    note: isReadable ? level.note : `cannot read it (${level.limit.error ?? level.used.error ?? 'no number'})`,
    source: level.source,
    raise: level.raise,
  });
}
