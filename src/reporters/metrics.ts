import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Ceiling } from '../core/model.ts';
import type { GuardEvent } from '../policy/event.ts';
import { EVENT_NAMES, EVENT_TABLE, rowOf } from './eventTable.ts';
import { CEILING_NUMBERS, type MetricsView, NUMBERS } from './metricTable.ts';

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
const REASONS = ['failure', 'trip', 'success'];
/** A glance takes 0.1 ms, a look 1, a dump 500. */
const LOOK_SECONDS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1];
const CEILING_LABELS = ['ceiling', 'scope', 'object', 'unit'] as const;

/** All metrics of one guard. No pid and no command is a label: a series would be born at every restart. */
export function openMetrics(target: string, version: string, view: () => MetricsView): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ target });
  const named = (name: string, help: string) => ({ name: `threadguard_${name}`, help, registers: [registry] });
  new Gauge({ ...named('build_info', 'The version of the guard; always 1.'), labelNames: ['version'] }).set(
    { version },
    1,
  );
  const refreshNumbers = openNumbers(named);
  const refreshCeilings = openCeilings(named);
  const state = new Gauge({
    ...named('state', 'Where on the ladder the target stands: 1 for that state.'),
    labelNames: ['state'],
  });
  const actions = new Counter({ ...named('actions_total', 'What the guard did.'), labelNames: ['action'] });
  const restarts = new Counter({
    ...named('restarts_total', 'Restarts of the command, by why it had ended.'),
    labelNames: ['reason'],
  });
  const duration = new Histogram({
    ...named('sample_duration_seconds', 'How long a look takes.'),
    buckets: LOOK_SECONDS,
  });
  for (const action of EVENT_NAMES) if (EVENT_TABLE[action].isCounted) actions.inc({ action }, 0);
  for (const reason of REASONS) restarts.inc({ reason }, 0);
  return {
    looked: (ms) => duration.observe(ms / 1000),
    record: (event) => {
      if (rowOf(event).isCounted) actions.inc({ action: event.event });
      if (event.event === 'restart') restarts.inc({ reason: event.reason });
    },
    render: () => {
      const now = view();
      refreshNumbers(now);
      refreshCeilings(now);
      for (const one of STAGES) state.set({ state: one }, one === now.stage ? 1 : 0);
      return registry.metrics();
    },
  };
}

type Named = (name: string, help: string) => { name: string; help: string; registers: Registry[] };

/** What has no number now keeps the one that it had. */
function openNumbers(named: Named): (view: MetricsView) => void {
  const setters = NUMBERS.map(({ help, kind, name, of }) => {
    const metric = kind === 'gauge' ? new Gauge(named(name, help)) : new Counter(named(name, help));
    return (view: MetricsView): void => {
      const value = of(view);
      if (value === undefined) return;
      if (metric instanceof Gauge) metric.set(value);
      else {
        metric.reset();
        metric.inc(Math.max(0, value));
      }
    };
  });
  return (view) => {
    for (const set of setters) set(view);
  };
}

/** Ceilings come and go: only those of now are shown. */
function openCeilings(named: Named): (view: MetricsView) => void {
  const rows = CEILING_NUMBERS.map(({ help, name, of }) => ({
    gauge: new Gauge({ ...named(name, help), labelNames: CEILING_LABELS }),
    of,
  }));
  return ({ ceilings, growth }) => {
    for (const { gauge, of } of rows) {
      gauge.reset();
      for (const ceiling of ceilings) {
        const value = of(ceiling, growth);
        if (value !== undefined) gauge.set(labelsOf(ceiling), value);
      }
    }
  };
}

function labelsOf({ name, path, scope, unit }: Ceiling) {
  return { ceiling: name, scope, object: scope === 'process' ? '' : (path ?? ''), unit };
}
