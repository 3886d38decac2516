import { closeSync, openSync, writeSync } from 'node:fs';
import { type LoopClock, type LoopSummary, pacedLoop } from '../core/pacedLoop.ts';
import { errnoOf, GuardError } from '../errors.ts';
import type { LiveSource, Source } from './live.ts';
import { headerLine, pointLine } from './recording.ts';

/** What is recorded. */
export interface RecordOptions {
  /** A selector of something that runs. */
  readonly target: string | undefined;
  /** A file that is not there yet. */
  readonly out: string | undefined;
  readonly forMs: number;
  readonly everyMs: number;
}

/** What is outside of a recording. */
export interface RecordWorld {
  readonly clock: LoopClock;
  /** Somebody wants it to end; what was recorded stays. */
  readonly stop: AbortSignal;
  open(selector: string): Source;
  /** The time of day, as ISO 8601. */
  started(): string;
}

/**
 * Writes what a target holds over time to a new file, until its time is over, the target has ended or it is stopped.
 * Returns one sentence for people. Throws a GuardError: 125 for options that are wrong, 1 for a file that cannot be
 * written.
 */
export async function record(options: RecordOptions, world: RecordWorld): Promise<string> {
  const { everyMs, forMs, out, target } = options;
  if (target === undefined || out === undefined) {
    throw new GuardError('no-subject', 'record needs a --target and a file for --out', {
      hint: 'threadguard record --target unit:orders.service --out orders.ndjson',
    });
  }
  const source = world.open(target);
  if (source.kind === 'file') {
    throw new GuardError('bad-selector', `${target} is a recording already`, {
      hint: 'name what runs: pid:N, unit:NAME or cgroup:PATH',
    });
  }
  const fd = openOut(out);
  try {
    append(fd, out, headerLine({ target: source.label, everyMs, started: world.started() }));
    return summaryOf(await sampleInto(fd, out, source, { everyMs, forMs }, world), source, out);
  } finally {
    closeSync(fd);
  }
}

/** Samples until the end, and how many lines were written. */
async function sampleInto(
  fd: number,
  out: string,
  source: LiveSource,
  pace: { readonly everyMs: number; readonly forMs: number },
  { clock, stop }: RecordWorld,
): Promise<LoopSummary & { readonly written: number }> {
  let written = 0;
  const summary = await pacedLoop(
    pace,
    clock,
    async ({ elapsedMs }) => {
      const point = await source.sample();
      if (point === undefined) return false;
      append(fd, out, pointLine({ timeMs: Math.round(elapsedMs), ...point }));
      written += 1;
      return true;
    },
    stop,
  );
  return { ...summary, written };
}

function summaryOf(
  { missed, written }: { readonly missed: number; readonly written: number },
  { label }: LiveSource,
  out: string,
): string {
  return `${written} samples of ${label} in ${out}${missed === 0 ? '' : `; ${missed} were missed, because the machine was busy`}\n`;
}

function append(fd: number, out: string, line: string): void {
  try {
    writeSync(fd, line);
  } catch (error) {
    throw new GuardError('no-out', `cannot go on writing ${out} (${errnoOf(error)})`, {
      hint: 'free some space; the samples so far are in the file',
      exitCode: 1,
      cause: error,
    });
  }
}

/** Numbers and the name of a target: whoever judges a canary may read them. */
const OUT_MODE = 0o644;

function openOut(path: string): number {
  try {
    return openSync(path, 'wx', OUT_MODE);
  } catch (error) {
    const errno = errnoOf(error);
    throw new GuardError('no-out', `cannot write ${path} (${errno})`, {
      hint: errno === 'EEXIST' ? 'it is there already: remove it, or name another' : 'name a file that can be written',
      exitCode: 1,
      cause: error,
    });
  }
}
