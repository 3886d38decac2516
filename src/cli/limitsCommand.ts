import { Command } from 'commander';
import { pacedLoop } from '../core/pacedLoop.ts';
import { readSlice } from '../flags/flag.ts';
import { kernelRoot } from '../procfs/root.ts';
import { systemClock } from '../sys/clock.ts';
import { loadLibc } from '../sys/libc.ts';
import { addFlags } from './flagOption.ts';
import { LIMITS_FLAGS, type LimitsFlags, limitsAnswer } from './limitsAnswer.ts';

/** A look at a host with 5,000 tasks takes 100 ms. */
const WATCH_DUTY = 0.25;
const CLEAR = '\u001b[H\u001b[2J';

/** `threadguard limits`: how many more threads, processes and maps, and what stops them. */
export function limitsCommand(): Command {
  return addFlags(new Command('limits'), Object.values(LIMITS_FLAGS))
    .description('how many more threads a process can make, and what stops it')
    .action((given: Record<string, unknown>) => limits(readSlice<LimitsFlags>(LIMITS_FLAGS, given)));
}

async function limits(flags: LimitsFlags): Promise<void> {
  const look = (): string => limitsAnswer(flags, kernelRoot(), loadLibc());
  if (flags.watch === undefined) {
    process.stdout.write(look());
    return;
  }
  const isTerminal = process.stdout.isTTY;
  await pacedLoop({ everyMs: flags.watch, duty: WATCH_DUTY }, systemClock, () => {
    process.stdout.write(`${isTerminal ? CLEAR : ''}${look()}${isTerminal || flags.json ? '' : '\n'}`);
    return true;
  });
}
