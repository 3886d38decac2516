import { peak } from '../core/growth/resample.ts';
import { formatBytes, formatCount } from '../core/units.ts';
import { errnoOf, GuardError } from '../errors.ts';
import { canaryHtml } from '../reporters/report/canaryHtml.ts';
import { writeOwnFile } from '../sys/ownDir.ts';
import { gridsOf, onGrid } from './pair.ts';
import type { MetricName } from './recording.ts';
import type { CanaryResult } from './watchCanary.ts';

const LABELS: Readonly<Record<MetricName, string>> = {
  tasks: 'Tasks',
  processes: 'Processes',
  maps: 'Maps',
  memoryBytes: 'Memory',
};

/** A page is made to be shown: it holds numbers and the names of two targets, no command and no output of theirs. */
const PAGE_MODE = 0o644;

/** Writes a page with both series. Throws a GuardError when the file cannot be written. */
export function writePage(path: string, result: CanaryResult): void {
  const { baseline, candidate, judgement } = result;
  try {
    const page = { judgement, baseline: baseline.label, candidate: candidate.label, charts: chartsOf(result) };
    writeOwnFile(path, canaryHtml(page), PAGE_MODE);
  } catch (error) {
    if (error instanceof GuardError) throw error;
    throw new GuardError('no-page', `cannot write ${path} (${errnoOf(error)})`, {
      hint: 'name a file that can be written with --html',
      cause: error,
    });
  }
}

/** A chart for each metric that was compared. Each step shows its highest value, so a peak of a second is seen. */
export function chartsOf({ baseline, candidate, paired }: CanaryResult): Parameters<typeof canaryHtml>[0]['charts'] {
  const names = [...paired.metrics.keys()];
  if (names.length === 0) return [];
  const [b, c] = gridsOf([baseline, candidate]);
  return names.map((name) => ({
    label: LABELS[name],
    seconds: Array.from({ length: b.count }, (_, index) => (index * b.stepMs) / 1000),
    baseline: onGrid(baseline, name, b, peak) ?? [],
    candidate: onGrid(candidate, name, c, peak) ?? [],
    text: name === 'memoryBytes' ? formatBytes : formatCount,
  }));
}
