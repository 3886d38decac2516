import { readReport } from '../limits/readReport.ts';
import type { Selector } from '../limits/select.ts';
import type { IdCalls } from '../procfs/ids.ts';
import type { KernelRoot } from '../procfs/root.ts';
import type { Source } from './live.ts';
import type { MetricName } from './recording.ts';

/**
 * How much of each metric a live candidate may still take, read once, when it is first asked for. `undefined` for a
 * recording, and where nothing limits a metric.
 */
export function remainingOf(
  root: KernelRoot,
  ids: IdCalls | undefined,
  candidate: Source,
): (name: MetricName) => number | undefined {
  if (candidate.kind === 'file') return () => undefined;
  let known: ReadonlyMap<MetricName, number> | undefined;
  return (name) => {
    known ??= readRemaining(root, ids, candidate.selector);
    return known.get(name);
  };
}

function readRemaining(
  root: KernelRoot,
  ids: IdCalls | undefined,
  selector: Selector,
): ReadonlyMap<MetricName, number> {
  const known = new Map<MetricName, number>();
  try {
    const { additionalMaps, additionalProcesses, additionalThreads } = readReport(root, selector, ids).answer;
    if (additionalThreads !== null) known.set('tasks', additionalThreads);
    if (additionalProcesses !== null) known.set('processes', additionalProcesses);
    if (additionalMaps !== null) known.set('maps', additionalMaps);
  } catch {
    // It has just ended. The verdict rests on what was seen.
  }
  return known;
}
