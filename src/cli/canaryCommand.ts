import { Command } from 'commander';
import { canary } from '../canary/canaryAction.ts';
import type { CanaryJudging, CanaryOptions, CanaryOutput, CanarySubjects } from '../canary/canaryOptions.ts';
import { type AnyFlag, readSlice } from '../flags/flag.ts';
import { CANARY_OUTPUT_FLAGS, JUDGING_FLAGS, SUBJECT_FLAGS } from './canaryFlags.ts';
import { addFlags } from './flagOption.ts';
import { launcherPath } from './launcher.ts';

/** `threadguard canary`: whether the candidate grows where the baseline does not. */
export function canaryCommand(): Command {
  const flags = [SUBJECT_FLAGS, JUDGING_FLAGS, CANARY_OUTPUT_FLAGS].flatMap((slice): AnyFlag[] => Object.values(slice));
  return addFlags(new Command('canary'), flags)
    .description('whether a new version leaks threads or maps against the old one')
    .argument('[command...]', 'the candidate, started under the guard, after --')
    .passThroughOptions()
    .action(async (command: string[], given: Record<string, unknown>) => {
      const options: CanaryOptions = {
        subjects: readSlice<CanarySubjects>(SUBJECT_FLAGS, given),
        judging: readSlice<CanaryJudging>(JUDGING_FLAGS, given),
        output: readSlice<CanaryOutput>(CANARY_OUTPUT_FLAGS, given),
      };
      process.exitCode = await canary(options, command, launcherPath);
    });
}
