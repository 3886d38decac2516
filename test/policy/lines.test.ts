import { describe, expect, it } from 'vitest';
import type { Budget } from '../../src/core/budget.ts';
import { makeCeiling } from '../../src/core/ceiling.ts';
import {
  type HeldBy,
  isAsking,
  isForeign,
  type Line,
  lineOf,
  linesOf,
  penState,
  type Reading,
} from '../../src/policy/lines.ts';

const still = { shortPerSecond: 0, longPerSecond: 0, gained: 0 };
const quiet = { now: 0, atLine: 0, looksAtLine: 0, leashLooks: 0 };
const noLimits: Reading['limits'] = {
  maxTasks: undefined,
  maxMaps: undefined,
  budgets: [],
  roomAtStart: new Map(),
  mapsPerSecond: 0,
};
interface Over {
  readonly tasks?: number;
  readonly gained?: number;
  readonly by?: HeldBy;
  readonly marginTasks?: number;
  readonly refusals?: Partial<Reading['refusals']>;
  readonly limits?: Partial<Reading['limits']>;
}
const reading = ({ by = 'cap', gained = 0, limits, marginTasks = 0, refusals, tasks = 100 }: Over = {}): Reading => ({
  nowMs: 60_000,
  startedMs: 0,
  tasks,
  peakTasks: tasks,
  maps: undefined,
  growth: { ...still, gained },
  memory: [],
  refusals: { ...quiet, ...refusals },
  hold: { by, marginTasks },
  limits: { ...noLimits, ...limits },
});

/** A ceiling of 1,000 tasks of which `used` are taken, by anybody. */
const ceiling = (used: number, over: { scope?: 'cgroup' | 'process'; name?: string } = {}) =>
  makeCeiling({
    name: 'pids.max',
    scope: 'cgroup',
    unit: 'tasks',
    path: '/a',
    limit: 1_000,
    used,
    source: '',
    raise: '',
    ...over,
  });
const budget = (over: Partial<Budget> = {}): Budget => ({
  ceiling: ceiling(0),
  allowed: 800,
  setBy: 'share',
  ...over,
});
const lineAt = (at: number, over: Partial<Line> = {}): Line => ({
  cause: 'max-tasks',
  ceiling: '--max-tasks',
  unit: 'tasks',
  at,
  ...over,
});

describe('the lines', () => {
  const maps = makeCeiling({
    name: 'vm.max_map_count',
    scope: 'process',
    unit: 'maps',
    limit: 65_530,
    used: 0,
    source: '',
    raise: '',
  });
  const both = [budget(), budget({ ceiling: maps, allowed: 63_564 })];
  const of = (over: Over) => linesOf(reading(over));

  it('are none where nothing sets one', () => {
    expect(of({})).toEqual([]);
    expect(lineOf([], 'tasks')).toBeUndefined();
  });
  it('are one for each budget and each flag, the tightest first', () => {
    const lines = of({ limits: { budgets: both, maxTasks: 900, maxMaps: 100 } });
    expect(lines.map(({ at, cause, unit }) => `${cause} ${unit} ${at}`)).toEqual([
      'max-maps maps 100',
      'budget tasks 800',
      'max-tasks tasks 900',
      'budget maps 63564',
    ]);
  });
  it('each unit has its own tightest', () => {
    const lines = of({ limits: { budgets: both, maxTasks: 900, maxMaps: 100 } });
    expect([lineOf(lines, 'tasks')?.cause, lineOf(lines, 'maps')?.cause]).toEqual(['budget', 'max-maps']);
  });
  it('of a budget know their ceiling', () => {
    const [line] = of({ limits: { budgets: [budget()] } });
    expect(line?.budget?.ceiling.path).toBe('/a');
    expect(line?.ceiling).toContain('pids.max');
  });
  it.each<[HeldBy, number, number]>([
    ['cap', 1_000, 1_000],
    ['surroundings', 1_000, 1_000],
    ['nothing', 1_000, 1_000],
    ['rlimit', 10_000, 9_936],
    ['rlimit', 641, 577],
    ['rlimit', 100, 90],
    ['rlimit', 5, 4],
    ['rlimit', 1, 1],
  ])('held by %s: of %i tasks the line is at %i', (by, maxTasks, at) => {
    expect(of({ by, limits: { maxTasks } })[0]?.at).toBe(at);
  });
  it('of maps are not moved by RLIMIT_NPROC', () => {
    expect(of({ by: 'rlimit', limits: { maxMaps: 100 } })[0]?.at).toBe(100);
  });
});

describe('asking for more', () => {
  it.each<[string, number, Over, boolean]>([
    ['on the line and content', 100, {}, false],
    ['three above it: counted a moment late', 103, {}, false],
    ['four above it: it was let in by another way', 104, {}, true],
    ['five refusals are a handful', 100, { refusals: { atLine: 5 } }, false],
    ['six are not', 100, { refusals: { atLine: 6 } }, true],
    ['one refusal in each of three looks', 100, { refusals: { atLine: 3, looksAtLine: 3 } }, true],
    ['in two', 100, { refusals: { atLine: 2, looksAtLine: 2 } }, false],
    ['three below the line', 97, { refusals: { atLine: 6 } }, true],
    ['four below: refused elsewhere', 96, { refusals: { atLine: 600, looksAtLine: 60 } }, false],
    ['rlimit: one above', 101, { by: 'rlimit' }, true],
    ['rlimit: on it', 100, { by: 'rlimit' }, false],
    ['surroundings: on it, and it goes on', 100, { by: 'surroundings', refusals: { atLine: 6 } }, true],
    ['surroundings: looks alone do not count', 100, { by: 'surroundings', refusals: { looksAtLine: 9 } }, false],
    ['nothing: what it may make meanwhile counts', 60, { by: 'nothing', marginTasks: 41 }, true],
    ['nothing: just enough is left', 60, { by: 'nothing', marginTasks: 40 }, false],
    ['a margin is for where nothing holds', 60, { by: 'cap', marginTasks: 1_000 }, false],
  ])('%s', (_, tasks, over, want) => {
    expect(isAsking(lineAt(100), tasks, reading({ ...over, tasks }))).toBe(want);
  });
  it.each<HeldBy>(['cap', 'rlimit', 'surroundings', 'nothing'])(
    'maps are refused by nobody: at the line (%s)',
    (by) => {
      const line = lineAt(100, { cause: 'max-maps', unit: 'maps' });
      expect([isAsking(line, 99, reading({ by })), isAsking(line, 100, reading({ by }))]).toEqual([false, true]);
    },
  );
});

describe('others used it up', () => {
  /** Of 1,000 free at the start 900 are taken, of which the target holds `tasks`. */
  const foreign = (over: Over, of: Partial<Budget> = {}, before: number | undefined = 1_000) => {
    const line = lineAt(950, { budget: budget({ ceiling: ceiling(900), setBy: 'reserve', ...of }) });
    const roomAtStart = new Map(before === undefined ? [] : [['pids.max /a', before]]);
    return isForeign(line, reading({ ...over, limits: { roomAtStart } }));
  };
  it.each<[string, Over, Partial<Budget>, boolean]>([
    ['it holds a ninth, and stands still', {}, {}, true],
    ['it holds just less than half', { tasks: 449 }, {}, true],
    ['it holds half', { tasks: 450 }, {}, false],
    ['it grew by a twentieth of what was free', { gained: 50 }, {}, false],
    ['a little less', { gained: 49 }, {}, true],
    ['its own share was reached, not the reserve', {}, { setBy: 'share' }, false],
    ['nobody shares the ceiling of a process', {}, { ceiling: ceiling(900, { scope: 'process' }) }, false],
    ['a ceiling that was not there at the start', {}, { ceiling: ceiling(900, { name: 'threads-max' }) }, false],
  ])('%s', (_, over, of, want) => {
    expect(foreign({ tasks: 100, ...over }, of)).toBe(want);
  });
  it('of a place that was nearly full sixteen tasks are growth', () => {
    expect([foreign({ tasks: 1, gained: 15 }, { ceiling: ceiling(997) }, 100)]).toEqual([true]);
    expect([foreign({ tasks: 1, gained: 16 }, { ceiling: ceiling(997) }, 100)]).toEqual([false]);
  });
  it('a line without a budget is the word of the operator', () => {
    expect(isForeign(lineAt(950), reading({ tasks: 1 }))).toBe(false);
  });
});

describe('the pen around the targets of all guards', () => {
  const state = (used: number, over: Over, sharers = 3, askedForMs: number | undefined = 0) =>
    penState(reading({ ...over, limits: { pen: { used, limit: 1_000, sharers, askedForMs } } }));
  it.each<[string, number, Over, { isFull: boolean; isGuilty: boolean }]>([
    ['not full, whatever the target did', 996, { gained: 900, tasks: 900 }, { isFull: false, isGuilty: false }],
    ['full from three below its limit', 997, {}, { isFull: true, isGuilty: false }],
    ['guilty: its share with one more beside the three', 1_000, { gained: 250 }, { isFull: true, isGuilty: true }],
    ['not guilty: less than that', 1_000, { gained: 249 }, { isFull: true, isGuilty: false }],
    [
      'not guilty: it holds most, and may be refused for another',
      1_000,
      { tasks: 900 },
      { isFull: true, isGuilty: false },
    ],
  ])('%s', (_, used, over, want) => {
    expect(state(used, over)).toEqual(want);
  });
  it('full to the very task, and nobody asks for more: that is what it is for', () => {
    const pen = { used: 1_000, limit: 1_000, sharers: 1, askedForMs: undefined };
    expect(penState(reading({ tasks: 1_000, gained: 900, limits: { pen } }))).toEqual({
      isFull: false,
      isGuilty: false,
    });
  });
  it('who stands alone in it is the one that asks', () => {
    expect(state(1_000, { tasks: 400 }, 1)).toEqual({ isFull: true, isGuilty: true });
  });
  it.each([
    [500, 60_000, true],
    [499, 60_000, false],
    [500, 59_999, false],
  ])('%i of 1,000 that are still refused after %i ms: guilty is %s', (tasks, askedForMs, isGuilty) => {
    expect(state(1_000, { tasks }, 3, askedForMs)).toEqual({ isFull: true, isGuilty });
  });
  it('where there is none, it is not full', () => {
    expect(penState(reading({ tasks: 1e6, gained: 1e6 }))).toEqual({ isFull: false, isGuilty: false });
  });
});
