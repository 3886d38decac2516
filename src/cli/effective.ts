import type { Command } from 'commander';
import { variableOf } from '../flags/flag.ts';
import { FlagOption } from './flagOption.ts';

/** One setting as `run` would have it, and where its value comes from. */
export interface Effective {
  /** The key in a configuration file. */
  readonly key: string;
  /** As it would stand in a configuration file, or in words; `undefined` where it is not set. */
  readonly text: string | undefined;
  /** Whether a configuration file may say it like this. */
  readonly isForFile: boolean;
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
      const shown = value === undefined ? '' : option.flag.kind.show(value);
      // A default that needs words cannot be typed.
      const isInWords = shown !== '' && value === option.flag.default && option.flag.defaultText !== undefined;
      const text = isInWords ? option.flag.defaultText : shown;
      return {
        key,
        text: text === '' ? undefined : text,
        isForFile: option.flag.inFile !== false && !isInWords,
        origin: origins[source ?? '']?.() ?? 'default',
      };
    });
}
