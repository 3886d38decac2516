import type { BudgetRule } from '../core/budget.ts';
import type { Step } from '../core/model.ts';
import type { Rule } from './rules.ts';

export type ContainMode = 'auto' | 'cgroup' | 'rlimit' | 'none';

/** Everything `run` may be told. Durations in milliseconds, shares from 0 to 1. */
export interface Settings {
  readonly contain: ContainMode;
  readonly requireContainment: boolean;
  readonly onGuardDeath: 'keep' | 'kill';
  readonly budget: BudgetRule;
  readonly maxTasks: number | undefined;
  readonly maxMaps: number | undefined;
  /** Share of the budget at which the guard warns. */
  readonly warnAt: number;
  /** A forecast of exhaustion nearer than this is warned of. */
  readonly horizonMs: number;
  /** Tasks that may appear between two looks; `undefined`: as many as the budget allows. */
  readonly leash: number | undefined;
  /** After the start no forecast is warned of for this long. */
  readonly startGraceMs: number;
  /** How long a clamped target that does not push may take to recede. */
  readonly patienceMs: number;
  /** From SIGTERM to SIGKILL. */
  readonly graceMs: number;
  readonly dumpTimeoutMs: number;
  readonly until: Step;
  readonly dryRun: boolean;
  /** `policies:` of the configuration. */
  readonly rules: readonly Rule[];
}

export const DEFAULT_SETTINGS: Settings = {
  contain: 'auto',
  requireContainment: false,
  onGuardDeath: 'keep',
  budget: { shares: {}, reserve: { share: 0.05, atLeast: 16 } },
  maxTasks: undefined,
  maxMaps: undefined,
  warnAt: 0.8,
  horizonMs: 300_000,
  leash: undefined,
  startGraceMs: 10_000,
  patienceMs: 5_000,
  graceMs: 10_000,
  dumpTimeoutMs: 500,
  until: 'kill',
  dryRun: false,
  rules: [],
};
