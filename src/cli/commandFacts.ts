import type { Command } from 'commander';
import { defaultOf, placeholderOf } from '../flags/flag.ts';
import { describe, FlagOption } from './flagOption.ts';
import { HELP } from './helpCommand.ts';

/** What a manual page or a completion script needs to know about a command. */
export interface CommandFacts {
  /** `run`, or `config check`. */
  readonly name: string;
  readonly description: string;
  readonly usage: string;
  readonly options: readonly OptionFacts[];
  readonly commands: readonly CommandFacts[];
}

export interface OptionFacts {
  readonly long: string;
  /** `<file>`; empty for one that takes nothing. */
  readonly value: string;
  /** One line, without choices and default. */
  readonly help: string;
  /** The same line with them. */
  readonly description: string;
  /** More sentences, in Markdown; empty where the line says all. */
  readonly docs: string;
  readonly group: string | undefined;
  readonly choices: readonly string[];
  readonly defaultText: string | undefined;
}

export function factsOf(command: Command, parent = ''): CommandFacts {
  const name = `${parent}${command.name()}`;
  return {
    name,
    description: command.description(),
    usage: command.usage(),
    options: command.options.filter((option) => option instanceof FlagOption).map(optionFacts),
    commands: command.commands.filter((inner) => inner.name() !== HELP).map((inner) => factsOf(inner, `${name} `)),
  };
}

function optionFacts({ flag }: FlagOption): OptionFacts {
  return {
    long: `--${flag.name}`,
    value: placeholderOf(flag),
    help: flag.help,
    description: describe(flag),
    docs: flag.docs ?? '',
    group: flag.group,
    choices: flag.kind.choices ?? [],
    defaultText: defaultOf(flag),
  };
}
