import { readMembers } from '../cgroup/members.ts';
import { GuardError } from '../errors.ts';
import { type Selector, select } from '../limits/select.ts';
import { processesWithMostThreads } from '../procfs/busiest.ts';
import { countMaps } from '../procfs/maps.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { readStat } from '../procfs/stat.ts';
import { readStatus } from '../procfs/status.ts';
import { descendantsOf } from '../targets/descendants.ts';
import { CPU_LOAD, readSeries, type Series, type SeriesPoint } from './recording.ts';

/** Something that can be compared: a recording, or what runs now. */
export type Source = FileSource | LiveSource;

export interface FileSource {
  readonly kind: 'file';
  readonly series: Series;
}

export interface LiveSource {
  readonly kind: 'live';
  readonly label: string;
  readonly selector: Selector;
  /** What it holds now; `undefined` once it has ended, or was started again. */
  sample(): Promise<Omit<SeriesPoint, 'timeMs'> | undefined>;
}

/** `file:a.ndjson`, `pid:42`, `unit:a.service`, `cgroup:/a`. A bare number is a pid, a bare path a file. */
export function openSource(root: KernelRoot, text: string, loadField?: string): Source {
  const match = /^(file|pid|unit|cgroup):(.+)$/s.exec(text);
  const kind = match?.[1] ?? (/^\d+$/.test(text) ? 'pid' : 'file');
  const rest = match?.[2] ?? text;
  if (kind === 'file') return { kind: 'file', series: readSeries(rest, loadField) };
  if (loadField !== undefined && loadField !== CPU_LOAD) {
    throw new GuardError(
      'no-load',
      `${text} has no ${JSON.stringify(loadField)}: only ${CPU_LOAD} is known of what runs now`,
      { hint: `--load-metric ${CPU_LOAD}, or recordings with that field` },
    );
  }
  return liveSource(root, selectorOf(kind, rest, text));
}

function selectorOf(kind: string, rest: string, text: string): Selector {
  if (kind === 'unit') return { kind, unit: rest };
  if (kind === 'cgroup') return { kind, path: rest };
  if (!/^[1-9]\d*$/.test(rest)) {
    throw new GuardError('bad-selector', `${JSON.stringify(text)} is no process`, {
      hint: 'pid:NUMBER, unit:NAME, cgroup:PATH or file:PATH',
    });
  }
  return { kind: 'pid', pid: Number(rest) };
}

function liveSource(root: KernelRoot, selector: Selector): LiveSource {
  const { label, places } = select(root, selector);
  const place = places?.pids ?? places?.unified;
  const processes = (): readonly number[] => {
    if (selector.kind === 'pid')
      return readStat(root, selector.pid) === undefined ? [] : descendantsOf(root, selector.pid, process.pid);
    return place === undefined ? [] : readMembers(root.at(place.dir)).pids;
  };
  // The process that began first is the service. Another one in its place is another run: two runs in one series say
  // nothing.
  const main = oldestOf(root, processes());
  const lives = (): boolean => main !== undefined && readStat(root, main.pid)?.startTime === main.startTime;
  return {
    kind: 'live',
    label,
    selector,
    sample: async () => (lives() ? sampleOf(root, processes()) : undefined),
  };
}

interface Identity {
  readonly pid: number;
  readonly startTime: number;
}

function oldestOf(root: KernelRoot, pids: readonly number[]): Identity | undefined {
  return pids
    .map((pid) => ({ pid, startTime: readStat(root, pid)?.startTime ?? Number.POSITIVE_INFINITY }))
    .reduce<Identity | undefined>(
      (oldest, one) => (oldest === undefined || one.startTime < oldest.startTime ? one : oldest),
      undefined,
    );
}

/** Maps are counted for this many processes, those with the most threads. */
const HEAVIEST = 4;
/** `/proc` counts processor time in hundredths of a second. */
const MS_PER_TICK = 10;

/** `undefined` when nothing lives. */
async function sampleOf(root: KernelRoot, pids: readonly number[]): Promise<Omit<SeriesPoint, 'timeMs'> | undefined> {
  const counts = processesWithMostThreads(root, pids);
  if (counts.length === 0) return undefined;
  const maps = (await Promise.all(counts.slice(0, HEAVIEST).map(({ pid }) => countMaps(root, pid)))).filter(
    (count) => count !== undefined,
  );
  const sum = (of: (pid: number) => number): number => counts.reduce((total, { pid }) => total + of(pid), 0);
  return {
    tasks: counts.reduce((total, { threads }) => total + threads, 0),
    processes: counts.length,
    maps: maps.length === 0 ? undefined : Math.max(...maps),
    cpuMs: sum((pid) => MS_PER_TICK * (readStat(root, pid)?.cpuTicks ?? 0)),
    memoryBytes: sum((pid) => readStatus(root, pid)?.rssAnonBytes ?? 0),
  };
}
