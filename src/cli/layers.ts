import { type Command, CommanderError } from 'commander';
import { nearest } from '../config/nearest.ts';
import { GuardError } from '../errors.ts';
import { variableOf } from '../flags/flag.ts';
import { isList } from '../flags/kind.ts';
import { FlagOption } from './flagOption.ts';

/** Words for a flag that do not come from the command line. */
export type LayerValue = string | boolean | readonly string[];

const PREFIX = 'THREADGUARD_';
/** The guard sets these itself, for the commands that it starts. */
const OWN_VARIABLES = new Set([
  'THREADGUARD_EVENT',
  'THREADGUARD_INCIDENT',
  'THREADGUARD_REASON',
  'THREADGUARD_TARGET',
]);
const TRUE = new Set(['1', 'true', 'yes', 'on']);
const FALSE = new Set(['0', 'false', 'no', 'off', '']);

/**
 * Sets flags that the command line did not set, from the environment. A variable that belongs to no flag is refused:
 * somebody meant it to do something.
 */
export function applyEnvironment(command: Command, env: NodeJS.ProcessEnv): void {
  const byVariable = new Map(flagOptions(command).map((option) => [variableOf(option.flag), option]));
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || OWN_VARIABLES.has(name) || value === undefined) continue;
    const option = byVariable.get(name);
    if (option === undefined) {
      const meant = nearestVariable(name, [...byVariable.keys()]);
      throw new GuardError('bad-variable', `the environment sets ${name}, which is no setting`, {
        hint: meant === undefined ? 'unset it; threadguard run --help lists every flag' : `did you mean ${meant}?`,
      });
    }
    apply(command, option, wordsOf(option, name, value), 'env', name);
  }
}

/** The prefix that all have in common says nothing about what was meant. */
function nearestVariable(name: string, names: readonly string[]): string | undefined {
  const meant = nearest(
    name.slice(PREFIX.length),
    names.map((one) => one.slice(PREFIX.length)),
  );
  return meant === undefined ? undefined : PREFIX + meant;
}

/** Sets flags that neither the command line nor the environment set, from a file. */
export function applyConfig(
  command: Command,
  config: { readonly path: string; readonly values: ReadonlyMap<string, LayerValue>; lineOf(key: string): number },
): void {
  for (const option of flagOptions(command)) {
    const key = option.attributeName();
    const value = config.values.get(key);
    if (value !== undefined) apply(command, option, value, 'config', `${config.path}:${config.lineOf(key)}: ${key}`);
  }
}

const STRONGER: Readonly<Record<'env' | 'config', readonly string[]>> = { env: ['cli'], config: ['cli', 'env'] };

function apply(command: Command, option: FlagOption, value: LayerValue, source: 'env' | 'config', where: string): void {
  const key = option.attributeName();
  if (STRONGER[source].includes(command.getOptionValueSource(key) ?? '')) return;
  if (typeof value === 'boolean') {
    command.setOptionValueWithSource(key, value, source);
    return;
  }
  const parse = option.parseArg as ((word: string, previous: unknown) => unknown) | undefined;
  const words = typeof value === 'string' ? [value] : value;
  try {
    // A list from a stronger layer replaces a weaker one: it does not add to it.
    let parsed: unknown = isList(option.flag.kind) ? option.defaultValue : undefined;
    for (const word of words) parsed = parse === undefined ? word : parse(word, parsed);
    command.setOptionValueWithSource(key, parsed, source);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw new GuardError('bad-setting', `${where}: ${words.join(' ')} is not taken: ${error.message}`, {
      hint: `threadguard run --help says what --${option.name()} takes`,
    });
  }
}

function flagOptions(command: Command): FlagOption[] {
  return command.options.filter((option) => option instanceof FlagOption);
}

function wordsOf({ flag }: FlagOption, name: string, value: string): LayerValue {
  if (flag.kind.form === 'boolean') return toBoolean(name, value);
  return isList(flag.kind) ? value.split(/\s+/).filter((word) => word !== '') : value;
}

function toBoolean(name: string, value: string): boolean {
  const word = value.toLowerCase();
  if (TRUE.has(word)) return true;
  if (FALSE.has(word)) return false;
  throw new GuardError('bad-variable', `${name}=${value} is neither yes nor no`, { hint: `${name}=true, or unset it` });
}
