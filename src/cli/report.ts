import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import type { IncidentDir } from '../evidence/incident.ts';
import { readIncident } from '../evidence/readIncident.ts';
import { type ChartLibrary, reportHtml } from '../reporters/report/html.ts';
import { reportMarkdown } from '../reporters/report/markdown.ts';
import { pageOf } from '../reporters/report/page.ts';

type Format = 'html' | 'md' | 'json';

/** `threadguard report INCIDENT`: one page to read. */
export function reportCommand(): Command {
  return new Command('report')
    .description('an incident as one page: HTML that needs nothing else, Markdown or JSON')
    .argument('<incident>', 'the directory that a run told as its evidence')
    .showSuggestionAfterError()
    .addOption(new Option('--format <format>', 'of the page').choices(['html', 'md', 'json']).default('html'))
    .action((path: string, flags: { format: Format }) => {
      process.stdout.write(report(path, flags.format));
    });
}

function report(path: string, format: Format): string {
  const incident = readIncident(path);
  if (format === 'json')
    return `${JSON.stringify({ ...incident.document, samples: incident.samples, ceilings: incident.ceilings })}\n`;
  const page = pageOf(incident);
  return format === 'md' ? reportMarkdown(page) : reportHtml(page, chartLibrary());
}

/** At the end of an incident: the page beside it. */
export function writeReport(incident: IncidentDir): void {
  incident.write('report.html', report(incident.path, 'html'));
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
