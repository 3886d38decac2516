import { describe, expect, it } from 'vitest';
import type { Ceiling } from '../../src/core/model.ts';
import type { Rehearsal } from '../../src/engine/parts.ts';
import type { GuardEvent } from '../../src/policy/event.ts';
import type { Line } from '../../src/policy/lines.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../src/policy/settings.ts';
import { announce } from '../../src/session/announce.ts';
import type { Session } from '../../src/session/session.ts';
import type { ChildTarget } from '../../src/targets/contracts.ts';
import { pids } from '../fixtures/events.ts';

const onTasks: Line = { cause: 'budget', ceiling: 'pids.max of /a', unit: 'tasks', at: 951 };
const onMaps: Line = { cause: 'max-maps', ceiling: '--max-maps', unit: 'maps', at: 5_000 };

interface Scene {
  readonly settings?: Partial<Settings>;
  readonly plan?: Partial<Rehearsal>;
  readonly command?: readonly string[];
  readonly losses?: readonly string[];
  readonly metrics?: string;
  readonly ceilings?: readonly Ceiling[];
}

/** The two events that are told of a run. */
function told({ ceilings = [pids], command = ['a'], losses = [], metrics, plan = {}, settings = {} }: Scene = {}) {
  const events: GuardEvent[] = [];
  const session = {
    options: { command },
    start: { losses, standing: { scheduling: 'realtime' } },
    settings: { now: { ...DEFAULT_SETTINGS, ...settings } },
    outlets: { exposed: { address: metrics } },
    report: (event: GuardEvent) => void events.push(event),
  } as unknown as Session;
  const target = {
    hold: { kind: 'cgroup-v2', description: 'pids cgroup /x', cannot: ['fly'] },
    brake: { isHeld: true },
  } as unknown as ChildTarget;
  announce(session, {
    target,
    fallbacks: ['not by magic'],
    attempt: 2,
    ceilings,
    recordsCreators: true,
    losses: ['no place of its own'],
    plan: { cap: 950, around: undefined, tasks: onTasks, maps: onMaps, intervalMs: 200, ...plan },
  });
  return events;
}

describe('before a run', () => {
  it('the start is told first, then what holds it', () => {
    expect(told().map(({ event }) => event)).toEqual(['start', 'contained']);
    expect(told()).toMatchObject([
      { attempt: 2, scheduling: 'realtime', ceilings: [pids] },
      { attempt: 2, by: 'cgroup-v2', holder: 'pids cgroup /x', isHeld: true, cap: 950, intervalMs: 200 },
    ]);
  });
  it('where only a limit of somebody else holds it, that is what is named', () => {
    const [, contained] = told({ plan: { around: { ...pids, limit: 1_024 } } });
    expect(contained).toMatchObject({ holder: 'pids.max of /a (1,024 tasks), which stands around it' });
    expect(contained).not.toMatchObject({ cannot: expect.arrayContaining(['fly']) });
    expect(JSON.stringify(contained)).toContain('protects what is outside of it');
  });
  it('a secret of the command is in neither of them', () => {
    const events = told({ command: ['app', '--password', 'hunter2', 'https://me:hunter2@host/'] });
    expect(JSON.stringify(events)).not.toContain('hunter2');
    expect(events).toMatchObject([{ command: ['app', '--password', '[redacted]', expect.anything()] }, {}]);
  });
  it('what this hold cannot do stands before what else was lost', () => {
    expect(told({ losses: ['no libc'] })[1]).toMatchObject({
      cannot: ['fly', 'no libc', 'no place of its own'],
      fallbacks: ['not by magic'],
    });
  });
  it('the policies are told by name', () => {
    const rules = [{ name: 'small' }, { name: 'big' }] as unknown as Settings['rules'];
    expect(told({ settings: { rules } })[1]).toMatchObject({ policies: ['small', 'big'] });
  });
  it('the settings in force are told, not the usual ones', () => {
    const settings = { until: 'warn', graceMs: 7, dryRun: true } as const;
    expect(told({ settings })[1]).toMatchObject(settings);
  });
  it.each([
    ['served', '127.0.0.1:9', '127.0.0.1:9'],
    ['not served', undefined, null],
  ])('metrics that are %s', (_, metrics, want) => {
    expect(told(metrics === undefined ? {} : { metrics })[1]).toMatchObject({ metrics: want });
  });
});

describe('the line that is told', () => {
  it.each<[string, Line, number, object]>([
    ['of a budget says which', onTasks, 0.8, { warnAt: 761, tripAt: 951, setBy: 'budget on pids.max of /a' }],
    [
      'of a flag is that flag',
      { ...onTasks, cause: 'max-tasks', ceiling: '--max-tasks', at: 10 },
      0.5,
      { warnAt: 5, tripAt: 10, setBy: '--max-tasks' },
    ],
    ['is never warned of beyond itself', onTasks, 1, { warnAt: 951, tripAt: 951, setBy: 'budget on pids.max of /a' }],
  ])('%s', (_, tasks, warnAt, want) => {
    expect(told({ plan: { tasks }, settings: { warnAt } })[1]).toMatchObject({ line: want });
  });
  it('of maps has no warning of its own', () => {
    expect(told()[1]).toHaveProperty('maps', { tripAt: 5_000, setBy: '--max-maps' });
  });
  it('is null where there is none', () => {
    expect(told({ plan: { tasks: undefined, maps: undefined } })[1]).toMatchObject({ line: null, maps: null });
  });
});

describe('the ceiling that binds', () => {
  it('is the tightest', () => {
    const tight = { ...pids, path: '/tight', additionalThreads: 3 };
    expect(told({ ceilings: [pids, tight] })[1]).toMatchObject({ binding: tight });
  });
  it('is null where none has a number', () => {
    expect(told({ ceilings: [{ ...pids, additionalThreads: 'unlimited' }] })[1]).toMatchObject({ binding: null });
  });
});
