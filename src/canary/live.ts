import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { GuardError } from '../errors.ts';
import { type Selector, select } from '../limits/select.ts';
import { processesWithMostThreads } from '../procfs/busiest.ts';
import { countMaps } from '../procfs/maps.ts';
import { readText } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { readStat } from '../procfs/stat.ts';
import { readStatus } from '../procfs/status.ts';
import { descendantsOf } from '../targets/descendants.ts';
import { CPU_LOAD, readSeries, type Series, type SeriesPoint } from './recording.ts';

/** Something that can be compared: a recording, or what runs now. */
export type Source =
  | { readonly kind: 'file'; readonly series: Series }
  | {
      readonly kind: 'live';
      readonly label: string;
      readonly selector: Selector;
      sample(): Promise<Omit<SeriesPoint, 'timeMs'> | undefined>;
    };

/** `file:a.ndjson`, `pid:42`, `unit:a.service`, `cgroup:/a`. A bare number is a pid, a bare path a file. */
export function openSource(root: KernelRoot, text: string, loadField?: string): Source {
  const match = /^(file|pid|unit|cgroup):(.+)$/s.exec(text);
  const kind = match?.[1] ?? (/^\d+$/.test(text) ? 'pid' : 'file');
  const rest = match?.[2] ?? text;
  if (kind === 'file') return { kind: 'file', series: readSeries(rest, loadField) };
  if (loadField !== undefined && loadField !== CPU_LOAD) {
    throw new GuardError(
      'no-load',
      `${text} has no ${JSON.stringify(loadField)}: of what runs now only ${CPU_LOAD} is known`,
      {
        hint: `--load-metric ${CPU_LOAD}, or recordings with that field`,
      },
    );
  }
  if (kind === 'pid' && !/^[1-9]\d*$/.test(rest)) {
    throw new GuardError('bad-selector', `${JSON.stringify(text)} is no process`, {
      hint: 'pid:NUMBER, unit:NAME, cgroup:PATH or file:PATH',
    });
  }
  const selector: Selector =
    kind === 'pid'
      ? { kind, pid: Number(rest) }
      : kind === 'unit'
        ? { kind, unit: rest }
        : { kind: 'cgroup', path: rest };
  return liveSource(root, selector);
}

function liveSource(root: KernelRoot, selector: Selector): Source {
  const selected = select(root, selector);
  const place = selected.places?.pids ?? selected.places?.unified;
  const processes = (): number[] => {
    if (selector.kind === 'pid')
      return readStat(root, selector.pid) === undefined ? [] : descendantsOf(root, selector.pid, process.pid);
    return place === undefined ? [] : processesBelow(root.at(place.dir));
  };
  // The one that began first is the service. Another one in its place is another run of it: two series in one say nothing.
  const main = oldestOf(root, processes());
  const lives = (): boolean => main !== undefined && readStat(root, main.pid)?.startTime === main.startTime;
  return {
    kind: 'live',
    label: selected.label,
    selector,
    sample: async () => (lives() ? sampleOf(root, processes()) : undefined),
  };
}

function oldestOf(
  root: KernelRoot,
  pids: readonly number[],
): { readonly pid: number; readonly startTime: number } | undefined {
  return pids
    .map((pid) => ({ pid, startTime: readStat(root, pid)?.startTime ?? Number.POSITIVE_INFINITY }))
    .reduce<{ pid: number; startTime: number } | undefined>(
      (oldest, one) => (oldest === undefined || one.startTime < oldest.startTime ? one : oldest),
      undefined,
    );
}

/** Maps are counted of so many processes with the most threads. */
const HEAVIEST = 4;

/** `undefined` when nothing lives. */
async function sampleOf(root: KernelRoot, pids: readonly number[]): Promise<Omit<SeriesPoint, 'timeMs'> | undefined> {
  const threads = processesWithMostThreads(root, pids);
  if (threads.length === 0) return undefined;
  const heaviest = threads.slice(0, HEAVIEST);
  const maps = (await Promise.all(heaviest.map(({ pid }) => countMaps(root, pid)))).filter(
    (count) => count !== undefined,
  );
  return {
    tasks: threads.reduce((sum, one) => sum + one.threads, 0),
    processes: threads.length,
    maps: maps.length === 0 ? undefined : Math.max(...maps),
    // In hundredths of a second, as /proc counts.
    cpuMs: threads.reduce((sum, { pid }) => sum + 10 * (readStat(root, pid)?.cpuTicks ?? 0), 0),
    memoryBytes: threads.reduce((sum, { pid }) => sum + (readStatus(root, pid)?.rssAnonBytes ?? 0), 0),
  };
}

function processesBelow(dir: string): number[] {
  const own = (readText(join(dir, 'cgroup.procs')) ?? '').split('\n').filter(Boolean).map(Number);
  try {
    const inner = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [...own, ...inner.flatMap(({ name }) => processesBelow(join(dir, name)))];
  } catch {
    return own;
  }
}
