import { makeCeiling } from '../../src/core/ceiling.ts';
import { type Findings, NOTHING_READ } from '../../src/core/incidentDocument.ts';
import type { Ceiling } from '../../src/core/model.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Dumped, DumpFacts, TrackParts } from '../../src/engine/parts.ts';
import { Track } from '../../src/engine/track.ts';
import type { GuardEvent } from '../../src/policy/event.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../src/policy/settings.ts';
import type { Opinion } from '../../src/policy/verdict.ts';
import type { Clock } from '../../src/sys/clock.ts';
import type { Cap, Hold, Target } from '../../src/targets/contracts.ts';

const NOTHING_FOUND: Findings = { coverage: NOTHING_READ, runtimes: [], notes: [], creators: [], groups: [] };

interface Waiting {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is moved; what is due on the way is called in order. */
export class FakeClock implements Clock {
  nowMs = 0;
  #waiting: Waiting[] = [];
  #order = 0;

  now(): number {
    return this.nowMs;
  }

  wakeAt(atMs: number, callback: () => void): () => void {
    const entry = { atMs, order: this.#order++, callback };
    this.#waiting.push(entry);
    return () => {
      this.#waiting = this.#waiting.filter((one) => one !== entry);
    };
  }

  /** Moves on by so much. Each callback sees the time at which it was due. */
  advance(ms: number): void {
    const endMs = this.nowMs + ms;
    for (;;) {
      const next = this.#waiting.reduce<Waiting | undefined>(
        (first, one) =>
          one.atMs <= endMs &&
          (first === undefined || one.atMs < first.atMs || (one.atMs === first.atMs && one.order < first.order))
            ? one
            : first,
        undefined,
      );
      if (next === undefined) break;
      this.#waiting = this.#waiting.filter((one) => one !== next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.callback();
    }
    this.nowMs = endMs;
  }

  /** The same, with a turn of the event loop after each step, for what waits in promises. */
  async advanceSlowly(ms: number, stepMs = 5): Promise<void> {
    for (let gone = 0; gone < ms; gone += stepMs) {
      this.advance(stepMs);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** What a test says about the target, and what was done to it. */
export interface World {
  tasks: number;
  maps: number;
  refused: number | undefined;
  hostTasks: number;
  lastPid: number;
  isEmpty: boolean;
  isStorming: boolean;
  /** What throws when it is used. */
  broken: Set<'tasks' | 'cap' | 'clamp' | 'signal' | 'dump' | 'ceilings'>;
  /** The cap that the kernel shows; `undefined` where the test does not say. */
  cap: Cap | undefined;
  hasFreezer: boolean;
  /** Limit of the cgroup around it. */
  limit: number;
  readonly done: string[];
  readonly events: GuardEvent[];
  readonly dumped: Opinion[];
  readonly pictures: Opinion[];
}

export function newWorld(over: Partial<World> = {}): World {
  return {
    tasks: 1,
    maps: 10,
    refused: 0,
    hostTasks: 100,
    lastPid: 5_000,
    isEmpty: false,
    isStorming: false,
    broken: new Set(),
    cap: undefined,
    hasFreezer: false,
    limit: 1_000,
    done: [],
    events: [],
    dumped: [],
    pictures: [],
    ...over,
  };
}

/** One fake of each contract, on one world. */
export function fakeTarget(world: World, kind: Hold['kind'] = 'cgroup-v2'): Target {
  const note = (what: string): boolean => {
    world.done.push(what);
    return true;
  };
  const use = (what: Parameters<World['broken']['has']>[0]): void => {
    if (world.broken.has(what)) throw Object.assign(new Error(`EIO: ${what}`), { code: 'EIO' });
  };
  return {
    hold: { kind, description: 'a fake', cannot: [] },
    meter: {
      tasks: () => {
        use('tasks');
        return world.tasks;
      },
      recount: () => world.tasks,
      peak: (seen) => seen,
      refused: () => world.refused,
      processes: () => [42],
      isStorming: () => world.isStorming,
      onRefusal: () => () => {},
    },
    brake: {
      isHeld: kind !== 'sampling',
      setCap: (cap: Cap) => !world.broken.has('cap') && note(`cap ${cap}`),
      capNow: () => world.cap,
      clamp: (tasks) => !world.broken.has('clamp') && note(`clamp ${tasks}`),
      freeze: () => world.hasFreezer && note('freeze'),
      thaw: () => void (world.hasFreezer && note('thaw')),
      release: (cap) => void note(`release ${cap}`),
      pause: () => undefined,
    },
    end: {
      signal: (signal) => {
        use('signal');
        note(`signal ${signal}`);
      },
      killRound: () => {
        note('kill');
        world.isEmpty = true;
        world.tasks = 0;
      },
      isEmpty: () => world.isEmpty,
    },
    remove: () => true,
    close: async () => {},
  };
}

/** The cgroup of the target, and a host that is far away. */
export function ceilingsOf(world: World): Ceiling[] {
  const facts = { unit: 'tasks', source: '', raise: '' } as const;
  return [
    makeCeiling({ ...facts, name: 'kernel.pid_max', scope: 'host', used: world.hostTasks, limit: 4_000_000 }),
    makeCeiling({ ...facts, name: 'pids.max', path: '/a', scope: 'cgroup', used: world.tasks, limit: world.limit }),
    makeCeiling({
      ...facts,
      name: 'vm.max_map_count',
      scope: 'process',
      unit: 'maps',
      used: world.maps,
      limit: 65_530,
    }),
  ];
}

export interface Scene {
  readonly world: World;
  readonly clock: FakeClock;
  readonly engine: Engine;
  readonly track: Track;
  /** Changes the world, then lets 100 ms pass. */
  look(change?: Partial<World>, ms?: number): void;
  /** Names of the events so far, without samples and without the names of ceilings that refused something. */
  told(): string[];
}

/** A track on a fake target, rehearsed and begun. No reserve, so that 1,000 of the limit is 1,000 of the line. */
export function scene(settings: Partial<Settings> = {}, over: Partial<World> = {}, kind?: Hold['kind']): Scene {
  const clock = new FakeClock();
  const world = newWorld({ ...over, tasks: 0 });
  const engine = new Engine(clock);
  const track = new Track(partsOf({ clock, world }, settings, kind));
  track.rehearse();
  // Born.
  world.tasks = over.tasks ?? 1;
  track.begin();
  engine.add(track);
  return {
    world,
    clock,
    engine,
    track,
    look: (change = {}, ms = 100) => {
      Object.assign(world, change);
      clock.advance(ms - 1);
      engine.wake(track);
      clock.advance(1);
    },
    told: () =>
      world.events
        .filter((event) => event.event !== 'sample' && !(event.event === 'warn' && event.about === 'refusal'))
        .map(({ event }) => event),
  };
}

export function partsOf(
  { clock, id = 'command:fake', world }: { clock: Clock; world: World; id?: string },
  settings: Partial<Settings> = {},
  kind?: Hold['kind'],
): TrackParts {
  const dump = (facts: DumpFacts): Dumped => {
    if (world.broken.has('dump')) throw new Error('no evidence');
    world.done.push('dump');
    world.dumped.push(facts.opinion);
    return { findings: NOTHING_FOUND, lost: [] };
  };
  return {
    id,
    target: fakeTarget(world, kind),
    ceilings: {
      readCeilings: () => {
        if (world.broken.has('ceilings')) throw new Error('no ceilings');
        return ceilingsOf(world);
      },
      host: () => ({ tasks: world.hostTasks, lastPid: world.lastPid }),
    },
    maps: {
      look: () => {},
      get heaviest() {
        return { pid: 42, maps: world.maps };
      },
      perSecond: 0,
      dueInMs: () => Number.POSITIVE_INFINITY,
    },
    settings: { ...DEFAULT_SETTINGS, budget: { shares: {}, reserve: { tasks: 0 } }, ...settings },
    evidence: {
      dump,
      picture: (facts) => void world.pictures.push(facts.opinion),
      lastWords: async () => void world.done.push('last words'),
    },
    report: (event) => void world.events.push(event),
    reap: () => {},
    pulse: { begins: () => {}, beat: () => {}, looked: () => {}, heartbeatMs: undefined },
    clock,
  };
}
