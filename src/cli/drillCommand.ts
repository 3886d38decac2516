import { Command } from 'commander';
import { jsonLine } from '../core/units.ts';
import { BOMBS, type BombKind } from '../drill/bomb.ts';
import { drill } from '../drill/drill.ts';
import { drillText } from '../drill/drillText.ts';
import { type FlagsOf, readSlice } from '../flags/flag.ts';
import { count, interval } from '../flags/quantities.ts';
import { choice, yes } from '../flags/words.ts';
import { parseLaunchNotes } from '../launch/launchNotes.ts';
import { kernelRoot } from '../procfs/root.ts';
import { loadLibc } from '../sys/libc.ts';
import { listenForStop } from '../sys/stopSignals.ts';
import { writeOut } from '../sys/writeOut.ts';
import { addFlags } from './flagOption.ts';
import { launcherPath } from './launcher.ts';

export interface DrillFlags {
  readonly bomb: BombKind;
  readonly maxTasks: number | undefined;
  readonly forMs: number;
  readonly json: boolean;
}

export const DRILL_FLAGS: FlagsOf<DrillFlags> = {
  bomb: { name: 'bomb', kind: choice(BOMBS, '<kind>'), default: 'threads', help: 'what the bomb makes' },
  maxTasks: {
    name: 'max-tasks',
    kind: count,
    defaultText: '400, or fewer where there is less room',
    help: 'budget of the bomb',
  },
  forMs: { name: 'for', kind: interval, default: 10_000, help: 'most time that the guard may take' },
  json: { name: 'json', kind: yes, default: false, help: 'print one JSON document' },
};

/** `threadguard drill`: whether the guard acts in time on this machine. */
export function drillCommand(): Command {
  return addFlags(new Command('drill'), Object.values(DRILL_FLAGS))
    .description('prove on this machine that the guard acts in time, with a small bomb of its own')
    .action(async (given: Record<string, unknown>) => {
      process.exitCode = await run(readSlice<DrillFlags>(DRILL_FLAGS, given));
    });
}

async function run({ bomb, forMs, json, maxTasks }: DrillFlags): Promise<number> {
  // What the drill owns has to be given back: a signal asks for the end, and does not end it.
  const signals = listenForStop();
  try {
    const document = await drill(
      { kind: bomb, budget: maxTasks, limitMs: forMs },
      {
        root: kernelRoot(),
        libc: loadLibc(),
        uid: process.getuid?.() ?? 0,
        env: parseLaunchNotes(process.env).env,
        launcher: launcherPath(),
        stop: signals.stop,
        onNote: (sentence) => process.stderr.write(`threadguard: ${sentence}\n`),
      },
    );
    await writeOut(json ? jsonLine(document) : drillText(document));
    return document.verdict === 'in time' ? 0 : 1;
  } finally {
    signals.close();
  }
}
