import { describe, expect, it } from 'vitest';
import type { GuardEvent } from '../../src/policy/event.ts';
import { CAUSES } from '../../src/policy/verdict.ts';
import { EVENT_NAMES } from '../../src/reporters/eventTable.ts';
import { ndjsonReporter } from '../../src/reporters/ndjsonReporter.ts';
import { opinion, pids, SAMPLES } from '../fixtures/events.ts';
import { schemaErrors } from '../setup/schema.ts';

/** The line of the log that an event makes. */
function lineOf(event: GuardEvent, pid: () => number | undefined = () => 42): Record<string, unknown> {
  const written: string[] = [];
  const stream = { write: (chunk: string) => written.push(chunk) };
  ndjsonReporter({ stream } as never, 'command:sleep', pid)(event);
  expect(written.join('')).toMatch(/^[^\n]*\n$/);
  return JSON.parse(written.join('')) as Record<string, unknown>;
}

const facts = { perSecond: 1.5, inMs: 9_000, shape: 'linear', shapeText: 'it grows', refusals: 3, ended: 'exit 1' };
const variants: readonly (readonly [string, GuardEvent])[] = [
  ...EVENT_NAMES.map((name) => [name, SAMPLES[name]] as const),
  ...CAUSES.map((cause) => [`a trip by ${cause}`, { ...SAMPLES.trip, opinion: { ...opinion, cause } }] as const),
  ['a warning with every fact', { ...SAMPLES.warn, opinion: { ...opinion, ...facts, level: 'warn' } } as GuardEvent],
  ['a policy on a number', { ...SAMPLES.trip, opinion: { ...opinion, cause: 'policy', above: 50 } }],
  [
    'a policy on a share',
    { ...SAMPLES.trip, opinion: { ...opinion, cause: 'policy', above: { share: 0.8, of: 950 } } },
  ],
  [
    'a refusal by another ceiling',
    { event: 'warn', about: 'refusal', ceiling: pids, verdict: 'proved', evidence: ['x'], tasks: 9 },
  ],
  ['a cap that somebody changed', { event: 'warn', about: 'cap', moved: 'max', cap: 950 }],
  ['an escape', { event: 'warn', about: 'escape', pids: [7, 9], returned: 1 }],
  ['no room', { event: 'warn', about: 'room', room: 3, needed: 9 }],
  ['nothing holds it', { ...SAMPLES.contained, by: 'sampling', cap: 'max', binding: null, line: null, maps: null }],
  [
    'a first sample',
    { ...SAMPLES.sample, maps: undefined, refused: undefined, binding: null, additionalThreads: null },
  ],
  ['a sample without a limit', { ...SAMPLES.sample, cap: 'max', additionalThreads: 'unlimited' }],
  ['a clamp that nobody counts', { event: 'clamp', tasks: 5 }],
  ['a post mortem', { ...SAMPLES.dump, postMortem: { ...opinion, cause: 'refused', ended: 'exit 1' } }],
  ['survivors', { ...SAMPLES.kill, survivors: [7, 9] }],
  ['an end by a signal', { ...SAMPLES.exit, ended: { by: 'signal', signal: 'SIGKILL' }, incident: '/i' }],
  ['the end of a stranger', { ...SAMPLES.exit, ended: { by: 'gone' } }],
  [
    'an end with little to tell',
    {
      ...SAMPLES.exit,
      summary: { ...SAMPLES.exit.summary, peakMaps: undefined, nearest: undefined, refused: undefined },
    },
  ],
  ['a reload that is not whole', { ...SAMPLES.reload, needsRestart: ['contain'] }],
  [
    'an error with details',
    { event: 'error', about: 'gave-up', problem: 'x', details: { crashes: 3, ok: false, why: 'y', none: undefined } },
  ],
  ...(['clamp', 'release', 'dump', 'terminate', 'kill', 'trip', 'warn', 'sample'] as const).map(
    (name) => [`a dry ${name}`, { ...SAMPLES[name], dryRun: true } as GuardEvent] as const,
  ),
];

describe('a line of the log keeps its schema', () => {
  it.for(variants)('%s', ([, event]) => {
    expect(schemaErrors('events.json', lineOf(event))).toEqual([]);
  });
  it('before there is a pid', () => {
    const line = lineOf(SAMPLES.start, () => undefined);
    expect(line).not.toHaveProperty('pid');
    expect(schemaErrors('events.json', line)).toEqual([]);
  });
});

describe('a line of the log is refused', () => {
  const line = lineOf(SAMPLES.release);
  it.for(EVENT_NAMES.filter((name) => name !== 'error'))('with a field that %s has not', (name) => {
    expect(schemaErrors('events.json', { ...lineOf(SAMPLES[name]), odd: 1 })).not.toEqual([]);
  });
  it.for(['level', 'time', 'target', 'event', 'msg', 'tasks'])('without %s', (name) => {
    const { [name]: _, ...rest } = line;
    expect(schemaErrors('events.json', rest)).not.toEqual([]);
  });
  it.for([
    ['a cause that there is not', { ...lineOf(SAMPLES.trip), cause: 'mood' }],
    ['a negative count', { ...line, tasks: -1 }],
    ['a level of something else', { ...line, level: 'trip' }],
    ['a time that is none', { ...line, time: 'now' }],
    ['an event that there is not', { ...line, event: 'reboot' }],
    ['the fields of another event', { ...line, event: 'exit' }],
    ['an error about nothing', { ...line, event: 'error' }],
    ['an error with a detail that is a list', { ...lineOf(SAMPLES.error), details: [] }],
  ] as const)('with %s', ([, document]) => {
    expect(schemaErrors('events.json', document)).not.toEqual([]);
  });
});
