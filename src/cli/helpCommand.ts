import { Command } from 'commander';
import { nearest } from '../config/nearest.ts';
import { GuardError } from '../errors.ts';

export const HELP = 'help';

/** Gives a command that has commands below it a `help` for them. Commander's own says nothing about a name that it does not know. */
export function addHelp(parent: Command, path: string): Command {
  const help = new Command(HELP)
    .description('show the help of a command')
    .argument('[command...]')
    .action((words: string[]) => find(parent, path, words).help());
  return parent.addCommand(help).helpCommand(false);
}

/** The command with these words; for no words the parent itself. */
function find(parent: Command, path: string, words: readonly string[]): Command {
  let found = parent;
  for (const word of words) {
    const next = found.commands.find((command) => command.name() === word);
    if (next === undefined) {
      const meant = nearest(
        word,
        found.commands.map((command) => command.name()),
      );
      throw new GuardError('unknown-command', `unknown command '${word}'`, {
        hint: meant === undefined ? `${path} --help lists every command` : `Did you mean ${meant}?`,
      });
    }
    found = next;
  }
  return found;
}
