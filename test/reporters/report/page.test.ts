import { describe, expect, it } from 'vitest';
import type { Incident, IncidentDocument } from '../../../src/core/incident.ts';
import { pageOf } from '../../../src/reporters/report/page.ts';
import { madeIncident } from '../../fixtures/incident.ts';

const incident = madeIncident();
/** The made incident with other fields in its document. */
const withDocument = (change: Partial<IncidentDocument>): Incident => ({
  ...incident,
  document: { ...incident.document, ...change },
});
const fact = (of: Incident, name: string): string | undefined => new Map(pageOf(of).facts).get(name);

describe('pageOf', () => {
  const page = pageOf(incident);
  it('the sentence, and the facts below it', () => {
    expect(page.headline).toMatch(/^spawn \(\/app\/server\.py:26\) makes 60% of the threads; 2,700 tasks/);
    expect(page.facts.map(([name]) => name)).toEqual([
      'command',
      'time',
      'why it tripped',
      'that means',
      'tasks',
      'runtimes',
    ]);
    expect(fact(incident, 'why it tripped')).toBe('4,500 tasks reach --max-tasks 4,500');
    expect(fact(incident, 'tasks')).toBe('4,500');
  });
  it('how it grew, if the samples reach back far enough', () => {
    const samples = Array.from({ length: 200 }, (_, index) => ({
      timeMs: 1_000 * index,
      tasks: 100 + 20 * index,
      maps: undefined,
      refused: undefined,
    }));
    expect(fact({ ...incident, samples }, 'growth')).toMatch(/^it /);
    expect(fact(incident, 'growth')).toBeUndefined();
  });
  it('who makes the threads, with the path to it', () => {
    expect(page.creators).toEqual([
      {
        text: 'park_read (/app/server.py:8), called by conn-N (/app/server.py:17), makes 60% of the threads',
        source: 'caught making them 23 times in 24 stops',
        path: ['park_read (/app/server.py:8)', 'conn-N (/app/server.py:17)'],
        share: 0.6,
      },
    ]);
  });
  it('what the threads do, with the program’s own frame marked once', () => {
    expect(page.groups[0]).toMatchObject({
      count: 2700,
      grew: 2699,
      wait: 'reading',
      runtime: 'python',
      names: 'conn-N',
    });
    expect(page.groups[0]?.frames.map(({ isSite }) => isSite)).toEqual([true, false]);
  });
  it('recursion: the own frame is the one nearest to the leaf', () => {
    const [group] = incident.document.groups;
    const frames = [...(group?.frames ?? []), ...(group?.frames ?? [])];
    const recursive = withDocument({ groups: [{ ...(group as NonNullable<typeof group>), frames }] });
    expect(pageOf(recursive).groups[0]?.frames.map(({ isSite }) => isSite)).toEqual([true, false, false, false]);
  });
  it('a group in which all is plumbing has no own frame', () => {
    const [group] = incident.document.groups;
    const bare = withDocument({ groups: [{ ...(group as NonNullable<typeof group>), site: undefined }] });
    expect(pageOf(bare).groups[0]).toMatchObject({ site: '', frames: [{ isSite: false }, { isSite: false }] });
  });
  it('what was done, by the time from the trip', () => {
    expect(page.steps.map(({ action, at }) => [action, at])).toEqual([
      ['warn', '−100 ms'],
      ['trip', '+0 ms'],
      ['clamp', '+1 ms'],
    ]);
  });
  it('a time that is none is unknown', () => {
    const [step] = pageOf(withDocument({ actions: [{ time: 'yesterday', action: 'kill', message: 'x' }] })).steps;
    expect(step).toEqual({ at: 'unknown', action: 'kill', message: 'x' });
  });
  it('what was seen, what it cost, and what was not seen', () => {
    expect(page.coverage.join('\n')).toMatch(
      /4,498 of 4,500 tasks.*stopped 6 times, for 170 ms in all, 31 ms at most.*2 tasks ended/s,
    );
    const gentle = withDocument({ coverage: { ...incident.document.coverage, stops: 0 } });
    expect(pageOf(gentle).coverage[1]).toBe('the target was not stopped for it');
  });
  it('nothing was read of it: that is not said as “0 of 0”', () => {
    const nothing = { found: 0, covered: 0, named: 0, tookMs: 0, stops: 0, stoppedMs: 0, longestStopMs: 0 };
    expect(pageOf(withDocument({ coverage: nothing, notes: ['it had ended'] })).coverage).toEqual(['it had ended']);
  });
  it('an incident with nothing but a trip is a page too', () => {
    const bare = pageOf({
      document: { ...incident.document, headline: '', creators: [], groups: [], actions: [], runtimes: [] },
      samples: [],
      ceilings: { before: [], after: [] },
      missing: ['limits.json cannot be read (ENOENT)'],
    });
    expect(bare.headline).toBe('4,500 tasks reach --max-tasks 4,500');
    expect(bare.coverage).toContain('limits.json cannot be read (ENOENT)');
    expect(bare.facts.map(([name]) => name)).toEqual(['command', 'time', 'why it tripped', 'that means', 'tasks']);
  });
});

it('no text of a hostile incident turns a terminal', () => {
  const hostile = '\u001b[31mred\u0007\n';
  const made = madeIncident(hostile);
  const page = pageOf({
    ...made,
    document: {
      ...made.document,
      headline: hostile,
      notes: [hostile],
      runtimes: [hostile],
      trip: { level: 'trip', reason: hostile },
      creators: made.document.creators.map((one) => ({ ...one, executor: hostile, source: hostile })),
      actions: made.document.actions.map((one) => ({ ...one, action: hostile, message: hostile })),
    },
    missing: [hostile],
  });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
  expect(JSON.stringify(page)).not.toMatch(/[\u0000-\u001f]|(?<!\\)\\(u001b|u0007|n)/);
});
