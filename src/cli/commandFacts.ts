import type { Command, Option } from 'commander';

/** A command as a manual or a shell wants to know it. */
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
  readonly description: string;
  readonly choices: readonly string[];
  readonly defaultText: string | undefined;
}

export function factsOf(command: Command, parent = ''): CommandFacts {
  const name = `${parent}${command.name()}`;
  return {
    name,
    description: command.description(),
    usage: command.usage(),
    options: command.options.filter(({ hidden }) => !hidden).map(optionFacts),
    commands: command.commands.map((inner) => factsOf(inner, `${name} `)),
  };
}

function optionFacts(option: Option): OptionFacts {
  const { argChoices, defaultValue, defaultValueDescription, description, flags, long, negate } = option;
  const told = defaultValueDescription ?? (typeof defaultValue === 'string' ? defaultValue : undefined);
  return {
    long: long ?? flags,
    value: /[<[].*$/.exec(flags)?.[0] ?? '',
    description,
    choices: argChoices ?? [],
    defaultText: negate || told === 'none' ? undefined : told,
  };
}
