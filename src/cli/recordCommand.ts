import { Command, Option } from 'commander';
import { openSource } from '../canary/live.ts';
import { record } from '../canary/record.ts';
import { kernelRoot } from '../procfs/root.ts';
import { REAL_CLOCK } from '../sys/realClock.ts';
import { listenForStop } from '../sys/stopSignals.ts';
import { writeOut } from '../sys/writeOut.ts';
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
    .action(async ({ every, for: forMs, out, target }: Flags) => {
      const signals = listenForStop();
      try {
        const root = kernelRoot();
        const said = await record(
          { target, out, forMs, everyMs: every },
          {
            clock: REAL_CLOCK,
            stop: signals.stop,
            open: (selector) => openSource(root, selector),
            started: () => new Date().toISOString(),
          },
        );
        await writeOut(said);
      } finally {
        signals.close();
      }
    });
}
