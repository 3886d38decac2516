import { describe, expect, it } from 'vitest';
import { EVENTS } from '../../src/reporters/event.ts';
import { EVENT_FIELDS } from '../../src/schemas/eventFieldSchemas.ts';
import { schemaErrors } from '../setup/schema.ts';

/** A line of the log as each event gives one, beside the fields that all have. */
const LINES: readonly (readonly [event: string, fields: Record<string, unknown>])[] = [
  ['start', { command: ['sleep', '1'], scheduling: 'realtime', ceilings: [], attempt: 1 }],
  ['contained', { by: 'cgroup-v1', cap: 512, cannot: [], fallbacks: ['not delegated'], intervalMs: 245.5 }],
  ['contained', { by: 'sampling', cap: 'max', cannot: [], fallbacks: [], intervalMs: 1 }],
  [
    'sample',
    {
      tasks: 5,
      maps: 12,
      refused: 0,
      cap: 512,
      growthPerSecond: 0.1,
      binding: 'pids.max of /a',
      additionalThreads: 9,
      latenessMs: 0.2,
    },
  ],
  [
    'sample',
    { tasks: 5, cap: 'max', growthPerSecond: -3, binding: null, additionalThreads: null, latenessMs: 0, dryRun: true },
  ],
  [
    'warn',
    {
      cause: 'budget',
      ceiling: 'the budget on pids.max of /a',
      line: 100,
      value: 81,
      reason: 'why',
      shape: 'linear',
      tasks: 81,
      maps: 9,
    },
  ],
  ['warn', { cause: 'policy', ceiling: 'slow leak', reason: 'why', tasks: 81, dryRun: true }],
  ['warn', { refusedBy: 'RLIMIT_NPROC', path: 'uid 1000', verdict: 'inferred', evidence: ['it printed'], tasks: 81 }],
  ['warn', { cap: 512 }],
  ['warn', { room: 10, needed: 20 }],
  ['trip', { cause: 'max-tasks', ceiling: '--max-tasks', line: 100, value: 101, reason: 'why', tasks: 101, maps: 4 }],
  ['clamp', { tasks: 100, cap: 101 }],
  ['clamp', { tasks: 100, dryRun: true }],
  ['release', { tasks: 50 }],
  ['dump', { tasks: 100 }],
  ['dump', { cause: 'refused', reason: 'exit 2, after pids.max had refused it a task once' }],
  ['terminate', { tasks: 100 }],
  ['kill', { emptyMs: 12.5, survivors: [] }],
  ['kill', { tasks: 100, dryRun: true }],
  [
    'exit',
    {
      by: 'signal',
      signal: 'SIGKILL',
      peakTasks: 100,
      peakMaps: 12,
      nearest: { label: 'pids.max', share: 1 },
      refused: 3,
      refusedBy: [{ ceiling: 'RLIMIT_NPROC', path: 'uid 1000', verdict: 'proved' }],
      actions: { warn: 1, trip: 1, kill: 1 },
      lateness: { p99Ms: 0.5, worstMs: 3 },
      stoppedByGuard: true,
      leftTasks: 0,
      cgroupRemoved: true,
      dropped: 0,
      incident: '/var/lib/threadguard/x',
    },
  ],
  ['restart', { reason: 'trip', attempt: 2, delayMs: 300, crashes: 0, trips: 2 }],
  ['rollback', { by: 'exit', code: 0 }],
  ['reload', { config: '/etc/guard.yaml', rules: 2 }],
  ['error', {}],
  ['error', { gaveUp: true, crashes: 6, trips: 0 }],
  ['error', { by: 'timeout' }],
  ['error', { action: 'clamp' }],
];
const line = (event: string, fields: Record<string, unknown>): Record<string, unknown> => ({
  level: 'info',
  time: '2026-01-02T03:04:05.678Z',
  target: 'command:sleep',
  pid: 42,
  event,
  ...fields,
  msg: 'a sentence',
});

describe('a line of the log', () => {
  it.for(LINES)('%s %j is allowed', ([event, fields]) => {
    expect(schemaErrors('events.json', line(event, fields))).toEqual([]);
  });
  it.for(LINES.map(([event, fields]) => [event, { ...fields, odd: 1 }] as const))(
    '%s with a field that it has not is refused',
    ([event, fields]) => {
      expect(schemaErrors('events.json', line(event, fields))).not.toEqual([]);
    },
  );
  it.for(['level', 'time', 'target', 'event', 'msg'])('without %s is refused', (name) => {
    const { [name]: _, ...rest } = line('reload', { config: 'a', rules: 0 });
    expect(schemaErrors('events.json', rest)).not.toEqual([]);
  });
  it.for([
    ['a cause that there is not', line('trip', { cause: 'mood', reason: 'why', tasks: 1 })],
    ['a negative count', line('release', { tasks: -1 })],
    ['a level of something else', { ...line('release', { tasks: 1 }), level: 'trip' }],
    ['a time that is none', { ...line('release', { tasks: 1 }), time: 'now' }],
    ['an event that there is not', line('reboot', { tasks: 1 })],
    ['the fields of another event', line('exit', { tasks: 1 })],
  ] as const)('with %s is refused', ([, document]) => {
    expect(schemaErrors('events.json', document)).not.toEqual([]);
  });
});

it('every event has a schema and an example here', () => {
  const described = [...Object.keys(EVENT_FIELDS), 'error'].sort();
  expect(described).toEqual([...EVENTS].sort());
  expect([...new Set(LINES.map(([event]) => event))].sort()).toEqual(described);
});
