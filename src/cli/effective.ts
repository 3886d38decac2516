import type { Command, Option } from 'commander';
import type { RestartRule } from '../policy/restart.ts';
import type { Rule } from '../policy/rules.ts';
import type { RunOptions } from '../session/runOptions.ts';
import { variableOf } from './layers.ts';
import { budgetShare, duration, restarts, share, tasksOrShare } from './values.ts';

/** Every setting as it came out, and where it came from. */
export interface Effective {
  readonly settings: readonly {
    readonly attribute: string;
    readonly text: string | undefined;
    readonly origin: string;
  }[];
  readonly rules: readonly Rule[];
}

export function effectiveOptions(
  command: Command,
  { config, settings }: RunOptions,
  lineOf: (attribute: string) => number | undefined,
): Effective {
  const origins: Readonly<Record<string, (attribute: string) => string>> = {
    cli: () => 'command line',
    env: variableOf,
    config: (attribute) => `${config}:${lineOf(attribute) ?? 1}`,
  };
  return {
    rules: settings.rules,
    settings: command.options.map((option) => {
      const attribute = option.attributeName();
      const source = command.getOptionValueSource(attribute) ?? 'default';
      const origin = origins[source]?.(attribute) ?? 'default';
      const text = origin === 'default' ? defaultText(option) : valueText(option, command.getOptionValue(attribute));
      return { attribute, text, origin };
    }),
  };
}

function defaultText({ defaultValue, defaultValueDescription: told, negate }: Option): string | undefined {
  if (negate) return 'true';
  if (told === 'none' || defaultValue === undefined) return undefined;
  return told ?? String(defaultValue);
}

/** As it would stand in a file. */
const TEXTS: ReadonlyMap<unknown, (value: never) => string> = new Map<unknown, (value: never) => string>([
  [duration, (ms: number) => (ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`)],
  [share, shareText],
  [
    tasksOrShare,
    (amount: { share: number } | { tasks: number }) =>
      'share' in amount ? shareText(amount.share) : String(amount.tasks),
  ],
  [restarts, ({ count: times, windowMs }: RestartRule['most']) => `${times}/${windowMs / 1_000}s`],
  [
    budgetShare,
    (shares: Record<string, number>) =>
      JSON.stringify(Object.fromEntries(Object.entries(shares).map(([name, value]) => [name, shareText(value)]))),
  ],
]);

function shareText(value: number): string {
  return `${Number((value * 100).toFixed(4))}%`;
}

function valueText({ parseArg }: Option, value: unknown): string {
  const text = TEXTS.get(parseArg) as ((value: unknown) => string) | undefined;
  return text?.(value) ?? (typeof value === 'object' ? JSON.stringify(value) : String(value));
}
