import { Command } from 'commander';
import { jsonSchema } from '../config/schema.ts';
import { type FlagsOf, readSlice } from '../flags/flag.ts';
import { file, yes } from '../flags/words.ts';
import { checkConfiguration, showConfiguration } from './configAnswers.ts';
import { addFlags } from './flagOption.ts';
import { addHelp } from './helpCommand.ts';

interface CheckFlags {
  readonly config: string;
}

interface ShowFlags {
  readonly origin: boolean;
}

const CHECK_FLAGS: FlagsOf<CheckFlags> = {
  config: { name: 'config', kind: file, isRequired: true, help: 'the file' },
};
const SHOW_FLAGS: FlagsOf<ShowFlags> = {
  origin: { name: 'origin', kind: yes, default: false, help: 'say where each setting comes from' },
};

/** `threadguard config check|show|schema`: what a configuration says, without a start. */
export function configCommand(): Command {
  const check = addFlags(new Command('check'), Object.values(CHECK_FLAGS))
    .description('say everything that is wrong with a file')
    .action(async (given: Record<string, unknown>) => {
      process.stdout.write(await checkConfiguration(readSlice<CheckFlags>(CHECK_FLAGS, given).config));
    });
  const show = addFlags(new Command('show'), Object.values(SHOW_FLAGS))
    .description('show every setting as run would have it, from flags, environment and file')
    .usage('[--origin] [options of run]')
    .allowUnknownOption()
    .argument('[words...]')
    .passThroughOptions()
    .action(async (words: string[], given: Record<string, unknown>) => {
      process.stdout.write(await showConfiguration(words, readSlice<ShowFlags>(SHOW_FLAGS, given).origin));
    });
  const schema = new Command('schema').description('print the JSON Schema for editors').action(() => {
    process.stdout.write(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
  });
  const config = new Command('config')
    .description('check, show or describe a configuration of run')
    .enablePositionalOptions()
    .addCommand(check)
    .addCommand(show)
    .addCommand(schema);
  return addHelp(config, 'threadguard config');
}
