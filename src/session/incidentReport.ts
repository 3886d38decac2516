import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ceilingDocument } from '../core/ceiling.ts';
import type { Incident } from '../core/incident.ts';
import { jsonLine } from '../core/units.ts';
import { errnoOf, GuardError } from '../errors.ts';
import type { IncidentDir } from '../evidence/incidentDir.ts';
import { readIncident } from '../evidence/readIncident.ts';
import { type ChartLibrary, reportHtml } from '../reporters/report/html.ts';
import { reportMarkdown } from '../reporters/report/markdown.ts';
import { pageOf } from '../reporters/report/page.ts';

export type ReportFormat = 'html' | 'md' | 'json';

/** The incident at `path` as one document. Throws a GuardError where it cannot be read or shown, and no other error. */
export function renderReport(path: string, format: ReportFormat): string {
  const incident = readIncident(path);
  try {
    if (format === 'json') return jsonOf(incident);
    const page = pageOf(incident);
    return format === 'md' ? reportMarkdown(page) : reportHtml(page, chartLibrary());
  } catch (error) {
    // What is not looked at by the check of its shape: a field that is nested 100,000 deep, for example.
    throw new GuardError('no-incident', `${path} is no incident that can be shown (${errnoOf(error)})`, {
      hint: 'it was not written by threadguard, or changed since: read incident.json itself',
      exitCode: 1,
      cause: error,
    });
  }
}

function jsonOf({ ceilings, document, samples }: Incident): string {
  const shown = { before: ceilings.before.map(ceilingDocument), after: ceilings.after.map(ceilingDocument) };
  return jsonLine({ ...document, samples, ceilings: shown });
}

/** At the end of an incident: the page beside it. */
export function writeReport(incident: IncidentDir): void {
  incident.write('report.html', renderReport(incident.path, 'html'));
}

/** Without it the page has its drawing. */
function chartLibrary(): ChartLibrary {
  try {
    const require = createRequire(import.meta.url);
    const read = (name: string): string => readFileSync(join(require.resolve('uplot'), '..', name), 'utf8');
    return { script: read('uPlot.iife.min.js'), style: read('uPlot.min.css') };
  } catch {
    return { script: '', style: '' };
  }
}
