import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
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
    start: { notes: { env: { XDG_STATE_HOME: join(dir, 'file') } } },
    options: { evidence: { incidentDir: below === 'usual' ? undefined : join(dir, below ?? '') } },
    report: (event: GuardEvent) => void events.push(event),
  } as unknown as Session;
  const notes: string[] = [];
  return { dir, events, notes, open: (attempt: number) => openIncident(session, attempt, (one) => notes.push(one)) };
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

// Not root, whose usual place of evidence is the same whatever the environment says.
describe.skipIf(process.getuid?.() !== 0)('where the usual place cannot be written', () => {
  const asOther = <T>(act: () => T): T => {
    const { getuid } = process;
    process.getuid = () => 1_000;
    try {
      return act();
    } finally {
      if (getuid !== undefined) process.getuid = getuid;
    }
  };
  const inTemporary = <T>(dir: string, act: () => T): T => {
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = dir;
    try {
      return asOther(act);
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    }
  };
  it('its own directory instead is a note, at every start', () => {
    const { dir, events, notes, open } = scene('usual');
    for (const attempt of [1, 2]) inTemporary(dir, () => open(attempt)).settle();
    expect(events).toEqual([]);
    expect(notes).toHaveLength(2);
    expect(notes[0]).toMatch(/^no evidence is kept in \S+\/file\/threadguard \(.*\): it goes to \S+\/threadguard-0$/);
  });
  it('that others had made it is an error, once', () => {
    const { dir, events, notes, open } = scene('usual');
    mkdirSync(join(dir, 'threadguard-0'));
    chmodSync(join(dir, 'threadguard-0'), 0o777);
    for (const attempt of [1, 2]) inTemporary(dir, () => open(attempt)).settle();
    expect(notes).toEqual([]);
    expect(events).toMatchObject([
      { event: 'error', about: 'evidence', problem: expect.stringMatching(/may be written by everybody/) },
    ]);
  });
});
