import { type BudgetRule, DEFAULT_SHARES } from '../core/budget.ts';
import { STEPS } from '../core/model.ts';
import { DEFAULT_SETTINGS, type Settings } from '../policy/settings.ts';
import type { GroupedFlagsOf } from './flag.ts';
import { count, duration, share, tasksOrShare } from './quantities.ts';
import { budgetShares, choice, yes } from './words.ts';

const d = DEFAULT_SETTINGS;

/** What the command may ever hold, and what stays free for everybody else. */
export const BUDGET_FLAGS: GroupedFlagsOf<BudgetRule> = {
  shares: {
    name: 'budget',
    kind: budgetShares,
    default: d.budget.shares,
    defaultText: Object.entries(DEFAULT_SHARES)
      .map(([scope, value]) => `${scope} ${share.show(value)}`)
      .join(', '),
    group: 'Ceilings and budgets',
    help: 'share of a ceiling that the command may hold: 50%, or NAME=50% for one ceiling',
    docs: 'It is a share of what the command holds now plus what remains. `NAME` is a ceiling such as `pids.max`, or a scope such as `host`. Can be given several times.',
  },
  reserve: {
    name: 'reserve',
    kind: tasksOrShare,
    default: d.budget.reserve,
    defaultText: '5%, and at least 16 tasks',
    group: 'Ceilings and budgets',
    help: 'tasks, or share of the limit, that stay free for everybody else',
    docs: 'This holds for every ceiling that others share.',
  },
};

/** The settings that have a flag. Budgets have their own rows, and only a file can have rules. */
export type PolicySlice = Omit<Settings, 'budget' | 'rules'>;

/** When and how the guard acts. */
export const POLICY_FLAGS: GroupedFlagsOf<PolicySlice> = {
  maxTasks: {
    name: 'max-tasks',
    kind: count,
    group: 'Ceilings and budgets',
    help: 'most threads and processes that the command may hold',
  },
  maxMaps: {
    name: 'max-maps',
    kind: count,
    group: 'Ceilings and budgets',
    help: 'trip when one process of the command holds this many memory maps',
  },
  leash: {
    name: 'leash',
    kind: count,
    value: '<tasks>',
    defaultText: 'as many as the budget allows',
    group: 'Ceilings and budgets',
    help: 'tasks that the kernel lets the command create between two looks',
  },
  warnAt: {
    name: 'warn-at',
    kind: share,
    default: d.warnAt,
    group: 'When the guard acts',
    help: 'warn when the command holds this share of its budget',
  },
  horizonMs: {
    name: 'horizon',
    kind: duration,
    default: d.horizonMs,
    group: 'When the guard acts',
    help: 'warn when a forecast says that the budget is used up within this time',
  },
  startGraceMs: {
    name: 'start-grace',
    kind: duration,
    default: d.startGraceMs,
    group: 'When the guard acts',
    help: 'time after the start in which no forecast is warned of',
    docs: 'Budgets hold from the start.',
  },
  patienceMs: {
    name: 'patience',
    kind: duration,
    default: d.patienceMs,
    group: 'When the guard acts',
    help: 'time that a clamped command gets to recede while it does not ask for more',
  },
  graceMs: {
    name: 'grace',
    kind: duration,
    default: d.graceMs,
    group: 'When the guard acts',
    help: 'time from SIGTERM to SIGKILL',
  },
  dumpTimeoutMs: {
    name: 'dump-timeout',
    kind: duration,
    default: d.dumpTimeoutMs,
    group: 'When the guard acts',
    help: 'most time spent on evidence before the next step',
  },
  until: {
    name: 'until',
    kind: choice(STEPS, '<step>'),
    default: d.until,
    group: 'When the guard acts',
    help: 'last step of the ladder that the guard may take',
  },
  dryRun: {
    name: 'dry-run',
    kind: yes,
    default: d.dryRun,
    group: 'When the guard acts',
    help: 'say what would be done, and do nothing to the command',
  },
  contain: {
    name: 'contain',
    kind: choice(['auto', 'cgroup', 'rlimit', 'none'], '<how>'),
    default: d.contain,
    group: 'Containment',
    help: 'what holds the command',
    docs: 'A way that is asked for by name is not replaced by a weaker one.',
  },
  requireContainment: {
    name: 'require-containment',
    kind: yes,
    default: d.requireContainment,
    group: 'Containment',
    help: 'do not start (exit 125) where the command cannot have a cgroup of its own',
  },
  onGuardDeath: {
    name: 'on-guard-death',
    kind: choice(['keep', 'kill'], '<what>'),
    default: d.onGuardDeath,
    group: 'Containment',
    help: 'what happens to the command when the guard is killed',
    docs: '`kill` ends the command through `PR_SET_PDEATHSIG`. It does not end what the command has forked.',
  },
};
