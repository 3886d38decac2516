import { describe, expect, it } from 'vitest';
import type { Incident, IncidentTrip } from '../../../src/core/incident.ts';
import type { Cause } from '../../../src/policy/verdict.ts';
import { reportHtml } from '../../../src/reporters/report/html.ts';
import { reportMarkdown } from '../../../src/reporters/report/markdown.ts';
import { pageOf } from '../../../src/reporters/report/page.ts';
import { meaningOf, remedyOf, whyText } from '../../../src/reporters/report/why.ts';
import { madeIncident } from '../../fixtures/incident.ts';
import { schemaErrors } from '../../setup/schema.ts';

/** The compiler sees to it that none is missing. */
const CAUSES: Readonly<Record<Cause, RegExp | undefined>> = {
  'max-tasks': /raise --max-tasks \(now 3,000\)/,
  'max-maps': /raise --max-maps \(now 3,000\)/,
  budget: undefined,
  forecast: /shorter --horizon/,
  leash: /larger --leash/,
  foreign: /Find out who else uses pids\.max of \/app: threadguard limits --who/,
  refused: undefined,
  policy: /change the rule pids\.max of \/app in the configuration/,
};
const ROWS = Object.entries(CAUSES) as [Cause, RegExp | undefined][];

const incidentOf = (trip: IncidentTrip, more: Partial<Incident['document']> = {}): Incident => {
  const made = madeIncident();
  return { ...made, document: { ...made.document, trip, ...more } };
};
const tripOf = (cause: string): IncidentTrip => ({
  level: 'trip',
  cause,
  ceiling: 'pids.max of /app',
  line: 3000,
  value: 2999,
  reason: `it reached its line (${cause})`,
});
const why = (incident: Incident): string | undefined => new Map(pageOf(incident).facts).get('why it tripped');

describe.each(ROWS)('an incident that tripped by %s', (cause, remedy) => {
  const incident = incidentOf(tripOf(cause));
  it('is one by the schema', () => {
    expect(schemaErrors('incident.json', incident.document)).toEqual([]);
  });
  it('says why, what that means, and what to do', () => {
    const page = pageOf(incident);
    expect(why(incident)).toBe(`it reached its line (${cause})`);
    expect(new Map(page.facts).get('that means')).toBe(meaningOf({ level: 'trip', cause }));
    const steps = page.next.join('\n');
    if (remedy === undefined) expect(remedyOf(incident.document.trip)).toBeUndefined();
    else expect(steps).toMatch(remedy);
  });
  it('says it in every format', () => {
    const page = pageOf(incident);
    expect(reportHtml(page, { script: '', style: '' })).toContain(`it reached its line (${cause})`);
    expect(reportMarkdown(page)).toContain('it reached its line');
  });
  it('says something without its reason, too', () => {
    const { reason: _, ...silent } = tripOf(cause);
    const text = why(incidentOf(silent)) ?? '';
    expect(text).toMatch(/, at 2,999 of 3,000 \(pids\.max of \/app\)$/);
    expect(text).toContain(meaningOf(silent));
    // Then the meaning is said already.
    expect(pageOf(incidentOf(silent)).facts.map(([name]) => name)).not.toContain('that means');
  });
  it('is the headline if nothing else is known', () => {
    const page = pageOf(incidentOf(tripOf(cause), { headline: '', creators: [], groups: [] }));
    expect(page.headline).toBe(`it reached its line (${cause})`);
  });
});

describe('an incident whose decision is not there', () => {
  const forgotten: IncidentTrip = { level: 'ok' };
  it('was written by a version that forgot it: what was done tells it', () => {
    expect(why(incidentOf(forgotten))).toBe('4,500 tasks conn-N');
  });
  it('nor was anything done', () => {
    expect(why(incidentOf(forgotten, { actions: [] }))).toBe('the guard that wrote this incident did not record it');
  });
  it('has a cause that this version does not know', () => {
    expect(why(incidentOf({ level: 'trip', cause: 'weather', line: 3 }, { actions: [] }))).toBe('weather');
    expect(why(incidentOf({ level: 'trip', cause: 'constructor' }, { actions: [] }))).toBe('constructor');
  });
  it.for(ROWS.map(([cause]) => cause))('never says “?”: %s', (cause) => {
    for (const trip of [forgotten, { level: 'trip' as const, cause }, { level: 'warn' as const, cause, reason: '' }]) {
      const incident = incidentOf(trip, { actions: [], creators: [], groups: [], headline: '' });
      expect(why(incident)).toMatch(/\w/);
      const { facts, headline, next } = pageOf(incident);
      expect([headline, ...facts.flat(), ...next].filter((text) => text === '?' || /: \?/.test(text))).toEqual([]);
    }
  });
});

it('a rule whose name is hostile stays inert', () => {
  const trip = { ...tripOf('policy'), ceiling: '\u001b[31m<b>' };
  expect(remedyOf(trip)).toBe('If the load is honest, change the rule \\x1b[31m<b> in the configuration.');
  const { reason: _, ...silent } = trip;
  expect(whyText(incidentOf(silent).document)).not.toContain('\u001b');
});
