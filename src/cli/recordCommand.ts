import { closeSync, openSync, writeSync } from 'node:fs';
import { Command } from 'commander';
import { openSource } from '../canary/live.ts';
import { headerLine, pointLine } from '../canary/recording.ts';
import { escapeText } from '../core/units.ts';
import { errnoOf, GuardError } from '../errors.ts';
import { type FlagsOf, readSlice } from '../flags/flag.ts';
import { duration, interval } from '../flags/quantities.ts';
import { file, text } from '../flags/words.ts';
import { kernelRoot } from '../procfs/root.ts';
import { addFlags } from './flagOption.ts';

interface Flags {
  readonly target: string | undefined;
  readonly out: string | undefined;
  readonly forMs: number;
  readonly everyMs: number;
}

const FLAGS: FlagsOf<Flags> = {
  target: { name: 'target', kind: text, value: '<selector>', help: 'what to record: pid:N, unit:NAME or cgroup:PATH' },
  out: { name: 'out', kind: file, help: 'file to write the samples to; it must not be there yet' },
  forMs: { name: 'for', kind: duration, default: 600_000, help: 'how long to record' },
  everyMs: { name: 'every', kind: interval, default: 1_000, help: 'time between two samples' },
};

/** `threadguard record`: what a target holds, over time, for canary and suggest-limit. */
export function recordCommand(): Command {
  return addFlags(new Command('record'), Object.values(FLAGS))
    .description('write what a target holds over time, for canary and suggest-limit')
    .action((given: Record<string, unknown>) => record(readSlice<Flags>(FLAGS, given)));
}

async function record({ everyMs, forMs, out, target }: Flags): Promise<void> {
  if (target === undefined || out === undefined) {
    throw new GuardError('no-subject', 'record needs a --target and a file for --out', {
      hint: 'threadguard record --target unit:orders.service --out orders.ndjson',
    });
  }
  const source = openSource(kernelRoot(), target);
  if (source.kind === 'file') {
    throw new GuardError('bad-selector', `${target} is a recording already`, {
      hint: 'name what runs: pid:N, unit:NAME or cgroup:PATH',
    });
  }
  const fd = openOut(out);
  let isAsked = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => (isAsked = true));
  const startMs = performance.now();
  let samples = 0;
  try {
    writeSync(fd, headerLine({ target: source.label, everyMs, started: new Date().toISOString() }));
    for (let elapsedMs = 0; elapsedMs <= forMs && !isAsked; elapsedMs = performance.now() - startMs) {
      const point = await source.sample();
      if (point === undefined) break;
      writeSync(fd, pointLine({ timeMs: Math.round(elapsedMs), ...point }));
      samples += 1;
      await new Promise((resolve) =>
        setTimeout(resolve, Math.max(0, everyMs - (performance.now() - startMs - elapsedMs))),
      );
    }
  } catch (error) {
    if (error instanceof GuardError) throw error;
    throw new GuardError('no-out', `cannot go on writing ${out} (${errnoOf(error)})`, {
      hint: 'free some space; the samples so far are in the file',
      exitCode: 1,
      cause: error,
    });
  } finally {
    closeSync(fd);
  }
  process.stdout.write(`${samples} samples of ${escapeText(source.label)} in ${out}\n`);
}

function openOut(path: string): number {
  try {
    return openSync(path, 'wx', 0o644);
  } catch (error) {
    const errno = errnoOf(error);
    throw new GuardError('no-out', `cannot write ${path} (${errno})`, {
      hint: errno === 'EEXIST' ? 'it is there already: remove it, or name another' : 'name a file that can be written',
      exitCode: 1,
      cause: error,
    });
  }
}
