import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openIncidentDir } from '../../src/evidence/incidentDir.ts';
import { removeOldIncidents } from '../../src/evidence/keep.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tgincident-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const open = (minute: number) =>
  openIncidentDir(dir, {}, `2026-11-24T10-${String(minute).padStart(2, '0')}-00-000Z`, 42);

describe('an incident directory', () => {
  it('is gone when nothing was written, and stays when something was', () => {
    const unused = open(1);
    const used = open(2);
    used.write('incident.json', '{}');
    unused.settle();
    used.settle();
    expect(readdirSync(dir)).toEqual([expect.stringMatching(/^2026-11-24T10-02/)]);
  });
  it('has its files open from the start: a file that is new then needs no descriptor', () => {
    const incident = open(1);
    expect(readdirSync(incident.path)).toEqual([
      'incident.json.part',
      'limits.json.part',
      'samples.ndjson.part',
      'stacks.folded.part',
    ]);
    const taken: number[] = [];
    try {
      // Nothing can be opened any more.
      for (;;) taken.push(openSync('/dev/null', 'r'));
    } catch {
      incident.write('incident.json', '{}');
      // The descriptor that it has given back.
      taken.push(openSync('/dev/null', 'r'));
      expect(() => incident.write('report.html', '')).toThrow(/EMFILE/);
    } finally {
      for (const fd of taken) closeSync(fd);
    }
    incident.settle();
    expect(readdirSync(incident.path)).toEqual(['incident.json']);
  });
  it('a file that cannot be written again keeps what it was', () => {
    const incident = open(1);
    incident.write('incident.json', 'first');
    // In the way of the new one.
    mkdirSync(join(incident.path, 'incident.json.part'));
    expect(() => incident.write('incident.json', 'second')).toThrow(/cannot write .*incident\.json/);
    expect(readFileSync(join(incident.path, 'incident.json'), 'utf8')).toBe('first');
  });
});

it('the oldest go, the newest stay, and so does what is no incident', () => {
  const incidents = [1, 2, 3, 4, 5].map((minute) => {
    const incident = open(minute);
    incident.write('incident.json', '{}');
    return incident;
  });
  open(0);
  mkdirSync(join(dir, 'notes'));
  writeFileSync(join(dir, 'README'), '');
  removeOldIncidents(incidents[4]?.path ?? '', 2);
  expect(readdirSync(dir).map((name) => name.slice(0, 16))).toEqual([
    '2026-11-24T10-00',
    '2026-11-24T10-04',
    '2026-11-24T10-05',
    'README',
    'notes',
  ]);
});
