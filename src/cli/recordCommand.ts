import { closeSync, openSync, writeSync } from 'node:fs';
import { Command, Option } from 'commander';
import { openSource } from '../canary/live.ts';
import { pointLine, SAMPLES_SCHEMA } from '../canary/recording.ts';
import { errnoOf, GuardError } from '../errors.ts';
import { kernelRoot } from '../procfs/root.ts';
import { duration, interval } from './values.ts';

interface Flags {
  target?: string;
  out?: string;
  for: number;
  every: number;
}

/** `threadguard record`: what a target holds, over time, for canary and suggest-limit. */
export function recordCommand(): Command {
  return new Command('record')
    .description('write what a target holds over time, for canary and suggest-limit')
    .showSuggestionAfterError()
    .addOption(new Option('--target <selector>', 'pid:N, unit:NAME or cgroup:PATH'))
    .addOption(new Option('--out <file>', 'where it is written'))
    .addOption(new Option('--for <duration>', 'how long').argParser(duration).default(600_000, '10m'))
    .addOption(new Option('--every <duration>', 'between two samples').argParser(interval).default(1_000, '1s'))
    .action(record);
}

async function record({ every, for: forMs, out, target }: Flags): Promise<void> {
  if (target === undefined || out === undefined) {
    throw new GuardError('no-subject', 'record needs a --target and a file for --out', {
      hint: 'threadguard record --target unit:orders.service --out orders.ndjson',
    });
  }
  const source = openSource(kernelRoot(), target);
  if (source.kind === 'file') {
    throw new GuardError('bad-selector', `${target} is a recording already`, {
      hint: 'pid:N, unit:NAME or cgroup:PATH',
    });
  }
  const fd = openOut(out);
  let isAsked = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => (isAsked = true));
  const startMs = performance.now();
  let samples = 0;
  try {
    writeSync(
      fd,
      `${JSON.stringify({ schema: SAMPLES_SCHEMA, target: source.label, everyMs: every, started: new Date().toISOString() })}\n`,
    );
    for (let elapsedMs = 0; elapsedMs <= forMs && !isAsked; elapsedMs = performance.now() - startMs) {
      const point = await source.sample();
      if (point === undefined) break;
      writeSync(fd, pointLine({ timeMs: Math.round(elapsedMs), ...point }));
      samples += 1;
      await new Promise((resolve) =>
        setTimeout(resolve, Math.max(0, every - (performance.now() - startMs - elapsedMs))),
      );
    }
  } catch (error) {
    if (error instanceof GuardError) throw error;
    throw new GuardError('no-out', `cannot write ${out} any more (${errnoOf(error)})`, {
      hint: 'free some space; what was written stays',
      exitCode: 1,
      cause: error,
    });
  } finally {
    closeSync(fd);
  }
  process.stdout.write(`${samples} samples of ${source.label} in ${out}\n`);
}

function openOut(path: string): number {
  try {
    return openSync(path, 'wx', 0o644);
  } catch (error) {
    throw new GuardError('no-out', `cannot write ${path} (${errnoOf(error)})`, {
      hint:
        errnoOf(error) === 'EEXIST'
          ? 'it is there already: remove it, or name another'
          : 'name a file that can be written',
      exitCode: 1,
      cause: error,
    });
  }
}
