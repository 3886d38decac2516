import { describe, expect, it } from 'vitest';
import { CapKeeper } from '../../src/engine/capKeeper.ts';
import { Observer } from '../../src/engine/observer.ts';
import type { Settings } from '../../src/policy/settings.ts';
import type { Hold, Target } from '../../src/targets/contracts.ts';
import { FakeClock, newWorld, partsOf, type World } from './fakes.ts';

function scene(settings: Partial<Settings> = {}, over: Partial<World> = {}, kind?: Hold['kind'], more = {}) {
  const world = newWorld({ ...over, tasks: 0 });
  const plain = partsOf({ clock: new FakeClock(), world }, settings, kind);
  const target: Target = { ...plain.target, ...more };
  const parts = { ...plain, target };
  const cap = new CapKeeper(parts.settings, target.brake);
  const observer = new Observer(parts, cap);
  observer.rehearse();
  cap.rehearse(observer.capLine);
  observer.begin();
  /** A whole look. */
  const read = (nowMs: number, change: Partial<World> = {}) => {
    Object.assign(world, change);
    const sample = observer.sample(nowMs);
    return { sample, reading: observer.read(sample, false) };
  };
  return { cap, observer, parts, read, world };
}

describe('a sample', () => {
  it('reads refusals before tasks, so that none is seen below the line', () => {
    const { observer, parts } = scene();
    const order: string[] = [];
    Object.assign(parts.target.meter, {
      refused: () => order.push('refused'),
      tasks: () => order.push('tasks'),
    });
    observer.sample(0);
    expect(order).toEqual(['refused', 'tasks']);
  });
});

describe('what holds it', () => {
  const alone = Number.MAX_SAFE_INTEGER;
  it.each<[Hold['kind'], number, string]>([
    ['cgroup-v2', 1_000, 'cap'],
    ['cgroup-v1', 1_000, 'cap'],
    ['rlimit', 1_000, 'rlimit'],
    ['sampling', 1_000, 'surroundings'],
    ['sampling', alone, 'nothing'],
  ])('%s with %d around it: %s', (kind, limit, by) => {
    expect(scene({}, { limit }, kind).observer.heldBy).toBe(by);
  });
  it('RLIMIT_NPROC trips below its cap, because nobody counts what it refuses', () => {
    const { observer } = scene({}, {}, 'rlimit');
    expect([observer.taskLine, observer.capLine]).toEqual([936, 1_000]);
  });
  it('only where nothing holds does what it makes meanwhile count', () => {
    const margin = (limit: number) => {
      const { read } = scene({ maxTasks: 5_000 }, { limit }, 'sampling');
      read(100, { tasks: 0 });
      // A thousand a second, and 50 ms to act in.
      return read(200, { tasks: 100 }).reading.hold;
    };
    expect([margin(alone), margin(1_000)]).toEqual([
      { by: 'nothing', marginTasks: 50 },
      { by: 'surroundings', marginTasks: 0 },
    ]);
  });
});

describe('the distance', () => {
  it.each<[string, Partial<Settings>, Hold['kind'], number, number]>([
    ['to the cap', {}, 'cgroup-v2', 400, 600],
    ['to the leash', { leash: 50 }, 'cgroup-v2', 10, 40],
    ['to the line in a dry run', { dryRun: true, maxTasks: 700 }, 'cgroup-v2', 400, 300],
    ['to the line where nothing holds', { maxTasks: 700 }, 'sampling', 400, 300],
    ['negative above it', { maxTasks: 700 }, 'sampling', 900, -200],
  ])('%s', (_, settings, kind, tasks, want) => {
    expect(scene(settings, {}, kind).observer.distance(tasks)).toBe(want);
  });
});

describe('whether a whole look is worth it', () => {
  const glance = (change: Partial<World>, sinceMs = 100, settings: Partial<Settings> = {}) => {
    const { observer, read, world } = scene(settings);
    read(1_000, { tasks: 100 });
    Object.assign(world, change);
    const sample = observer.sample(1_000 + sinceMs);
    return observer.isUneventful(sample, 'calm', observer.distance(sample.tasks));
  };
  const rule = {
    name: 'a',
    resource: 'tasks',
    above: 9_999,
    exhaustsWithinMs: undefined,
    growsPerSecond: undefined,
    lasts: { samples: 1 },
    steps: ['warn'],
  } as const;
  it.each<[string, boolean, boolean]>([
    ['not when nothing happened', glance({}), true],
    ['not for 7 more tasks', glance({ tasks: 107 }), true],
    ['for 8 more', glance({ tasks: 108 }), false],
    ['for 8 fewer', glance({ tasks: 92 }), false],
    ['for 64 of the host', glance({ hostTasks: 164 }), false],
    ['for 64 maps', glance({ maps: 74 }), false],
    ['for one refusal', glance({ refused: 1 }), false],
    ['after five seconds', glance({}, 5_000), false],
    ['not before', glance({}, 4_999), true],
    ['after one where rules count samples', glance({}, 1_000, { rules: [rule] }), false],
  ])('%s', (_, is, want) => {
    expect(is).toBe(want);
  });
  it('one after a reload is, and one in any stage but calm', () => {
    const { observer, parts, read } = scene();
    const { sample } = read(10);
    expect(observer.isUneventful(sample, 'calm', 900)).toBe(true);
    expect(observer.isUneventful(sample, 'warned', 900)).toBe(false);
    observer.reload(parts.settings);
    expect(observer.isUneventful(sample, 'calm', 900)).toBe(false);
  });
});

describe('the first look at a child that was just born', () => {
  it.each<[string, Partial<World>, boolean]>([
    ['is a glance: all was read a moment before', { tasks: 1 }, true],
    ['is a whole one where the child grew meanwhile', { tasks: 9 }, false],
    ['is a whole one where the host did', { tasks: 1, hostTasks: 164 }, false],
  ])('%s', (_, change, want) => {
    const { observer, world } = scene();
    Object.assign(world, change);
    const sample = observer.sample(10);
    expect(observer.isUneventful(sample, 'calm', observer.distance(sample.tasks))).toBe(want);
  });
  it('knows how many maps are many', () => {
    const { observer, parts } = scene({ maxMaps: 500 });
    let line: number | undefined;
    Object.assign(parts.maps, { look: (_: number, __: number, at: number | undefined) => (line = at) });
    observer.sample(10);
    expect(line).toBe(500);
  });
});

describe('what a look knows', () => {
  it('the peak before it, and refusals since the last one', () => {
    const { read } = scene();
    read(100, { tasks: 50, refused: 3 });
    const { reading } = read(200, { tasks: 80, refused: 4 });
    expect(reading).toMatchObject({ peakTasks: 50, tasks: 80, maps: 10, refusals: { now: 1 } });
  });
  it('the pen, and none where its numbers cannot be read', () => {
    const pen = (state: object | undefined) => ({ pen: { read: () => state, sharers: () => 2, setLimit: () => {} } });
    const numbers = { used: 9, limit: 10, refused: 5 };
    const whole = { used: 9, limit: 10, sharers: 2, askedForMs: undefined };
    expect(scene({}, {}, undefined, pen(numbers)).read(0).reading.limits.pen).toEqual(whole);
    expect(scene({}, {}, undefined, pen(undefined)).read(0).reading.limits.pen).toBeUndefined();
  });
  it.each<[string, readonly number[], readonly number[], readonly (number | undefined)[]]>([
    ['somebody is refused at the pen, look after look', [5, 6, 8, 8], [0, 0, 0, 0], [undefined, 0, 100, undefined]],
    ['this target is refused somewhere', [0, 0, 0, 0], [0, 3, 3, 9], [undefined, 0, undefined, 0]],
  ])('%s', (_, atPen, own, want) => {
    const numbers = { used: 10, limit: 10, refused: 0 };
    const pen = { read: () => numbers, sharers: () => 2, setLimit: () => {} };
    const { read } = scene({}, {}, undefined, { pen });
    const asked = atPen.map((refused, look) => {
      numbers.refused = refused;
      return read(look * 100, { refused: own[look] as number }).reading.limits.pen?.askedForMs;
    });
    expect(asked).toEqual(want);
  });
  it('the evidence ends with the sample at hand, and has it once', () => {
    const { observer, read } = scene();
    read(100, { tasks: 1 });
    const { sample } = read(200, { tasks: 2 });
    const opinion = { level: 'trip', cause: 'budget', ceiling: 'a', unit: 'tasks' } as const;
    const facts = observer.factsOf(opinion, sample);
    expect([facts.samples.map(({ timeMs }) => timeMs), facts.tasks, facts.opinion]).toEqual([[100, 200], 2, opinion]);
    expect(facts.ceilingsAtStart[1]?.used).toBe(0);
  });
});
