import type { Growth } from '../core/forecast.ts';
import type { Ceiling } from '../core/model.ts';
import type { Stage } from '../policy/escalation.ts';
import type { Summary } from '../policy/event.ts';
import type { DumpFacts } from './parts.ts';
import { toTenth } from './sampleReport.ts';
import type { Track } from './track.ts';

/** State that a status line, a metric or a page shows. */
export interface TrackView {
  readonly tasks: number;
  readonly maps: number | undefined;
  readonly growth: Growth;
  readonly stage: Stage['at'];
  readonly binding: Ceiling | undefined;
  /** The number of tasks beyond which it trips; `undefined` where nothing sets one. */
  readonly line: number | undefined;
  readonly history: readonly number[];
}

export function viewOf({ observer, stage }: Track): TrackView {
  const { binding, growth, taskLine: line, witness } = observer;
  const { last, samples } = witness;
  const history = samples.map(({ tasks }) => tasks);
  return { tasks: last.tasks, maps: last.maps, growth, stage: stage.at, binding, line, history };
}

/** What one run came to; `refused` is the last count of the kernel, and `peak` the most that it counted. */
export function summaryOf(
  { actions, observer, refusedBy }: Track,
  refused: number | undefined,
  peak: (seen: number) => number = (seen) => seen,
): Summary {
  const { lateness, nearest, peakMaps } = observer.witness;
  const peakTasks = peak(observer.witness.peakTasks);
  const late = { p99Ms: toTenth(lateness.quantileMs(0.99)), worstMs: toTenth(lateness.worstMs) };
  return { peakTasks, peakMaps, nearest, refused, refusedBy, actions, lateness: late };
}

/**
 * A program that ends this soon after it was refused something ended because of it. Dying takes time: the traceback of 900
 * goroutines took 1 to 4 s on two busy cores.
 */
const REFUSED_TO_DEATH_MS = 10_000;

/**
 * What is known of a command that ended (`ended` says how) right after the kernel had refused it something, before anything
 * tripped; `undefined` for every other end. `refused` is the last count of the kernel.
 */
export function refusedToDeath(
  track: Track,
  facts: { readonly ended: string; readonly refused: number | undefined; readonly nowMs: number },
): DumpFacts | undefined {
  const { ended, nowMs, refused } = facts;
  const { refusals, witness } = track.observer;
  const sinceMs = nowMs - (refusals.lastMs ?? Number.NEGATIVE_INFINITY);
  const others = track.refusedBy.map(({ ceiling }) => ceiling);
  const isRefused = refusals.since(refused) > 0 || sinceMs < REFUSED_TO_DEATH_MS;
  if (!isRefused && others.length === 0) return undefined;
  const ceiling = others.length > 0 ? others.join(', ') : `its cap (pids.max ${track.cap})`;
  const { last, peakTasks } = witness;
  const opinion = { ceiling, unit: 'tasks', value: peakTasks, refusals: refused ?? 0, ended } as const;
  return { ...track.observer.factsOf({ level: 'trip', cause: 'refused', ...opinion }, last), tasks: peakTasks };
}
