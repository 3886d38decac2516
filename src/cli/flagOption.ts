import { type Command, InvalidArgumentError, Option } from 'commander';
import { type AnyFlag, defaultOf, placeholderOf } from '../flags/flag.ts';
import type { Kind } from '../flags/kind.ts';

/** A row of a table of flags as commander wants it. */
export class FlagOption extends Option {
  readonly flag: AnyFlag;

  constructor(flag: AnyFlag) {
    super(`--${flag.name} ${placeholderOf(flag)}`.trim(), flag.help);
    this.flag = flag;
    const { kind } = flag;
    if (kind.choices !== undefined) this.choices(kind.choices);
    else if (kind.form !== 'boolean') this.argParser((word, before) => parseWord(kind, word, before));
    if (flag.default !== undefined && kind.form !== 'boolean') this.default(flag.default, defaultOf(flag));
    if (flag.bare !== undefined) this.preset(flag.bare);
    if (flag.isRequired === true) this.makeOptionMandatory();
    if (flag.conflicts !== undefined) this.conflicts(flag.conflicts);
    if (flag.group !== undefined) this.helpGroup(`${flag.group}:`);
  }
}

/** Gives a command its flags. Help shows what the table says of them. */
export function addFlags(command: Command, flags: readonly AnyFlag[]): Command {
  for (const flag of flags) command.addOption(new FlagOption(flag));
  return command.showSuggestionAfterError().configureHelp({
    optionDescription: (option) => (option instanceof FlagOption ? describe(option.flag) : option.description),
  });
}

/** `how the guard reports events (one of human, json; default human)`. */
export function describe(flag: AnyFlag): string {
  const { choices = [] } = flag.kind;
  const told = defaultOf(flag);
  const more = [
    ...(choices.length > 0 ? [`one of ${choices.join(', ')}`] : []),
    ...(told === undefined ? [] : [`default ${told}`]),
  ];
  return `${flag.help}${more.length > 0 ? ` (${more.join('; ')})` : ''}`;
}

function parseWord(kind: Kind<unknown>, word: string, before: unknown): unknown {
  const value = kind.parse(word, before);
  if (value === undefined) throw new InvalidArgumentError(`It must be ${kind.expects(word)}.`);
  return value;
}
