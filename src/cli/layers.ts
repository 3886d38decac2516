import type { Command, Option } from 'commander';
import { CommanderError } from 'commander';
import { nearest } from '../config/nearest.ts';
import { GuardError } from '../errors.ts';

/** Words for an option from somewhere else than the command line. */
export type LayerValue = string | boolean | readonly string[];

const PREFIX = 'THREADGUARD_';
/** What the guard itself sets for the commands that it starts. */
const OWN_VARIABLES = new Set([
  'THREADGUARD_EVENT',
  'THREADGUARD_INCIDENT',
  'THREADGUARD_REASON',
  'THREADGUARD_TARGET',
]);
const TRUE = new Set(['1', 'true', 'yes', 'on']);
const FALSE = new Set(['0', 'false', 'no', 'off', '']);

/** `maxTasks` as `THREADGUARD_MAX_TASKS`. */
export function variableOf(attribute: string): string {
  return PREFIX + attribute.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** Flags that nobody gave, from the environment. A variable that names no flag is refused: it was meant to do something. */
export function applyEnvironment(command: Command, env: NodeJS.ProcessEnv): void {
  const byVariable = new Map(command.options.map((option) => [variableOf(option.attributeName()), option]));
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || OWN_VARIABLES.has(name) || value === undefined) continue;
    const option = byVariable.get(name);
    if (option === undefined) {
      const meant = nearest(name, byVariable.keys());
      throw new GuardError('bad-variable', `the environment sets ${name}, which is no setting`, {
        hint: meant === undefined ? 'unset it; threadguard run --help lists what there is' : `did you mean ${meant}?`,
      });
    }
    apply(
      command,
      option,
      option.isBoolean() || option.negate ? toBoolean(name, value) : split(option, value),
      'env',
      name,
    );
  }
}

/** Flags that neither the command line nor the environment gave, from a file. */
export function applyConfig(
  command: Command,
  config: { readonly path: string; readonly values: ReadonlyMap<string, LayerValue>; lineOf(key: string): number },
): void {
  for (const [attribute, value] of config.values) {
    const option = command.options.find((one) => one.attributeName() === attribute);
    if (option !== undefined)
      apply(command, option, value, 'config', `${config.path}:${config.lineOf(attribute)}: ${attribute}`);
  }
}

const STRONGER: Readonly<Record<'env' | 'config', readonly string[]>> = { env: ['cli'], config: ['cli', 'env'] };

function apply(command: Command, option: Option, value: LayerValue, source: 'env' | 'config', where: string): void {
  const attribute = option.attributeName();
  if (STRONGER[source].includes(command.getOptionValueSource(attribute) ?? '')) return;
  if (typeof value === 'boolean') {
    command.setOptionValueWithSource(attribute, value || option.negate ? value : undefined, source);
    return;
  }
  const parse = option.parseArg as ((word: string, previous: unknown) => unknown) | undefined;
  const words = typeof value === 'string' ? [value] : value;
  try {
    // A list begins anew: it replaces the default, it does not add to it.
    let parsed: unknown = option.variadic ? option.defaultValue : undefined;
    for (const word of words) parsed = parse === undefined ? word : parse(word, parsed);
    command.setOptionValueWithSource(attribute, parsed, source);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw new GuardError('bad-setting', `${where}: ${words.join(' ')} is not taken: ${error.message}`, {
      hint: `threadguard run --help says what --${option.name()} takes`,
    });
  }
}

function split(option: Option, value: string): LayerValue {
  return option.variadic ? value.split(/\s+/).filter((word) => word !== '') : value;
}

function toBoolean(name: string, value: string): boolean {
  const word = value.toLowerCase();
  if (TRUE.has(word)) return true;
  if (FALSE.has(word)) return false;
  throw new GuardError('bad-variable', `${name}=${value} is neither yes nor no`, { hint: `${name}=true, or unset it` });
}
