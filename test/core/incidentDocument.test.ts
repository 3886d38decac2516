import { describe, expect, it } from 'vitest';
import type { IncidentTrip } from '../../src/core/incident.ts';
import { type Findings, incidentDocument, NOTHING_READ } from '../../src/core/incidentDocument.ts';
import { groupStacks } from '../../src/core/stackGroups.ts';
import { schemaErrors } from '../setup/schema.ts';

const TRIP: IncidentTrip = {
  level: 'trip',
  cause: 'budget',
  ceiling: 'pids.max of /app',
  line: 80,
  value: 80,
  reason: 'x',
};
const facts = {
  time: '2026-11-24T10:00:00.000Z',
  command: ['server', '--token', 'abc'],
  pid: 42,
  trip: TRIP,
  tasks: 80,
};
const nothing: Findings = { coverage: NOTHING_READ, runtimes: [], notes: [], creators: [], groups: [] };
const groups = groupStacks(
  [7, 8].map((tid) => ({
    pid: 42,
    tid,
    name: `conn-${tid}`,
    wait: 'read' as const,
    runtime: 'native' as const,
    frames: [{ function: 'park', module: 'app' }],
    isWhole: true,
    cpuTicks: 0,
    startTime: tid,
  })),
  'function',
);

describe('incidentDocument', () => {
  it('is what its schema promises, with all and with nothing', () => {
    const actions = [{ time: facts.time, action: 'trip', message: 'x', tasks: 80 }];
    const creators = [{ count: 1, share: 1, source: 'x', executor: 'a pool', frames: [{ function: 'spawn' }] }];
    const documents = [
      incidentDocument(facts, { ...nothing, creators, groups }, actions),
      incidentDocument({ ...facts, pid: undefined }, nothing, []),
    ];
    for (const document of documents) {
      expect(schemaErrors('incident.json', JSON.parse(JSON.stringify(document)))).toEqual([]);
    }
  });
  it('secrets of the command are taken out', () => {
    expect(incidentDocument(facts, nothing, []).command).toEqual(['server', '--token', '[redacted]']);
  });
  it('the headline is what is known, else the reason', () => {
    expect(incidentDocument(facts, { ...nothing, groups }, []).headline).toBe('2 tasks are reading in park (app)');
    expect(incidentDocument(facts, nothing, []).headline).toBe('x');
    expect(incidentDocument({ ...facts, trip: { level: 'ok' } }, nothing, []).headline).toBe('');
  });
  it('a pid that is not known is left out, names are names', () => {
    const document = incidentDocument({ ...facts, pid: undefined }, { ...nothing, groups }, []);
    expect('pid' in document).toBe(false);
    expect(document.groups[0]?.names).toEqual(['conn-N']);
  });
  it('of the verdict only what the contract has', () => {
    const verdict = { ...TRIP, shape: 'ramp', secret: 1 } as IncidentTrip;
    expect(incidentDocument({ ...facts, trip: verdict }, nothing, []).trip).toEqual(TRIP);
    expect(incidentDocument({ ...facts, trip: { level: 'warn' } }, nothing, []).trip).toEqual({ level: 'warn' });
  });
});
