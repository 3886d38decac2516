/** What a value looks like in a configuration file: each has its own piece of the schema. */
export type Form =
  | 'amount'
  | 'boolean'
  | 'choice'
  | 'count'
  | 'descriptors'
  | 'duration'
  | 'restarts'
  | 'share'
  | 'shares'
  | 'text'
  | 'texts'
  | 'texts-or-one';

/** One sort of value: how it is read from a word, and how it is shown again. */
export interface Kind<T> {
  readonly form: Form;
  /** The placeholder in help: `<count>`; `<fd...>` for a flag that takes several values, `''` for one that takes none. */
  readonly value: string;
  /** What it must be, after "It must be": `a duration like 250ms, 10s or 5m`. */
  expects(word: string): string;
  /** The value of a word; `undefined` when the word is not understood. `before` is the list so far. */
  parse(word: string, before: T | undefined): T | undefined;
  /** As it would stand in a configuration file. */
  show(value: T): string;
  /** Every word that is accepted, where they can be listed. */
  readonly choices?: readonly string[];
  /** For a flag that begins with `no-`. */
  readonly isNegated?: true;
}

/** Whether a flag of this kind may be given several times. */
export function isList({ value }: Pick<Kind<unknown>, 'value'>): boolean {
  return value.includes('...');
}
