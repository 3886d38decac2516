import { parseDurationMs, parseShare } from '../core/units.ts';
import { GuardError } from '../errors.ts';
import type { Rule } from '../policy/rules.ts';
import { type Problem, parseConfig } from './parse.ts';
import type { PolicyEntry } from './policySchema.ts';
import { readConfigText } from './readConfig.ts';
import type { FlagValue } from './schema.ts';

/** What a file says: the words of flags of `run`, as on a command line, and the rules, which no flag can say. */
export interface LoadedConfig {
  readonly path: string;
  /** By key: `maxTasks`. */
  readonly values: ReadonlyMap<string, string | boolean | readonly string[]>;
  readonly rules: readonly Rule[];
  readonly lineOf: (key: string) => number;
}

/** Reads and checks a file. Throws a GuardError with every mistake in it, by line and column. */
export function loadConfig(path: string): LoadedConfig {
  const parsed = parseConfig(readConfigText(path));
  if (!parsed.isGood) throw refusal(path, parsed.problems);
  const { flags, policies } = parsed.document;
  const values = new Map(Object.entries(flags).map(([key, value]) => [key, toWords(value)]));
  return { path, values, rules: policies.map(toRule), lineOf: parsed.lineOf };
}

/** One line for each problem: `guard.yaml:3:8: grace must be a duration like 250ms, 10s or 5m`. */
export function problemLines(path: string, problems: readonly Problem[]): string[] {
  return problems.map(
    ({ column, hint, line, message }) =>
      `${path}:${line}:${column}: ${message}${hint === undefined ? '' : ` (${hint})`}`,
  );
}

function refusal(path: string, problems: readonly Problem[]): GuardError {
  return new GuardError('bad-config', problemLines(path, problems).join('\n'), {
    hint: 'threadguard config check --config FILE checks it without a start',
  });
}

function toWords(value: FlagValue): string | boolean | readonly string[] {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'object') return String(value);
  // `budget: {pids.max: 50%}` is `--budget pids.max=50%`.
  return Array.isArray(value) ? value.map(String) : Object.entries(value).map(([name, share]) => `${name}=${share}`);
}

function toRule(entry: PolicyEntry, index: number): Rule {
  const { above, exhaustsWithin, growsBy, resource } = entry.when;
  return {
    name: entry.name ?? `policies[${index}]`,
    resource,
    above: typeof above === 'string' ? { share: parseShare(above) ?? 1 } : above,
    exhaustsWithinMs: exhaustsWithin === undefined ? undefined : parseDurationMs(String(exhaustsWithin)),
    growsPerSecond: growsBy === undefined ? undefined : perSecond(growsBy),
    lasts: lastsOf(entry.when.for ?? '1 sample'),
    steps: entry.then,
  };
}

function perSecond(rate: string): number {
  return Number.parseFloat(rate) / (rate.endsWith('/m') ? 60 : 1);
}

function lastsOf(text: string): Rule['lasts'] {
  const ms = parseDurationMs(text);
  return ms === undefined ? { samples: Number.parseInt(text, 10) } : { ms };
}
