import type { Kind } from './kind.ts';

/** Headings of `--help`, of the manual page and of docs/run.md, in the order in which they are shown. */
export const GROUPS = [
  'General',
  'Ceilings and budgets',
  'When the guard acts',
  'Containment',
  'The command',
  'Evidence',
  'Restarts',
  'Metrics and messages',
  'Output',
] as const;
export type Group = (typeof GROUPS)[number];

/**
 * One flag of a command, in one row. The parser, the environment, the configuration file, help, the manual page, the
 * completions, `config show` and docs/run.md are all made from it.
 */
export type Flag<T> = Named<Exclude<T, undefined>> & Default<T>;

interface Named<T> {
  /** The long name without its dashes: `max-tasks`, `no-inject`. */
  readonly name: string;
  /** What its value is: how it is read, shown and described. */
  readonly kind: Kind<T>;
  /** What stands for the value in help; that of the kind where it is left out. `[…]`: it may be left out. */
  readonly value?: string;
  /** The word that is read when the flag is given without one; only with `value: '[…]'`. */
  readonly bare?: string;
  readonly group?: Group;
  /** One line for `--help`: lower case, no full stop. */
  readonly help: string;
  /** More sentences, for the manual page and docs/run.md: Markdown. */
  readonly docs?: string;
  /** `false` where a configuration file may not say it. */
  readonly inFile?: false;
  /** Another flag that cannot be given with this one. */
  readonly conflicts?: string;
}

/** A value that may be missing has no default; `defaultText` may say what happens then. Any other has one, or must be given. */
type Default<T> = undefined extends T
  ? { readonly default?: undefined; readonly defaultText?: string; readonly isRequired?: undefined }
  :
      | { readonly default: T; readonly defaultText?: string; readonly isRequired?: undefined }
      | { readonly default?: undefined; readonly defaultText?: undefined; readonly isRequired: true };

/** The flags that fill a slice: one for every field, each of the type of its field. Anything else does not compile. */
export type FlagsOf<Slice> = { readonly [Field in keyof Slice]-?: Flag<Slice[Field]> };

/** The same for a command whose flags are shown in groups: a row without a group would be shown nowhere. */
export type GroupedFlagsOf<Slice> = {
  readonly [Field in keyof Slice]-?: Flag<Slice[Field]> & { readonly group: Group };
};

/** A row of any type. */
export type AnyFlag = Named<unknown> & {
  readonly default?: unknown;
  readonly defaultText?: string | undefined;
  readonly isRequired?: true | undefined;
};

/** `maxTasks` for `max-tasks`, `inject` for `no-inject`: the key of a configuration file. */
export function keyOf({ name }: Pick<AnyFlag, 'name'>): string {
  return name.replace(/^no-/, '').replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** `THREADGUARD_MAX_TASKS` for `max-tasks`. */
export function variableOf({ name }: Pick<AnyFlag, 'name'>): string {
  return `THREADGUARD_${name.replace(/^no-/, '').replace(/-/g, '_').toUpperCase()}`;
}

/** `<count>`; `''` for a flag that takes no value. */
export function placeholderOf({ kind, value }: Pick<AnyFlag, 'kind' | 'value'>): string {
  return value ?? kind.value;
}

/** The default as people read it; `undefined` where there is none, or where it means "no". */
export function defaultOf(flag: AnyFlag): string | undefined {
  if (flag.defaultText !== undefined) return flag.defaultText;
  if (flag.default === undefined || flag.kind.form === 'boolean') return undefined;
  const text = flag.kind.show(flag.default);
  return text === '' ? undefined : text;
}

/** The values of a slice: what was given, by key, and the default where nothing was given. */
export function readSlice<Slice>(flags: FlagsOf<Slice>, given: Readonly<Record<string, unknown>>): Slice {
  const rows: readonly (readonly [string, AnyFlag])[] = Object.entries(flags);
  return Object.fromEntries(rows.map(([field, flag]) => [field, given[keyOf(flag)] ?? flag.default])) as Slice;
}
