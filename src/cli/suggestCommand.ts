import { Command } from 'commander';
import { readTaskRecording } from '../canary/taskRecording.ts';
import { suggestLimit } from '../core/growth/suggestLimit.ts';
import { jsonLine } from '../core/units.ts';
import { type FlagsOf, readSlice } from '../flags/flag.ts';
import { yes } from '../flags/words.ts';
import { suggestedLimitDocument, suggestedLimitText } from '../reporters/suggestedLimit.ts';
import { addFlags } from './flagOption.ts';

interface Flags {
  readonly json: boolean;
}

const FLAGS: FlagsOf<Flags> = {
  json: { name: 'json', kind: yes, default: false, help: 'print one JSON document' },
};

/** `threadguard suggest-limit`: a limit on tasks from what was recorded, with its reasons. Exit 1 where there is none. */
export function suggestCommand(): Command {
  return addFlags(new Command('suggest-limit'), Object.values(FLAGS))
    .description('a limit on tasks from recordings, with its reasons')
    .usage('[options] FILE...')
    .argument('<file...>', 'recordings of threadguard record')
    .action((files: string[], given: Record<string, unknown>) => {
      const found = suggestLimit(files.map(readTaskRecording));
      const { json } = readSlice<Flags>(FLAGS, given);
      process.stdout.write(json ? jsonLine(suggestedLimitDocument(found)) : suggestedLimitText(found));
      if (found.limit === undefined) process.exitCode = 1;
    });
}
