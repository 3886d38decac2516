import { Command } from 'commander';
import { openSource } from '../canary/live.ts';
import { type RecordOptions, record } from '../canary/record.ts';
import { type FlagsOf, readSlice } from '../flags/flag.ts';
import { duration, interval } from '../flags/quantities.ts';
import { file, text } from '../flags/words.ts';
import { kernelRoot } from '../procfs/root.ts';
import { systemClock } from '../sys/clock.ts';
import { listenForStop } from '../sys/stopSignals.ts';
import { writeOut } from '../sys/writeOut.ts';
import { addFlags } from './flagOption.ts';

const FLAGS: FlagsOf<RecordOptions> = {
  target: { name: 'target', kind: text, value: '<selector>', help: 'what to record: pid:N, unit:NAME or cgroup:PATH' },
  out: { name: 'out', kind: file, help: 'file to write the samples to; it must not be there yet' },
  forMs: { name: 'for', kind: duration, default: 600_000, help: 'how long to record' },
  everyMs: { name: 'every', kind: interval, default: 1_000, help: 'time between two samples' },
};

/** `threadguard record`: what a target holds, over time, for canary and suggest-limit. */
export function recordCommand(): Command {
  return addFlags(new Command('record'), Object.values(FLAGS))
    .description('write what a target holds over time, for canary and suggest-limit')
    .action((given: Record<string, unknown>) => recordUntilStopped(readSlice<RecordOptions>(FLAGS, given)));
}

async function recordUntilStopped(options: RecordOptions): Promise<void> {
  const signals = listenForStop();
  try {
    const root = kernelRoot();
    const said = await record(options, {
      clock: systemClock,
      stop: signals.stop,
      open: (selector) => openSource(root, selector),
      started: () => new Date().toISOString(),
    });
    await writeOut(said);
  } finally {
    signals.close();
  }
}
