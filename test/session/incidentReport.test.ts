import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openIncidentDir } from '../../src/evidence/incidentDir.ts';
import { renderReport, writeReport } from '../../src/session/incidentReport.ts';
import { madeIncident } from '../fixtures/incident.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tgreport-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function lay(path: string): void {
  const { ceilings, document, samples } = madeIncident();
  writeFileSync(join(path, 'incident.json'), JSON.stringify(document));
  writeFileSync(join(path, 'samples.ndjson'), samples.map((sample) => `${JSON.stringify(sample)}\n`).join(''));
  writeFileSync(join(path, 'limits.json'), JSON.stringify(ceilings));
}

describe('an incident as one document', () => {
  it('a page with the chart library in it', () => {
    lay(dir);
    const html = renderReport(dir, 'html');
    expect(html).toMatch(/^<!doctype html>/);
    expect(html).toContain('uPlot');
    expect(html.match(/sha256-/g)).toHaveLength(4);
  });
  it('Markdown', () => {
    lay(dir);
    expect(renderReport(dir, 'md')).toMatch(/^# spawn /);
  });
  it('JSON, with the samples and the ceilings that lie beside it', () => {
    lay(dir);
    const document = JSON.parse(renderReport(dir, 'json'));
    expect(document).toMatchObject({ schema: 'threadguard.incident/1', trip: { cause: 'max-tasks' } });
    expect([document.samples.length, document.ceilings.after.length]).toEqual([20, 1]);
  });
  it('of a directory that is none there is none', () => {
    expect(() => renderReport(dir, 'html')).toThrow(/is no incident/);
  });
});

it('the page is written beside the incident', () => {
  const incident = openIncidentDir(dir, {}, '2026-11-24T10-00-00-000Z', 42);
  lay(incident.path);
  writeReport(incident);
  expect(readFileSync(join(incident.path, 'report.html'), 'utf8')).toBe(renderReport(incident.path, 'html'));
  incident.settle();
});
