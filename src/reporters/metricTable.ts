import { exhaustionMs, type Growth } from '../core/forecast.ts';
import type { Ceiling } from '../core/model.ts';

/** What is shown of a target. Times of the wall clock in milliseconds. */
export interface MetricsView {
  readonly isUp: boolean;
  readonly tasks: number;
  readonly processes: number;
  /** Of the process that holds the most; `undefined` before the first count. */
  readonly maps: number | undefined;
  readonly growth: Growth;
  readonly stage: string;
  /** The number of tasks at which it trips. */
  readonly line: number | undefined;
  readonly refused: number | undefined;
  readonly ceilings: readonly Ceiling[];
  readonly sampledAtMs: number;
  readonly lateness: { readonly p99Ms: number; readonly worstMs: number };
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  /** Messages to people that could not be delivered. */
  readonly undelivered: number;
}

/** One number of a target; `of` gives `undefined` where there is none to show. */
export interface NumberRow {
  /** A total only goes up. */
  readonly kind: 'gauge' | 'total';
  readonly name: string;
  readonly help: string;
  readonly of: (view: MetricsView) => number | undefined;
}

/** One number of each ceiling; what is unknown has none: a number would be taken for one. */
export interface CeilingNumberRow {
  readonly name: string;
  readonly help: string;
  readonly of: (ceiling: Ceiling, growth: Growth) => number | undefined;
}

/** Names follow prometheus.io/docs/practices/naming: base units, `_total` for counters, `_ratio` from 0 to 1. */
export const NUMBERS: readonly NumberRow[] = [
  { kind: 'gauge', name: 'target_up', help: 'Whether the command runs.', of: ({ isUp }) => (isUp ? 1 : 0) },
  {
    kind: 'gauge',
    name: 'target_tasks',
    help: 'Threads and processes of the target, as the kernel counts them.',
    of: ({ tasks }) => tasks,
  },
  { kind: 'gauge', name: 'target_processes', help: 'Processes of the target.', of: ({ processes }) => processes },
  {
    kind: 'gauge',
    name: 'target_memory_maps',
    help: 'Memory maps of the process of the target that has the most.',
    of: ({ maps }) => maps,
  },
  {
    kind: 'gauge',
    name: 'target_growth_tasks_per_second',
    help: 'Growth of the target over the last 30 seconds.',
    of: ({ growth }) => growth.longPerSecond,
  },
  {
    kind: 'gauge',
    name: 'target_trip_tasks',
    help: 'The number of tasks at which the target is stopped.',
    of: ({ line }) => line,
  },
  {
    kind: 'total',
    name: 'target_refused_tasks_total',
    help: 'New tasks that the kernel refused at the cap of the guard.',
    of: ({ refused }) => refused,
  },
  {
    kind: 'gauge',
    name: 'last_sample_timestamp_seconds',
    help: 'When the target was last looked at.',
    of: ({ sampledAtMs }) => sampledAtMs / 1000,
  },
  {
    kind: 'total',
    name: 'cpu_seconds_total',
    help: 'Processor time of the guard itself.',
    of: ({ cpuSeconds }) => cpuSeconds,
  },
  {
    kind: 'gauge',
    name: 'resident_memory_bytes',
    help: 'Resident memory of the guard itself.',
    of: ({ rssBytes }) => rssBytes,
  },
  {
    kind: 'gauge',
    name: 'lateness_p99_seconds',
    help: 'How late the guard woke: 99 of 100 times no later than this.',
    of: ({ lateness }) => lateness.p99Ms / 1000,
  },
  {
    kind: 'gauge',
    name: 'lateness_worst_seconds',
    help: 'How late the guard woke at the worst.',
    of: ({ lateness }) => lateness.worstMs / 1000,
  },
  {
    kind: 'total',
    name: 'undelivered_messages_total',
    help: 'Messages to people that could not be delivered.',
    of: ({ undelivered }) => undelivered,
  },
];

export const CEILING_NUMBERS: readonly CeilingNumberRow[] = [
  {
    name: 'ceiling_used',
    help: 'What everybody who shares a ceiling uses of it.',
    of: ({ used }) => numberOf(used),
  },
  {
    name: 'ceiling_limit',
    help: 'A kernel limit; +Inf where there is none.',
    of: ({ limit }) => (limit === 'unlimited' ? Number.POSITIVE_INFINITY : numberOf(limit)),
  },
  {
    name: 'ceiling_headroom_ratio',
    help: 'What remains of a ceiling, as a share of its limit.',
    of: ({ limit, remaining }) =>
      typeof remaining === 'number' && typeof limit === 'number' && limit > 0
        ? Math.max(0, Math.min(1, remaining / limit))
        : undefined,
  },
  {
    name: 'ceiling_additional_threads',
    help: 'How many more threads a ceiling allows.',
    of: ({ additionalThreads }) => numberOf(additionalThreads),
  },
  {
    name: 'ceiling_exhaustion_seconds',
    help: 'Until the growth of the target uses a ceiling up; +Inf when it does not grow.',
    of: ({ additionalThreads }, growth) =>
      typeof additionalThreads === 'number' ? exhaustionMs(Math.max(0, additionalThreads), growth) / 1000 : undefined,
  },
];

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
