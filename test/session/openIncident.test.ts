import { existsSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { GuardEvent } from '../../src/policy/event.ts';
import { openIncident } from '../../src/session/openIncident.ts';
import type { Session } from '../../src/session/session.ts';
import { scratch } from '../targets/fakeMachine.ts';

function scene(below?: string) {
  const events: GuardEvent[] = [];
  const dir = scratch();
  writeFileSync(join(dir, 'file'), '');
  const session = {
    start: { notes: { env: {} } },
    options: { evidence: { incidentDir: join(dir, below ?? '') } },
    report: (event: GuardEvent) => void events.push(event),
  } as unknown as Session;
  return { dir, events, open: (attempt: number) => openIncident(session, attempt) };
}

describe('the place for evidence', () => {
  it('is made below the one that was named, by time and pid', () => {
    const { dir, events, open } = scene();
    const incident = open(1);
    expect(dirname(incident.path)).toBe(dir);
    // No colon and no dot: such a name goes through every tool.
    expect(basename(incident.path)).toMatch(/^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z-/);
    expect(basename(incident.path)).toContain(`-${process.pid}-`);
    expect(events).toEqual([]);
    incident.settle();
    expect(existsSync(incident.path)).toBe(false);
  });
  it('is another one for each run', () => {
    const { open } = scene();
    const [first, second] = [open(1), open(2)];
    expect(first.path).not.toBe(second.path);
    for (const one of [first, second]) one.settle();
  });
  it('that cannot be had refuses the first start', () => {
    const { events, open } = scene('file/below');
    expect(() => open(1)).toThrow(/cannot make an incident directory in .*file\/below/);
    expect(events).toEqual([]);
  });
  it('that cannot be had later costs the evidence and not the service', () => {
    const { events, open } = scene('file/below');
    const incident = open(2);
    expect(events).toMatchObject([
      { event: 'error', about: 'evidence', problem: expect.stringMatching(/: this run leaves no evidence$/) },
    ]);
    expect(incident.isUsed()).toBe(false);
    expect(() => incident.write('incident.json', '{}')).toThrow(/cannot make an incident directory/);
    expect(() => incident.settle()).not.toThrow();
  });
});
