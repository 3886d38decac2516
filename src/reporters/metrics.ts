import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { exhaustionMs, type Growth } from '../core/forecast.ts';
import type { Ceiling } from '../core/model.ts';
import type { GuardEvent } from '../policy/event.ts';
import { EVENT_NAMES, EVENT_TABLE, rowOf } from './eventTable.ts';

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

export interface Metrics {
  /** One look took so long. */
  looked(ms: number): void;
  /** Counts what was done. */
  record(event: GuardEvent): void;
  /** The exposition text of now. */
  render(): Promise<string>;
}

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const STAGES = ['calm', 'warned', 'clamped', 'terminating', 'killed'];
/** A glance takes 0.1 ms, a look 1, a dump 500. */
const LOOK_SECONDS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1];

/**
 * All metrics of one guard. Names follow prometheus.io/docs/practices/naming: base units, `_total` for counters, `_ratio` from
 * 0 to 1. No pid and no command is a label: a series would be born at every restart.
 */
export function openMetrics(target: string, version: string, view: () => MetricsView): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ target });
  const gauge = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge({ name: `threadguard_${name}`, help, labelNames: [...labelNames], registers: [registry] });
  const counter = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter({ name: `threadguard_${name}`, help, labelNames: [...labelNames], registers: [registry] });
  const ceilingLabels = ['ceiling', 'scope', 'object', 'unit'] as const;

  gauge('build_info', 'The version of the guard; always 1.', ['version']).set({ version }, 1);
  const up = gauge('target_up', 'Whether the command runs.');
  const tasks = gauge('target_tasks', 'Threads and processes of the target, as the kernel counts them.');
  const processes = gauge('target_processes', 'Processes of the target.');
  const maps = gauge('target_memory_maps', 'Memory maps of the process of the target that has the most.');
  const growth = gauge('target_growth_tasks_per_second', 'Growth of the target over the last 30 seconds.');
  const line = gauge('target_trip_tasks', 'The number of tasks at which the target is stopped.');
  const refused = counter('target_refused_tasks_total', 'New tasks that the kernel refused at the cap of the guard.');
  const state = gauge('state', 'Where on the ladder the target stands: 1 for that state.', ['state']);
  const used = gauge('ceiling_used', 'What everybody who shares a ceiling uses of it.', ceilingLabels);
  const limit = gauge('ceiling_limit', 'A kernel limit; +Inf where there is none.', ceilingLabels);
  const headroom = gauge(
    'ceiling_headroom_ratio',
    'What remains of a ceiling, as a share of its limit.',
    ceilingLabels,
  );
  const more = gauge('ceiling_additional_threads', 'How many more threads a ceiling allows.', ceilingLabels);
  const exhaustion = gauge(
    'ceiling_exhaustion_seconds',
    'Until the growth of the target uses a ceiling up; +Inf when it does not grow.',
    ceilingLabels,
  );
  const actions = counter('actions_total', 'What the guard did.', ['action']);
  const restarts = counter('restarts_total', 'Restarts of the command, by why it had ended.', ['reason']);
  const sampledAt = gauge('last_sample_timestamp_seconds', 'When the target was last looked at.');
  const duration = new Histogram({
    name: 'threadguard_sample_duration_seconds',
    help: 'How long a look takes.',
    buckets: LOOK_SECONDS,
    registers: [registry],
  });
  const cpu = counter('cpu_seconds_total', 'Processor time of the guard itself.');
  const rss = gauge('resident_memory_bytes', 'Resident memory of the guard itself.');
  const late = gauge('lateness_p99_seconds', 'How late the guard woke: 99 of 100 times no later than this.');
  const latest = gauge('lateness_worst_seconds', 'How late the guard woke at the worst.');
  const undelivered = counter('undelivered_messages_total', 'Messages to people that could not be delivered.');
  for (const action of EVENT_NAMES) if (EVENT_TABLE[action].isCounted) actions.inc({ action }, 0);
  for (const reason of ['failure', 'trip', 'success']) restarts.inc({ reason }, 0);

  const setTotal = (metric: { reset(): void; inc(by: number): void }, value: number): void => {
    metric.reset();
    metric.inc(Math.max(0, value));
  };
  const refresh = (): void => {
    const now = view();
    up.set(now.isUp ? 1 : 0);
    tasks.set(now.tasks);
    processes.set(now.processes);
    if (now.maps !== undefined) maps.set(now.maps);
    growth.set(now.growth.longPerSecond);
    if (now.line !== undefined) line.set(now.line);
    if (now.refused !== undefined) setTotal(refused, now.refused);
    for (const one of STAGES) state.set({ state: one }, one === now.stage ? 1 : 0);
    for (const one of [used, limit, headroom, more, exhaustion]) one.reset();
    for (const ceiling of now.ceilings) setCeiling(ceiling, now.growth);
    sampledAt.set(now.sampledAtMs / 1000);
    setTotal(cpu, now.cpuSeconds);
    rss.set(now.rssBytes);
    late.set(now.lateness.p99Ms / 1000);
    latest.set(now.lateness.worstMs / 1000);
    setTotal(undelivered, now.undelivered);
  };
  const setCeiling = (ceiling: Ceiling, growing: Growth): void => {
    const labels = {
      ceiling: ceiling.name,
      scope: ceiling.scope,
      object: ceiling.scope === 'process' ? '' : (ceiling.path ?? ''),
      unit: ceiling.unit,
    };
    // What is unknown has no sample: a number would be taken for one.
    if (typeof ceiling.used === 'number') used.set(labels, ceiling.used);
    if (ceiling.limit !== 'unknown')
      limit.set(labels, ceiling.limit === 'unlimited' ? Number.POSITIVE_INFINITY : ceiling.limit);
    if (typeof ceiling.remaining === 'number' && typeof ceiling.limit === 'number' && ceiling.limit > 0)
      headroom.set(labels, Math.max(0, Math.min(1, ceiling.remaining / ceiling.limit)));
    if (typeof ceiling.additionalThreads !== 'number') return;
    more.set(labels, ceiling.additionalThreads);
    exhaustion.set(labels, exhaustionMs(Math.max(0, ceiling.additionalThreads), growing) / 1000);
  };
  return {
    looked: (ms) => duration.observe(ms / 1000),
    record: (event) => {
      if (rowOf(event).isCounted) actions.inc({ action: event.event });
      if (event.event === 'restart') restarts.inc({ reason: event.reason });
    },
    render: () => {
      refresh();
      return registry.metrics();
    },
  };
}
