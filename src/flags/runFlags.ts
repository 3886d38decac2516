import type { BudgetRule } from '../core/budget.ts';
import type { Rule } from '../policy/rules.ts';
import type { RunOptions } from '../session/runOptions.ts';
import { type AnyFlag, GROUPS, type GroupedFlagsOf, keyOf, readSlice } from './flag.ts';
import { EVIDENCE_FLAGS, LAUNCH_FLAGS } from './launchFlags.ts';
import { METRICS_FLAGS, OUTPUT_FLAGS, TELLING_FLAGS } from './outputFlags.ts';
import { BUDGET_FLAGS, POLICY_FLAGS, type PolicySlice } from './policyFlags.ts';
import { RESTART_FLAGS, SERVICE_FLAGS } from './serviceFlags.ts';

/** What flags can say of the options of `run`, one slice for each part of the guard. */
type Slices = Omit<RunOptions, 'command' | 'settings'> & {
  readonly policy: PolicySlice;
  readonly budget: BudgetRule;
};

/**
 * Every flag of `run`: a row for every field of every slice. A row without a field, a field without a row and a value of
 * another type do not compile.
 */
export const RUN_FLAGS: { readonly [Slice in keyof Slices]: GroupedFlagsOf<Slices[Slice]> } = {
  budget: BUDGET_FLAGS,
  policy: POLICY_FLAGS,
  restart: RESTART_FLAGS,
  service: SERVICE_FLAGS,
  evidence: EVIDENCE_FLAGS,
  launch: LAUNCH_FLAGS,
  metrics: METRICS_FLAGS,
  telling: TELLING_FLAGS,
  output: OUTPUT_FLAGS,
};

/** The rows in the order of help and documentation: by group, then by slice. */
export function runFlags(): readonly AnyFlag[] {
  const rows = Object.values(RUN_FLAGS).flatMap((slice): AnyFlag[] => Object.values(slice));
  return GROUPS.flatMap((group) => rows.filter((row) => row.group === group));
}

/** The options of `run` from the values of its flags, by key. */
export function readRunOptions(
  command: readonly string[],
  given: Readonly<Record<string, unknown>>,
  rules: readonly Rule[],
): RunOptions {
  return {
    command,
    settings: {
      ...readSlice<Slices['policy']>(POLICY_FLAGS, given),
      budget: readSlice<Slices['budget']>(BUDGET_FLAGS, given),
      rules,
    },
    launch: readSlice<Slices['launch']>(LAUNCH_FLAGS, given),
    evidence: readSlice<Slices['evidence']>(EVIDENCE_FLAGS, given),
    restart: readSlice<Slices['restart']>(RESTART_FLAGS, given),
    service: readSlice<Slices['service']>(SERVICE_FLAGS, given),
    metrics: readSlice<Slices['metrics']>(METRICS_FLAGS, given),
    telling: readSlice<Slices['telling']>(TELLING_FLAGS, given),
    output: readSlice<Slices['output']>(OUTPUT_FLAGS, given),
  };
}

/** The keys of the flags whose values differ. Flags of the policy are left out: their slices are no fields of the options. */
export function changedKeys(before: RunOptions, after: RunOptions): string[] {
  const textOf = (options: RunOptions, slice: string, field: string): string | undefined =>
    JSON.stringify((options as unknown as Readonly<Record<string, Readonly<Record<string, unknown>>>>)[slice]?.[field]);
  return Object.entries(RUN_FLAGS).flatMap(([slice, flags]) => {
    const rows: readonly (readonly [string, AnyFlag])[] = Object.entries(flags);
    const changed = rows.filter(([field]) => textOf(before, slice, field) !== textOf(after, slice, field));
    return changed.map(([, flag]) => keyOf(flag));
  });
}
