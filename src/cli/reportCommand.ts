import { Command } from 'commander';
import { type FlagsOf, readSlice } from '../flags/flag.ts';
import { choice } from '../flags/words.ts';
import { type ReportFormat, renderReport } from '../session/incidentReport.ts';
import { addFlags } from './flagOption.ts';

interface Flags {
  readonly format: ReportFormat;
}

const FLAGS: FlagsOf<Flags> = {
  format: {
    name: 'format',
    kind: choice(['html', 'md', 'json'], '<format>'),
    default: 'html',
    help: 'form of the page',
  },
};

/** `threadguard report INCIDENT`: one page to read. */
export function reportCommand(): Command {
  return addFlags(new Command('report'), Object.values(FLAGS))
    .description('an incident as one page: HTML that needs no other file, Markdown or JSON')
    .usage('[options] INCIDENT')
    .argument('<incident>', 'the directory that the guard named as its evidence')
    .action((path: string, given: Record<string, unknown>) => {
      process.stdout.write(renderReport(path, readSlice<Flags>(FLAGS, given).format));
    });
}
