import { Command } from 'commander';
import { jsonLine } from '../core/units.ts';
import { checksOf } from '../doctor/checks.ts';
import { doctorDocument, doctorText } from '../doctor/doctorText.ts';
import { examine } from '../doctor/examine.ts';
import { type FlagsOf, readSlice } from '../flags/flag.ts';
import { yes } from '../flags/words.ts';
import { kernelRoot } from '../procfs/root.ts';
import { systemClock } from '../sys/clock.ts';
import { loadLibc } from '../sys/libc.ts';
import { addFlags } from './flagOption.ts';

interface Flags {
  readonly json: boolean;
  readonly strict: boolean;
}

const FLAGS: FlagsOf<Flags> = {
  json: { name: 'json', kind: yes, default: false, help: 'print one JSON document' },
  strict: { name: 'strict', kind: yes, default: false, help: 'exit 1 when anything that run would use is missing' },
};

/** `threadguard doctor`: what this machine and this user can enforce, and how to get the rest. */
export function doctorCommand(): Command {
  return addFlags(new Command('doctor'), Object.values(FLAGS))
    .description('what can be enforced here, what not, and how to get it')
    .action(async (given: Record<string, unknown>) => {
      const { json, strict } = readSlice<Flags>(FLAGS, given);
      const found = await examine(kernelRoot(), loadLibc(), process.env, systemClock.sleep);
      const checks = checksOf(found);
      process.stdout.write(json ? jsonLine(doctorDocument(found, checks)) : doctorText(checks));
      process.exitCode = strict && checks.some(({ ok }) => !ok) ? 1 : 0;
    });
}
