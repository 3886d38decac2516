import { Command } from 'commander';
import { changedKeys, readRunOptions, runFlags } from '../flags/runFlags.ts';
import type { Reload, RunOptions } from '../session/runOptions.ts';
import { addFlags } from './flagOption.ts';
import { applyConfig, applyEnvironment } from './layers.ts';
import { withRefusals } from './refusals.ts';

/**
 * The `run` command with every flag. Flags after COMMAND belong to the command. `again` reads the configuration file once
 * more, with the same command line and environment.
 */
export function runCommand(action: (options: RunOptions, again: Reload) => Promise<void>): Command {
  return flagsOfRun()
    .argument('<command...>', 'the command and its arguments, after --')
    .action(async (words: string[], _: unknown, command: Command) => {
      const given = givenFlags(command);
      const options = await settle(words, command);
      await action(options, async () => {
        const next = await settle(words, withGiven(given));
        return { settings: next.settings, needsRestart: changedKeys(options, next) };
      });
    });
}

/**
 * The options that `run` would have with these words, which need not name a command. Throws for what `run` would refuse.
 * The command that is returned knows where each value came from.
 */
export async function parseRunWords(
  words: readonly string[],
): Promise<{ readonly options: RunOptions; readonly command: Command }> {
  const command = withRefusals(flagsOfRun().argument('[command...]'), 'threadguard run');
  command.parse([...words], { from: 'user' });
  return { options: await settle(command.args, command), command };
}

function flagsOfRun(): Command {
  const command = new Command('run')
    .description('guard a command')
    .usage('[options] -- COMMAND [ARG...]')
    .passThroughOptions();
  return addFlags(command, runFlags());
}

type Given = readonly (readonly [key: string, value: unknown])[];

function givenFlags(command: Command): Given {
  return command.options
    .map((option) => option.attributeName())
    .filter((key) => command.getOptionValueSource(key) === 'cli')
    .map((key) => [key, command.getOptionValue(key)] as const);
}

function withGiven(given: Given): Command {
  const command = flagsOfRun();
  for (const [key, value] of given) command.setOptionValueWithSource(key, value, 'cli');
  return command;
}

/** The options from the flags, then the environment, then the file. */
async function settle(words: readonly string[], command: Command): Promise<RunOptions> {
  applyEnvironment(command, process.env);
  const { service } = readRunOptions(words, command.opts(), []);
  if (service.config === undefined) return readRunOptions(words, command.opts(), []);
  // Only those who use a file pay for it: YAML and the schema take 30 ms.
  const { loadConfig } = await import('../config/load.ts');
  const loaded = loadConfig(service.config);
  applyConfig(command, loaded);
  return readRunOptions(words, command.opts(), loaded.rules);
}
