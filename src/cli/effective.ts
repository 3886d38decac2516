import type { Command } from 'commander';
import { variableOf } from '../flags/flag.ts';
import { FlagOption } from './flagOption.ts';

/** One setting as `run` would have it, and where its value comes from. */
export interface Effective {
  /** As a configuration file calls it. */
  readonly key: string;
  /** As it would stand in a configuration file; `undefined` where it is not set. */
  readonly text: string | undefined;
  /** Whether a configuration file may say it. */
  readonly isInFile: boolean;
  /** `command line`, the name of a variable, `FILE:LINE`, or `default`. */
  readonly origin: string;
}

/** Every setting of a `run` command whose words were parsed. `whereInFile` says where a key stands: `guard.yaml:3`. */
export function effectiveSettings(command: Command, whereInFile: (key: string) => string): Effective[] {
  return command.options
    .filter((option) => option instanceof FlagOption)
    .map((option) => {
      const key = option.attributeName();
      const source = command.getOptionValueSource(key);
      const origins: Readonly<Record<string, () => string>> = {
        cli: () => 'command line',
        env: () => variableOf(option.flag),
        config: () => whereInFile(key),
      };
      const value: unknown = command.getOptionValue(key) ?? option.flag.default;
      const text = value === undefined ? '' : option.flag.kind.show(value);
      return {
        key,
        text: text === '' ? undefined : text,
        isInFile: option.flag.inFile !== false,
        origin: origins[source ?? '']?.() ?? 'default',
      };
    });
}
