import { Command, Option } from 'commander';
import { type ReportFormat, renderReport } from '../session/incidentReport.ts';

/** `threadguard report INCIDENT`: one page to read. */
export function reportCommand(): Command {
  return new Command('report')
    .description('an incident as one page: HTML that needs nothing else, Markdown or JSON')
    .argument('<incident>', 'the directory that a run told as its evidence')
    .showSuggestionAfterError()
    .addOption(new Option('--format <format>', 'of the page').choices(['html', 'md', 'json']).default('html'))
    .action((path: string, flags: { format: ReportFormat }) => {
      process.stdout.write(renderReport(path, flags.format));
    });
}
