import { Command } from 'commander';
import { COMMANDS, HIDDEN_COMMANDS } from './commands.ts';
import { addHelp } from './helpCommand.ts';
import { withRefusals } from './refusals.ts';

/** Does what the words after `threadguard` say. Throws a UsageError or a GuardError for what cannot be done. */
export async function execute(words: readonly string[], version: string): Promise<void> {
  const [word = ''] = words;
  const named = COMMANDS[word] ?? HIDDEN_COMMANDS[word];
  // Help, and the nearest name to an unknown one, need every command.
  const load = named === undefined ? Object.values(COMMANDS) : [named];
  const program = programOf(await Promise.all(load.map((one) => one())), version);
  await withRefusals(program, 'threadguard').parseAsync([...words], { from: 'user' });
}

function programOf(commands: readonly Command[], version: string): Command {
  const program = new Command('threadguard')
    .description('Stops a command before its threads, processes or memory maps exhaust the machine.')
    .version(version)
    .enablePositionalOptions()
    .addHelpText('after', AFTER_HELP);
  for (const command of commands) program.addCommand(command);
  return addHelp(program, 'threadguard');
}

const AFTER_HELP = `
Examples:
  threadguard run -- ./server --port 8080
  threadguard run --max-tasks 800 --grace 30s -- java -jar broker.jar
  threadguard run --dry-run --log-format json -- make -j8

Exit status: that of the command; 113 the guard stopped it; 114 restarts are used up; 125 the guard failed;
126 the command is not executable; 127 the command was not found.`;
