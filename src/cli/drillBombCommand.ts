import { readdirSync, writeSync } from 'node:fs';
import { Command } from 'commander';
import { BOMBS, type BombOrder, explode } from '../drill/bomb.ts';
import { GuardError } from '../errors.ts';
import { type FlagsOf, readSlice } from '../flags/flag.ts';
import { count, duration } from '../flags/quantities.ts';
import { choice } from '../flags/words.ts';
import { pauseHere } from '../sys/pause.ts';
import { loadTaskMaker } from '../sys/taskMaker.ts';
import { addFlags } from './flagOption.ts';

const BOMB_FLAGS: FlagsOf<BombOrder> = {
  kind: { name: 'bomb', kind: choice(BOMBS, '<kind>'), isRequired: true, help: 'what it makes' },
  budget: { name: 'budget', kind: count, isRequired: true, help: 'budget that it is to pass' },
  most: { name: 'most', kind: count, isRequired: true, help: 'most tasks that it makes' },
  lifeMs: { name: 'life', kind: duration, isRequired: true, help: 'time after which it ends by itself' },
};

/** The bomb of `threadguard drill`, which starts it under a guard. Nobody else has a use for it: help does not show it. */
export function drillBombCommand(): Command {
  return addFlags(new Command('drill-bomb'), Object.values(BOMB_FLAGS)).action((given: Record<string, unknown>) => {
    const order = readSlice<BombOrder>(BOMB_FLAGS, given);
    const maker = loadTaskMaker(order.lifeMs);
    if (maker === undefined) {
      throw new GuardError('no-libc', 'koffi could not be loaded', {
        hint: 'npm ci (koffi ships ready-made for glibc)',
      });
    }
    maker.dieWithParent();
    maker.leaveSession();
    explode(order, {
      maker,
      pid: process.pid,
      ownTasks: readdirSync('/proc/self/task').length,
      now: Date.now,
      pause: pauseHere,
      say: (line) => writeSync(1, `${JSON.stringify(line)}\n`),
    });
    // Its threads wait for ever, and take no part in this.
    process.exit(0);
  });
}
