import type { Track } from '../engine/track.ts';
import { summaryOf, viewOf } from '../engine/trackView.ts';
import type { GuardEvent } from '../policy/event.ts';
import type { MetricsView } from '../reporters/metricTable.ts';
import type { Target } from '../targets/contracts.ts';
import type { MetricsOptions } from './runOptions.ts';

/** Put in by scripts/bundle.mjs. */
declare const __version: string;

/** What a run shows of its target. */
export type TargetView = Omit<MetricsView, 'isUp' | 'cpuSeconds' | 'rssBytes' | 'undelivered'>;

/** The numbers of one track, as metrics show them. */
export function targetView(track: Track, { meter }: Target): TargetView {
  const { growth, line, maps, stage, tasks } = viewOf(track);
  const refused = meter.refused();
  return {
    tasks,
    processes: meter.processes().length,
    maps,
    growth,
    stage,
    line,
    refused,
    ceilings: track.observer.headroom.ceilings,
    sampledAtMs: Date.now() - (performance.now() - track.observer.witness.last.timeMs),
    lateness: summaryOf(track, refused).lateness,
  };
}

/** Metrics of the target, for Prometheus: served, written to a file, both or neither. */
export interface Exposed {
  /** Where they are served, for the banner. */
  readonly address: string | undefined;
  /** The run whose numbers are shown from now on; `undefined` when none is under way. */
  follow(view: (() => TargetView) | undefined): void;
  looked(ms: number): void;
  record(event: GuardEvent): void;
  close(): Promise<void>;
}

const NOTHING_YET: TargetView = {
  tasks: 0,
  processes: 0,
  maps: undefined,
  growth: { shortPerSecond: 0, longPerSecond: 0, gained: 0 },
  stage: 'calm',
  line: undefined,
  refused: undefined,
  ceilings: [],
  sampledAtMs: 0,
  lateness: { p99Ms: 0, worstMs: 0 },
};

/** Without `--metrics` and `--metrics-file` nothing of it is loaded. */
export async function exposeMetrics(
  { address, file }: MetricsOptions,
  target: string,
  parts: {
    readonly now: () => number;
    readonly onProblem: (text: string) => void;
    readonly undelivered: () => number;
    /** How many files the guard may open; a server takes a part of them. */
    readonly openFiles?: number | undefined;
  },
): Promise<Exposed> {
  if (address === undefined && file === undefined) {
    const nothing = (): void => {};
    return { address: undefined, follow: nothing, looked: nothing, record: nothing, close: async () => {} };
  }
  const { METRICS_TYPE, openMetrics } = await import('../reporters/metrics.ts');
  const { openMetricsServer } = await import('../service/metricsServer.ts');
  const { openMetricsFile } = await import('../service/metricsFile.ts');
  let follow: (() => TargetView) | undefined;
  let last = NOTHING_YET;
  const metrics = openMetrics(target, __version, () => {
    if (follow !== undefined) last = follow();
    const { system, user } = process.cpuUsage();
    return {
      ...last,
      isUp: follow !== undefined,
      cpuSeconds: (user + system) / 1e6,
      rssBytes: process.memoryUsage.rss(),
      undelivered: parts.undelivered(),
    };
  });
  const written = file === undefined ? undefined : openMetricsFile(file, metrics.render, parts.now, parts.onProblem);
  const server =
    address === undefined
      ? undefined
      : await openMetricsServer(address, { type: METRICS_TYPE, render: metrics.render }, parts.now, parts.openFiles);
  return {
    address: server?.address,
    follow: (view) => {
      if (view === undefined && follow !== undefined) last = follow();
      follow = view;
    },
    looked: metrics.looked,
    record: (event) => {
      metrics.record(event);
      if (event.event === 'sample') written?.refresh();
    },
    close: async () => {
      server?.close();
      await written?.close();
    },
  };
}
