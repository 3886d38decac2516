import { join } from 'node:path';
import { ancestors, type Place } from '../cgroup/locate.ts';
import { makeCeiling } from '../core/ceiling.ts';
import type { Ceiling, Unit } from '../core/model.ts';
import { KeptFile } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';

/**
 * `CONTROLLER.max` of a cgroup and of every ancestor that can be seen, each its own ceiling, opened once.
 * The root of a hierarchy has no such files, and no limit.
 */
export function openLevels(
  root: KernelRoot,
  place: Place | undefined,
  facts: {
    readonly controller: 'pids' | 'memory';
    readonly unit: Unit;
    readonly perThread?: number;
    readonly raise: string;
  },
): () => readonly Ceiling[] {
  if (place === undefined) return () => [];
  const { controller, ...rest } = facts;
  const name = `${controller}.max`;
  const levels = ancestors(place)
    .map((dir) => ({
      path: dir.slice(place.mountPoint.length) || '/',
      max: new KeptFile(root.at(join(dir, name))),
      current: new KeptFile(root.at(join(dir, `${controller}.current`))),
      source: `${dir}/${name}, ${controller}.current`,
    }))
    .filter(({ max }) => max.isOpen);
  return () =>
    levels.map(({ path, max, current, source }) => {
      const used = current.readNumber();
      return makeCeiling({
        ...rest,
        name,
        scope: 'cgroup',
        path,
        used: typeof used === 'number' ? used : 'unknown',
        limit: max.readNumber(),
        source,
      });
    });
}
