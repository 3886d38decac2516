import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Budget } from '../../src/core/budget.ts';
import { makeCeiling } from '../../src/core/ceiling.ts';
import { type HeldBy, isAsking, lineOf, linesOf, type Reading } from '../../src/policy/lines.ts';
import { DEFAULT_SETTINGS } from '../../src/policy/settings.ts';
import { decideVerdict } from '../../src/policy/verdict.ts';

const facts = { source: '', raise: '' };
const pids = makeCeiling({
  ...facts,
  name: 'pids.max',
  path: '/a',
  scope: 'cgroup',
  unit: 'tasks',
  used: 0,
  limit: 1_000,
});
const maps = makeCeiling({
  ...facts,
  name: 'vm.max_map_count',
  scope: 'process',
  unit: 'maps',
  used: 0,
  limit: 65_530,
});
const memory = (additional: number) =>
  makeCeiling({
    ...facts,
    name: 'memory.max',
    path: '/a',
    scope: 'cgroup',
    unit: 'bytes',
    used: 0,
    limit: additional * 1_000,
    cost: { thread: 1_000, process: 0, map: 0 },
  });
const tasksBudget: Budget = { ceiling: pids, allowed: 1_000, setBy: 'share' };
const mapsBudget: Budget = { ceiling: maps, allowed: 63_564, setBy: 'share' };
const quiet = { now: 0, atLine: 0, looksAtLine: 0, leashLooks: 0 };
const still = { shortPerSecond: 0, longPerSecond: 0, gained: 0 };
const fast = { shortPerSecond: 10, longPerSecond: 10, gained: 300 };
type Over = Partial<Omit<Reading, 'limits' | 'refusals' | 'hold'>> & {
  limits?: Partial<Reading['limits']>;
  refusals?: Partial<Reading['refusals']>;
  by?: HeldBy;
  marginTasks?: number;
};
const reading = ({ by = 'cap', limits, marginTasks = 0, refusals, ...over }: Over = {}): Reading => ({
  nowMs: 60_000,
  startedMs: 0,
  tasks: 100,
  peakTasks: 100,
  maps: 50,
  growth: still,
  memory: [],
  ...over,
  refusals: { ...quiet, ...refusals },
  hold: { by, marginTasks },
  limits: {
    maxTasks: undefined,
    maxMaps: undefined,
    budgets: [tasksBudget, mapsBudget],
    roomAtStart: new Map([['pids.max /a', 1_000]]),
    mapsPerSecond: 0,
    ...limits,
  },
});
const asking = { now: 1, atLine: 6, looksAtLine: 1 };
const verdictOf = (over: Over): string => {
  const verdict = decideVerdict(DEFAULT_SETTINGS, reading(over));
  return verdict.level === 'ok' ? 'ok' : `${verdict.level} ${verdict.cause}`;
};

describe('what a look says', () => {
  it.each<[string, Over, string]>([
    ['quiet', {}, 'ok'],
    ['at 80 % of the budget', { tasks: 800 }, 'warn budget'],
    ['just below', { tasks: 799 }, 'ok'],
    ['at the budget, and content', { tasks: 1_000 }, 'warn budget'],
    [
      'at the budget, a handful refused at once',
      { tasks: 1_000, refusals: { now: 5, atLine: 5, looksAtLine: 1 } },
      'warn budget',
    ],
    ['at the budget, and it goes on asking', { tasks: 1_000, refusals: asking }, 'trip budget'],
    [
      'a few at a time, look after look',
      { tasks: 1_000, refusals: { now: 1, atLine: 3, looksAtLine: 3 } },
      'trip budget',
    ],
    ['counted a moment late', { tasks: 998, refusals: asking }, 'trip budget'],
    ['refused far below its line: somebody else did that', { tasks: 500, refusals: asking }, 'ok'],
    ['exactly --max-tasks and content', { tasks: 300, limits: { maxTasks: 300 } }, 'warn budget'],
    ['exactly --max-tasks and asking', { tasks: 300, refusals: asking, limits: { maxTasks: 300 } }, 'trip max-tasks'],
    ['--max-maps', { maps: 60, limits: { maxMaps: 60 } }, 'trip max-maps'],
    ['near --max-maps', { maps: 50, limits: { maxMaps: 60 } }, 'warn budget'],
    ['maps at 97 % of their limit', { maps: 63_564 }, 'trip budget'],
    ['an honest program at 62,000 maps', { maps: 62_000 }, 'warn budget'],
    ['the leash in ten looks', { refusals: { leashLooks: 10 } }, 'trip leash'],
    ['in nine', { refusals: { leashLooks: 9 } }, 'ok'],
    ['growth that reaches the line in minutes', { tasks: 500, peakTasks: 500, growth: fast }, 'warn forecast'],
    [
      'never a trip, however fast',
      { tasks: 790, peakTasks: 790, growth: { ...fast, longPerSecond: 9e4, shortPerSecond: 9e4 } },
      'warn forecast',
    ],
    ['not in the first seconds', { tasks: 500, peakTasks: 500, growth: fast, nowMs: 5_000 }, 'ok'],
    ['not on the way back up to a number that it had', { tasks: 500, peakTasks: 600, growth: fast }, 'ok'],
    ['not of a handful', { tasks: 500, peakTasks: 500, growth: { ...fast, gained: 40 } }, 'ok'],
    [
      'not beyond the horizon',
      { tasks: 500, peakTasks: 500, growth: { ...fast, longPerSecond: 1, shortPerSecond: 1 } },
      'ok',
    ],
    ['memory never makes a line', { tasks: 500, memory: [memory(10)] }, 'ok'],
    [
      'but growth that uses it up is said',
      { tasks: 500, peakTasks: 500, growth: fast, memory: [memory(100)] },
      'warn forecast',
    ],
  ])('%s → %s', (_, over, want) => {
    expect(verdictOf(over)).toBe(want);
  });
  it('a forecast names what is nearest', () => {
    const verdict = decideVerdict(
      DEFAULT_SETTINGS,
      reading({ tasks: 500, peakTasks: 500, growth: fast, memory: [memory(100)] }),
    );
    expect(verdict).toMatchObject({ ceiling: 'memory.max of /a', line: 600, inMs: 10_000, perSecond: 10 });
  });
});

describe('who used up a shared ceiling', () => {
  const shared: Budget = { ceiling: { ...pids, additionalThreads: 0, remaining: 0 }, allowed: 20, setBy: 'reserve' };
  const full = (over: Over): string => verdictOf({ refusals: asking, limits: { budgets: [shared] }, ...over });
  it.each<[string, Over, string]>([
    ['others, and the target stands still', { tasks: 20 }, 'warn foreign'],
    ['the target, by most of it', { tasks: 600 }, 'trip budget'],
    ['others took more, but it grows itself', { tasks: 100, growth: { ...fast, gained: 60 } }, 'trip budget'],
    ['a little growth is no guilt', { tasks: 20, growth: { ...fast, gained: 40 } }, 'warn foreign'],
  ])('%s → %s', (_, over, want) => {
    expect(full(over)).toBe(want);
  });
  it('a share that the target holds itself is its own', () => {
    expect(full({ tasks: 20, limits: { budgets: [{ ...shared, setBy: 'share' }] } })).toBe('trip budget');
  });
});

describe('the pen around several guards', () => {
  const pen = (used: number, askedForMs: number | undefined = 0) => ({ used, limit: 1_900, sharers: 3, askedForMs });
  const full = (over: Over): string => verdictOf({ ...over, limits: { pen: pen(1_900) } });
  it.each<[string, Over, string]>([
    ['not full', { tasks: 600, limits: { pen: pen(1_500) } }, 'ok'],
    [
      'full, by one that grew by its share',
      { tasks: 700, growth: { ...fast, gained: 480 }, limits: { pen: pen(1_899) } },
      'trip budget',
    ],
    ['full, by one that holds most of it for long', { tasks: 955, limits: { pen: pen(1_900, 60_000) } }, 'trip budget'],
    ['full, and the target only stands in it', { tasks: 400, limits: { pen: pen(1_900) } }, 'warn foreign'],
  ])('%s → %s', (_, over, want) => {
    expect(verdictOf(over)).toBe(want);
  });
  it('a honest start beside a bomb is not guilty', () => {
    expect(full({ tasks: 200, growth: { ...fast, gained: 200 } })).toBe('warn foreign');
  });
  it('names it', () => {
    const it = decideVerdict(DEFAULT_SETTINGS, reading({ tasks: 955, limits: { pen: pen(1_900, 60_000) } }));
    expect(it).toMatchObject({ ceiling: 'the sum of all guarded commands here', line: 1_900, value: 955 });
  });
});

describe('where the line is, and when it is crossed', () => {
  const line = (over: Over, unit: 'tasks' | 'maps' = 'tasks') => lineOf(linesOf(reading(over)), unit);
  it.each<[string, Over, 'tasks' | 'maps', number]>([
    ['the budget', {}, 'tasks', 1_000],
    ['the lower of two', { limits: { maxTasks: 700 } }, 'tasks', 700],
    ['RLIMIT_NPROC: so far below the cap that asking is seen', { by: 'rlimit' }, 'tasks', 936],
    ['a tenth of a small one', { by: 'rlimit', limits: { maxTasks: 30 } }, 'tasks', 27],
    ['never below one task', { by: 'rlimit', limits: { maxTasks: 1 } }, 'tasks', 1],
    ['maps that stand still', {}, 'maps', 63_564],
    ['maps that come by the thousand: half a second before', { limits: { mapsPerSecond: 10_000 } }, 'maps', 58_564],
    ['never below 85 %', { limits: { mapsPerSecond: 1e6 } }, 'maps', 55_700],
    ['--max-maps is the word of the operator', { limits: { maxMaps: 500, mapsPerSecond: 1e6 } }, 'maps', 500],
  ])('%s', (_, over, unit, want) => {
    expect(line(over, unit)?.at).toBe(want);
  });
  it.each<[HeldBy, number, number, boolean]>([
    ['cap', 1_000, 0, false],
    ['surroundings', 1_000, 0, false],
    ['surroundings', 1_001, 0, true],
    ['rlimit', 936, 0, false],
    ['rlimit', 937, 0, true],
    ['nothing', 1_000, 0, false],
    ['nothing', 1_001, 0, true],
    ['nothing', 600, 401, true],
    ['nothing', 600, 400, false],
  ])('held by %s, %i tasks with a margin of %i: %s', (by, tasks, marginTasks, want) => {
    const it = reading({ by, tasks, marginTasks });
    expect(isAsking(lineOf(linesOf(it), 'tasks') as NonNullable<ReturnType<typeof line>>, tasks, it)).toBe(want);
  });
});

it('nothing below its line ever trips, whatever else a look sees', () => {
  const held = fc.constantFrom<HeldBy>('cap', 'rlimit', 'surroundings');
  fc.assert(
    fc.property(
      fc.record({
        by: held,
        tasks: fc.integer({ min: 1, max: 900 }),
        maps: fc.integer({ min: 0, max: 55_000 }),
        gained: fc.integer({ min: -2_000, max: 2_000 }),
        perSecond: fc.integer({ min: 0, max: 100_000 }),
        refused: fc.nat(10_000),
        room: fc.nat(10_000),
        mapsPerSecond: fc.nat(400_000),
      }),
      ({ by, gained, maps: held, mapsPerSecond, perSecond, refused, room, tasks }) => {
        const growth = { shortPerSecond: perSecond, longPerSecond: perSecond, gained };
        const refusals = { now: refused, atLine: refused, looksAtLine: refused };
        const over = { by, tasks, peakTasks: tasks, maps: held, growth, refusals, memory: [memory(room)] };
        expect(verdictOf({ ...over, limits: { mapsPerSecond } })).not.toMatch(/^trip/);
      },
    ),
    { seed: 15, numRuns: 1_000 },
  );
});
