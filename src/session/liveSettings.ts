import { formatList } from '../core/units.ts';
import { errnoOf, GuardError } from '../errors.ts';
import type { Reporter } from '../policy/event.ts';
import { contradictions, nextSettings } from '../policy/reload.ts';
import type { Settings } from '../policy/settings.ts';
import type { Reload, RunOptions } from './runOptions.ts';

/** The settings in force: an immutable snapshot, swapped whole. */
export interface LiveSettings {
  readonly now: Settings;
  /** Reads the file anew. One that is wrong, or that contradicts itself, changes nothing. */
  reload(): Promise<void>;
}

/** Throws a GuardError for settings that contradict themselves. */
export function liveSettings(
  options: RunOptions,
  parts: {
    readonly read: Reload;
    readonly report: Reporter;
    /** Everybody who works with the settings takes the new snapshot. */
    readonly onSwap: (settings: Settings) => void;
  },
): LiveSettings {
  const { onSwap, read, report } = parts;
  const config = options.service.config ?? '';
  refuseContradictions(options.settings);
  let now = options.settings;
  return {
    get now() {
      return now;
    },
    reload: async () => {
      try {
        const next = await read();
        refuseContradictions(next.settings);
        const { needsRestart, settings } = nextSettings(now, next.settings);
        now = settings;
        onSwap(settings);
        const all = [...needsRestart, ...next.needsRestart];
        report({ event: 'reload', config, rules: settings.rules.length, needsRestart: all });
      } catch (error) {
        const why = error instanceof GuardError ? error.message : errnoOf(error);
        const problem = `the old policy stays in force: ${why}`;
        report({ event: 'error', about: 'reload', problem, details: { config } });
      }
    },
  };
}

function refuseContradictions(settings: Settings): void {
  const found = contradictions(settings);
  if (found.length === 0) return;
  throw new GuardError('contradiction', `the settings contradict themselves: ${formatList(found)}`, {
    hint: 'leave one of them out',
  });
}
