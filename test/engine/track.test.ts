import { describe, expect, it } from 'vitest';
import type { Settings } from '../../src/policy/settings.ts';
import type { Hold } from '../../src/targets/contracts.ts';
import { rule } from '../fixtures/rule.ts';
import { type Scene, scene, type World } from './fakes.ts';

/** One look after the other; a number is so many looks in which nothing changes. */
type Story = readonly (Partial<World> | number)[];
function tell(story: Story, settings: Partial<Settings> = {}, kind?: Hold['kind']): Scene {
  const it = scene(settings, {}, kind);
  for (const chapter of story) {
    if (typeof chapter === 'object') it.look(chapter);
    else for (let i = 0; i < chapter; i += 1) it.look();
  }
  return it;
}
/** It stands at its line and is refused in three looks: it goes on asking. */
const asking = (tasks: number): Story => [{ tasks, refused: 1 }, { refused: 2 }, { refused: 3 }];

describe('situations, and what is done in which order', () => {
  it.each<{
    name: string;
    story: Story;
    settings?: Partial<Settings>;
    kind?: Hold['kind'];
    done: string[];
    told: string[];
  }>([
    { name: 'calm for a minute', story: [600], done: [], told: [] },
    { name: 'near the line', story: [{ tasks: 850 }, 5], done: [], told: ['warn'] },
    { name: 'at the line, and content', story: [{ tasks: 1_000 }, 300], done: [], told: ['warn'] },
    {
      name: 'at the line, refused a handful once',
      story: [{ tasks: 1_000, refused: 5 }, 300],
      done: [],
      told: ['warn'],
    },
    {
      name: 'at the line, and it goes on asking',
      story: asking(1_000),
      done: ['clamp 1000', 'dump'],
      told: ['warn', 'trip', 'clamp', 'dump'],
    },
    {
      name: 'a burst of refusals is asking too',
      story: [{ tasks: 1_000, refused: 6 }],
      done: ['clamp 1000'],
      told: ['trip', 'clamp'],
    },
    {
      name: 'evidence one look after the clamp, and the end of one that pushes',
      story: [...asking(1_000), 1, { refused: 4 }, { refused: 5 }, { refused: 6 }],
      done: ['clamp 1000', 'dump', 'signal SIGTERM'],
      told: ['warn', 'trip', 'clamp', 'dump', 'terminate'],
    },
    {
      name: 'patience for one that was clamped and stopped asking',
      story: [...asking(1_000), 40],
      done: ['clamp 1000', 'dump'],
      told: ['warn', 'trip', 'clamp', 'dump'],
    },
    {
      name: 'and its end',
      story: [...asking(1_000), 60],
      done: ['clamp 1000', 'dump', 'signal SIGTERM'],
      told: ['warn', 'trip', 'clamp', 'dump', 'terminate'],
    },
    {
      name: 'one that recedes is released',
      story: [...asking(1_000), 1, { tasks: 500 }, 60],
      done: ['clamp 1000', 'dump', 'release 1000'],
      told: ['warn', 'trip', 'clamp', 'dump', 'release'],
    },
    {
      name: 'refused at --max-tasks',
      story: asking(60),
      settings: { maxTasks: 60 },
      done: ['clamp 60', 'dump'],
      told: ['warn', 'trip', 'clamp', 'dump'],
    },
    {
      name: '--until warn only warns',
      story: [...asking(1_000), 200],
      settings: { until: 'warn' },
      done: [],
      told: ['warn'],
    },
    {
      name: '--until clamp leaves it clamped',
      story: [...asking(1_000), { refused: 300 }, 200],
      settings: { until: 'clamp' },
      done: ['clamp 1000'],
      told: ['warn', 'trip', 'clamp'],
    },
    {
      name: '--until dump',
      story: [...asking(1_000), { refused: 300 }, 200],
      settings: { until: 'dump' },
      done: ['clamp 1000', 'dump'],
      told: ['warn', 'trip', 'clamp', 'dump'],
    },
    {
      name: '--until terminate never kills',
      story: [...asking(1_000), { refused: 300 }, 300],
      settings: { until: 'terminate', graceMs: 1_000 },
      done: ['clamp 1000', 'dump', 'signal SIGTERM'],
      told: ['warn', 'trip', 'clamp', 'dump', 'terminate'],
    },
    {
      name: '--dump-timeout 0 takes no picture',
      story: [...asking(1_000), { refused: 300 }],
      settings: { dumpTimeoutMs: 0 },
      done: ['clamp 1000', 'signal SIGTERM'],
      told: ['warn', 'trip', 'clamp', 'terminate'],
    },
    {
      name: '--grace 0 sends no SIGTERM',
      story: [...asking(1_000), 1, { refused: 300 }],
      settings: { graceMs: 0 },
      done: ['clamp 1000', 'dump', 'last words'],
      told: ['warn', 'trip', 'clamp', 'dump'],
    },
    {
      name: 'a dry run touches nothing and says all',
      story: [...asking(1_000), 1, { refused: 300 }],
      settings: { dryRun: true },
      done: [],
      told: ['warn', 'trip', 'clamp', 'dump', 'terminate'],
    },
    {
      name: 'maps at their limit leave no time',
      story: [{ maps: 64_000 }, 3],
      done: ['clamp 1', 'dump', 'signal SIGTERM'],
      told: ['trip', 'clamp', 'dump', 'terminate'],
    },
    { name: 'an honest program at 62,000 maps', story: [{ maps: 62_000 }, 300], done: [], told: ['warn'] },
    {
      name: '--max-maps',
      story: [{ maps: 800 }, 3],
      settings: { maxMaps: 800 },
      done: ['clamp 1', 'dump', 'signal SIGTERM'],
      told: ['trip', 'clamp', 'dump', 'terminate'],
    },
    {
      name: 'the leash of the operator: the cap follows the target',
      story: [{ tasks: 100 }, { tasks: 200 }],
      settings: { leash: 50 },
      done: ['cap 51', 'cap 150', 'cap 250'],
      told: [],
    },
    {
      name: 'RLIMIT_NPROC counts no refusals: above the line is asking',
      story: [{ tasks: 940, refused: undefined }, 30],
      kind: 'rlimit',
      done: ['clamp 940', 'dump', 'signal SIGTERM'],
      told: ['trip', 'clamp', 'dump', 'terminate'],
    },
    {
      name: 'and at the line is not',
      story: [{ tasks: 936, refused: undefined }, 300],
      kind: 'rlimit',
      done: [],
      told: ['warn'],
    },
    {
      name: 'the limit of a container holds what the guard cannot: no half lines',
      story: [{ tasks: 1_000, refused: undefined }, 300],
      kind: 'sampling',
      done: [],
      told: ['warn'],
    },
  ])('$name', ({ done, kind, settings, story, told }) => {
    const it = tell(story, settings, kind);
    const caps =
      settings?.leash === undefined ? it.world.done.filter((what) => !what.startsWith('cap ')) : it.world.done;
    expect(caps).toEqual(done);
    expect(it.told().filter((name) => name !== 'error' && name !== 'kill')).toEqual(told);
  });
});

describe('the leash of the operator', () => {
  /** It stands at its leash in so many looks in a row, refused each time. */
  const pressed = (looks: number) => {
    const it = scene({ leash: 50, until: 'clamp' });
    for (let i = 1; i <= looks; i += 1) it.look({ tasks: it.track.cap as number, refused: i }, 1);
    return it;
  };
  it('trips one that outruns it in ten looks in a row', () => {
    expect(pressed(10).track.because).toMatchObject({ cause: 'leash', refusals: 10 });
  });
  it('and not one that meets it a few times', () => {
    expect(pressed(9).told()).not.toContain('trip');
  });
});

it.each([
  ['a limit around it: the kernel refuses there', {}, 'sampling', 249],
  ['its own line, far below the limit around it: nothing else stops it there', { maxTasks: 300 }, 'sampling', 5],
  ['its own line, with a cap there', { maxTasks: 300 }, 'cgroup-v2', 75],
] as const)('one at rest is looked at in time for %s', (_, settings, kind, intervalMs) => {
  expect(scene(settings, {}, kind).track.rehearse().intervalMs).toBe(intervalMs);
});

describe('where nothing holds', () => {
  const alone = { limit: Number.MAX_SAFE_INTEGER, hostTasks: 100 };
  const at = (tasks: number, ms: number) => {
    const it = scene({ maxTasks: 1_000 }, { ...alone, refused: undefined }, 'sampling');
    it.look({}, 1_000);
    it.look({ tasks }, ms);
    return it;
  };
  it('a fast burst is met before the line, by how much it makes until the guard can act', () => {
    expect(at(900, 100).told()).toContain('trip');
  });
  it('one that comes there slowly, and rests there, is not', () => {
    const it = scene({ maxTasks: 1_000 }, { ...alone, refused: undefined }, 'sampling');
    for (let tasks = 1; tasks <= 990; tasks += 10) it.look({ tasks }, 1_000);
    for (let i = 0; i < 50; i += 1) it.look();
    expect(it.told()).toEqual(['warn']);
  });
  it('a storm of processes that trips is killed at once', () => {
    const it = scene({ maxTasks: 1_000 }, { ...alone, refused: undefined, isStorming: true }, 'sampling');
    it.look({ tasks: 1_200 });
    expect([it.track.stage.at, it.world.done]).toEqual(['killed', ['dump', 'last words']]);
  });
});

describe('rules of the operator beside the lines of the guard', () => {
  it('a rule that clamps does not switch off --max-maps', () => {
    const it = scene({ maxMaps: 800, rules: [rule(['clamp'])] });
    it.look({ tasks: 9 });
    for (let i = 0; i < 20; i += 1) it.look({ maps: 1_600 });
    expect(it.world.done).toEqual(['clamp 9', 'dump', 'signal SIGTERM']);
    expect(it.track.because).toMatchObject({ cause: 'max-maps' });
  });
  it('nor the budget: what it tripped for is said again', async () => {
    const it = tell([{ tasks: 1_000 }, ...asking(1_000), 1, { refused: 500 }], { rules: [rule(['clamp'])] });
    await it.track.settled();
    expect(it.world.done).toEqual(['clamp 1000', 'dump', 'signal SIGTERM', 'last words', 'kill']);
    const trips = it.world.events.flatMap((event) => (event.event === 'trip' ? [event.opinion.cause] : []));
    expect(trips).toEqual(['policy', 'budget']);
  });
  it('a milder rule never takes the place of a stronger trip', () => {
    const it = tell([...asking(1_000), { tasks: 1_000 }, 5], {
      rules: [rule(['clamp'], { above: 999, lasts: { samples: 5 } })],
    });
    expect(it.track.because).toMatchObject({ cause: 'budget' });
  });
  it('one that only looks warns and takes evidence, and the ladder stays where it is', () => {
    const it = tell([{ tasks: 9 }, 5], { rules: [rule(['warn', 'dump'])] });
    expect([it.told(), it.world.dumped.length, it.track.stage.at]).toEqual([['warn', 'dump'], 1, 'calm']);
  });
  it('one that kills without a SIGTERM', async () => {
    const it = tell([{ tasks: 9 }, 3], { rules: [rule(['kill'])] });
    await it.track.settled();
    expect(it.world.done).toEqual(['clamp 9', 'dump', 'last words', 'kill']);
  });
  it('one that fires while another holds the target goes further', () => {
    const rules = [rule(['clamp']), rule(['terminate'], { name: 'more', resource: 'maps', above: 100 })];
    const it = tell([{ tasks: 9 }, 2, { maps: 200 }, 3], { rules });
    expect(it.world.done).toEqual(['clamp 9', 'dump', 'signal SIGTERM']);
    expect(it.track.because).toMatchObject({ cause: 'policy', ceiling: 'more' });
  });
});

describe('the verdict that tripped stays with what follows', () => {
  it('the evidence says what tripped, although the look that took it saw a target at ease', () => {
    const it = tell([...asking(60), { tasks: 10 }], { maxTasks: 60 });
    expect(it.world.dumped).toMatchObject([{ level: 'trip', cause: 'max-tasks', line: 60 }]);
  });
  it('and so do the stage and the kill', async () => {
    const it = scene({ maxTasks: 60, graceMs: 100 });
    for (const refused of [1, 2, 3, 4, 400]) it.look({ tasks: 60, refused });
    expect(it.track.stage).toMatchObject({ at: 'terminating', because: { cause: 'max-tasks' } });
    await it.clock.advanceSlowly(300);
    expect(it.track.stage).toMatchObject({ at: 'killed', because: { cause: 'max-tasks' } });
    expect(it.told()).toContain('kill');
  });
});

describe('reload', () => {
  it('a lower budget is in force at once', () => {
    const it = scene({ budget: { shares: { cgroup: 0.5 }, reserve: { share: 0 } } });
    expect(it.track.observer.taskLine).toBe(500);
    it.track.reload({ ...settingsOf(it), budget: { shares: { cgroup: 0.05 }, reserve: { share: 0 } } });
    it.look();
    expect(it.track.observer.taskLine).toBe(50);
    expect(it.world.done.at(-1)).toBe('cap 50');
    for (const refused of [7, 8, 9]) it.look({ tasks: 50, refused });
    expect(it.track.because).toMatchObject({ cause: 'budget', line: 50 });
  });
  it('a higher one too', () => {
    const it = scene({ budget: { shares: { cgroup: 0.05 }, reserve: { share: 0 } } });
    it.track.reload({ ...settingsOf(it), budget: { shares: { cgroup: 0.5 }, reserve: { share: 0 } } });
    it.look();
    expect([it.track.observer.taskLine, it.world.done.at(-1)]).toEqual([500, 'cap 500']);
  });
  it('--max-tasks, --leash and --warn-at', () => {
    const it = scene();
    it.look({ tasks: 90 });
    it.track.reload({ ...settingsOf(it), maxTasks: 100, leash: 5, warnAt: 0.5 });
    it.look();
    expect([it.track.observer.taskLine, it.world.done.at(-1), it.told()]).toEqual([100, 'cap 95', ['warn']]);
  });
  it('a trip that is under way keeps the steps that it began with', () => {
    const it = tell([...asking(1_000), 1], { graceMs: 7_000 });
    it.track.reload({ ...settingsOf(it), until: 'clamp', graceMs: 1 });
    it.look({ refused: 400 });
    expect(it.track.stage).toMatchObject({ at: 'terminating', reach: { graceMs: 7_000 } });
  });
  it('a rule that is the same does not fire again; a changed one may', () => {
    const it = tell([{ tasks: 9 }, 3], { rules: [rule(['warn'])] });
    it.track.reload({ ...settingsOf(it), rules: [rule(['warn'])] });
    it.look({}, 2_000);
    expect(it.told()).toEqual(['warn']);
    it.track.reload({ ...settingsOf(it), rules: [rule(['warn'], { above: 6 })] });
    it.look({}, 2_000);
    expect(it.told()).toEqual(['warn', 'warn']);
  });
});
const settingsOf = (_: Scene): Settings => ({ ...DEFAULTS });
const DEFAULTS = {
  ...(await import('../../src/policy/settings.ts')).DEFAULT_SETTINGS,
  budget: { shares: {}, reserve: { tasks: 0 } },
};

describe('what goes wrong outside', () => {
  it('a meter that throws is said once, is tried again, and the next trouble is said again', () => {
    const it = scene();
    it.look({ broken: new Set(['tasks']) });
    for (let i = 0; i < 10; i += 1) it.look();
    expect(it.told()).toEqual(['error']);
    it.look({ broken: new Set() });
    it.look({}, 1_000);
    it.look({ broken: new Set(['tasks']) });
    expect(it.told()).toEqual(['error', 'error']);
  });
  it('a cap that the kernel does not take is said once, and the old one counts', () => {
    const it = scene({ leash: 50 }, { broken: new Set(['cap']) });
    for (let tasks = 100; tasks < 110; tasks += 1) it.look({ tasks });
    expect(it.world.events.filter(({ event }) => event === 'error')).toMatchObject([
      {
        about: 'action',
        problem: 'the kernel refused to move the cap of command:fake; the cap of 50 tasks stays in force',
      },
    ]);
    expect(it.track.cap).toBe(50);
  });
  it.each([
    ['clamp', 'clamp failed: the kernel did not take it'],
    ['dump', 'dump failed: no evidence'],
    ['signal', 'terminate failed: EIO'],
  ] as const)('a %s that fails is said, and the ladder goes on', (what, problem) => {
    const it = scene({}, { broken: new Set([what]) });
    for (const refused of [1, 2, 3, 4, 5, 400]) it.look({ tasks: 1_000, refused });
    expect(it.world.events.filter(({ event }) => event === 'error')).toMatchObject([{ about: 'action', problem }]);
    expect(it.track.stage.at).toBe('terminating');
  });
  it('ceilings that cannot be read do not end the looking', () => {
    const it = scene();
    it.look({ broken: new Set(['ceilings']), tasks: 500 });
    it.look({ broken: new Set(), tasks: 900 });
    it.look({}, 500);
    expect(it.told()).toEqual(['error', 'warn']);
  });
});

describe('maps, which no cap holds', () => {
  it('the target stands still until it is told to end', () => {
    const it = scene({}, { hasFreezer: true });
    it.look({ maps: 64_000 });
    for (let i = 0; i < 3; i += 1) it.look();
    expect(it.world.done).toEqual(['clamp 1', 'freeze', 'dump', 'signal SIGTERM', 'thaw']);
    expect(it.world.events).toContainEqual(expect.objectContaining({ event: 'clamp', isFrozen: true }));
  });
  it('tasks are held by the cap: nothing is frozen', () => {
    const it = scene({}, { hasFreezer: true });
    for (const refused of [1, 2, 3]) it.look({ tasks: 1_000, refused });
    expect(it.world.done).not.toContain('freeze');
  });
});

describe('a target that runs as root', () => {
  it('cannot take its cap away: it is put back at once, and said', () => {
    const it = scene();
    it.look({ cap: 'max' });
    expect(it.world.done).toEqual(['cap 1000']);
    expect(it.world.events).toContainEqual({ event: 'warn', about: 'cap', moved: 'max', cap: 1_000 });
  });
  it('the right cap is left alone', () => {
    const it = scene();
    for (let i = 0; i < 5; i += 1) it.look({ cap: 1_000 });
    expect([it.world.done, it.told()]).toEqual([[], []]);
  });
  it('trips when it stands above its line, whatever was refused', () => {
    const it = tell([{ tasks: 610, refused: 0 }], { maxTasks: 600 });
    expect(it.track.because).toMatchObject({ cause: 'max-tasks', value: 610 });
  });
  it('a dry run puts nothing back', () => {
    const it = scene({ dryRun: true });
    it.look({ cap: 5 });
    expect(it.world.done).toEqual([]);
  });
});

describe('pictures before the line', () => {
  const at = (...tasks: number[]): Story => tasks.map((one) => ({ tasks: one }));
  it.each<[string, Story, Partial<Settings>, number]>([
    ['one at --warn-at and one just before the line', at(500, 810, 850, 960, 1_000), {}, 2],
    ['none far away', at(500, 700), {}, 0],
    ['none twice for the same', at(810, 820, 790, 830), {}, 1],
    ['again when it had receded', at(810, 200, 810), {}, 2],
    ['by --warn-at', at(300, 400, 960), { warnAt: 0.35 }, 2],
    ['of maps too', [{ maps: 55_000 }, { maps: 62_000 }], {}, 2],
  ])('%s', (_, story, settings, want) => {
    const it = tell(story, settings);
    expect(it.world.pictures).toHaveLength(want);
    expect(it.world.pictures.every(({ level }) => level === 'warn')).toBe(true);
  });
  it('never where nothing holds the target: there is no time for it', () => {
    const it = scene(
      { maxTasks: 1_000 },
      { limit: Number.MAX_SAFE_INTEGER, refused: undefined, tasks: 960 },
      'sampling',
    );
    it.look();
    expect(it.world.pictures).toEqual([]);
  });
});

describe('who used up a shared ceiling', () => {
  /** The limit is 1,000 with a reserve of 100; others took the rest since the start. */
  const shared = (tasks: number, over: Partial<World> = {}) => {
    const it = scene({ budget: { shares: {}, reserve: { tasks: 100 } } }, { limit: 1_000, tasks: 20, ...over });
    it.look({}, 31_000);
    return { it, look: (refused: number) => it.look({ tasks, refused, limit: tasks + 50 }) };
  };
  it('not the target that stands still: it is warned of', () => {
    const { it, look } = shared(20);
    for (const refused of [10, 20, 30]) look(refused);
    expect(it.world.events).toContainEqual(expect.objectContaining({ event: 'warn', about: 'line' }));
    expect(it.told()).not.toContain('trip');
  });
  it('but one that grew itself is not innocent', () => {
    const { it, look } = shared(400);
    for (const refused of [10, 20, 30]) look(refused);
    expect(it.told()).toContain('trip');
  });
});

it('a simulated day in less than a second, with a sample a second', () => {
  const it = scene();
  const startMs = performance.now();
  for (let hour = 0; hour < 24; hour += 1) {
    it.world.tasks = 100 + Math.round(50 * Math.sin(hour));
    it.clock.advance(3_600_000);
  }
  const samples = it.world.events.filter(({ event }) => event === 'sample').length;
  expect(samples).toBeGreaterThan(75_000);
  expect(it.told()).toEqual([]);
  // The bound is ten times what it takes: it says "simulated", not "fast".
  expect(performance.now() - startMs).toBeLessThan(10_000);
});
