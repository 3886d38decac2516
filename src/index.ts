/** The library's front door: the pure core and the readers that `threadguard run` is built on. */
export { type Budget, type BudgetRule, budgets, DEFAULT_SHARES, tightestTaskBudget } from './core/budget.ts';
export { bindingCeiling, ceilingLabel } from './core/ceiling.ts';
export { exhaustionMs, type Growth, measureGrowth } from './core/forecast.ts';
export type { Baseline } from './core/groupGrowth.ts';
export type { GroupLevel } from './core/groupKeys.ts';
export type { Ceiling, Limit, Sample, Scope, Step, Unit } from './core/model.ts';
export type { StackSource } from './core/runtimes.ts';
export type { Frame, TaskStack, WaitKind } from './core/stack.ts';
export { groupStacks, type StackGroup } from './core/stackGroups.ts';
export { normaliseName } from './core/threadName.ts';
export { EXIT, GuardError } from './errors.ts';
