import { ancestors, type CgroupPlaces, type Place } from '../cgroup/locate.ts';
import { parseEvents } from '../cgroup/pids.ts';
import type { RefusalFacts } from '../core/refusal.ts';
import { readText } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';

/** What the kernel has counted of refusals and kills, by the path of the cgroup. */
export interface Counters {
  readonly pids: ReadonlyMap<string, { readonly count: number; readonly isLocal: boolean }>;
  readonly oomKills: ReadonlyMap<string, number>;
}

/** What was counted between two readings. */
export type Counted = Pick<RefusalFacts, 'pidsEvents' | 'hasPidsEvents' | 'oomKills'>;

/** Reads the counters of a place and of all of its ancestors. `pids.events.local` (Linux 6.11) says where the limit was. */
export function readCounters(root: KernelRoot, places: CgroupPlaces): Counters {
  const pids = new Map<string, { count: number; isLocal: boolean }>();
  for (const [dir, path] of levelsOf(places.pids)) {
    const local = parseEvents(readText(root.at(`${dir}/pids.events.local`)));
    const count = local ?? parseEvents(readText(root.at(`${dir}/pids.events`)));
    if (count !== undefined) pids.set(path, { count, isLocal: local !== undefined });
  }
  const oomKills = new Map<string, number>();
  for (const [dir, path] of levelsOf(places.memory)) {
    const text = readText(root.at(`${dir}/memory.events.local`)) ?? readText(root.at(`${dir}/memory.events`));
    const match = /^oom_kill (\d+)$/m.exec(text ?? readText(root.at(`${dir}/memory.oom_control`)) ?? '');
    if (match !== null) oomKills.set(path, Number(match[1]));
  }
  return { pids, oomKills };
}

function levelsOf(place: Place | undefined): [dir: string, path: string][] {
  if (place === undefined) return [];
  return ancestors(place).map((dir) => [dir, dir.slice(place.mountPoint.length) || '/']);
}

/** What was counted between two readings. A cgroup that was not there before began at 0. */
export function countersSince(before: Counters, after: Counters): Counted {
  return {
    pidsEvents: [...after.pids].map(([path, { count, isLocal }]) => ({
      path,
      isLocal,
      count: count - (before.pids.get(path)?.count ?? 0),
    })),
    hasPidsEvents: after.pids.size > 0,
    oomKills: [...after.oomKills].map(([path, count]) => ({ path, count: count - (before.oomKills.get(path) ?? 0) })),
  };
}

/** The counters of a target that may move: a process that has just been killed is shown in the root cgroup. */
export class CounterWatch {
  readonly #root: KernelRoot;
  readonly #places: CgroupPlaces[] = [];
  readonly #pids = new Map<string, { readonly count: number; readonly isLocal: boolean }>();
  readonly #oomKills = new Map<string, number>();

  constructor(root: KernelRoot) {
    this.#root = root;
  }

  /** From now on this place counts too. What a cgroup counted before it was first seen is left out. */
  follow(places: CgroupPlaces): void {
    this.#places.push(places);
    const { oomKills, pids } = readCounters(this.#root, places);
    for (const [path, count] of pids) if (!this.#pids.has(path)) this.#pids.set(path, count);
    for (const [path, count] of oomKills) if (!this.#oomKills.has(path)) this.#oomKills.set(path, count);
  }

  /** What was counted since, in all places that it was ever seen in. */
  since(): Counted {
    const after = this.#places.map((places) => readCounters(this.#root, places));
    return countersSince(
      { pids: this.#pids, oomKills: this.#oomKills },
      {
        pids: new Map(after.flatMap(({ pids }) => [...pids])),
        oomKills: new Map(after.flatMap(({ oomKills }) => [...oomKills])),
      },
    );
  }
}
