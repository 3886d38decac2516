import { Command, Option } from 'commander';
import { folded } from '../core/folded.ts';
import type { GroupLevel } from '../core/groupKeys.ts';
import { groupStacks } from '../core/stackGroups.ts';
import { GuardError } from '../errors.ts';
import { knownCreators } from '../evidence/creators/findCreators.ts';
import { dumpProcesses } from '../evidence/dumpProcesses.ts';
import { select } from '../limits/select.ts';
import { kernelRoot } from '../procfs/root.ts';
import { readStat } from '../procfs/stat.ts';
import { dumpDocument, dumpText } from '../reporters/dumpText.ts';
import { loadLibc } from '../sys/libc.ts';
import { duration, pid } from './values.ts';

interface Flags {
  pid?: number;
  timeout: number;
  by: GroupLevel;
  json?: true;
  folded?: true;
}

/** `threadguard dump`: where the threads of a process are, in groups. */
export function dumpCommand(): Command {
  return new Command('dump')
    .description('where the threads of a process are, in groups; nothing of it is stopped')
    .showSuggestionAfterError()
    .addOption(new Option('--pid <pid>', 'the process').argParser(pid))
    .addOption(new Option('--timeout <duration>', 'most time spent reading').argParser(duration).default(5_000, '5s'))
    .addOption(
      new Option('--by <level>', 'what makes two stacks equal')
        .choices(['exact', 'function', 'site'])
        .default('function'),
    )
    .addOption(new Option('--json', 'one JSON document'))
    .addOption(new Option('--folded', 'folded stacks, as FlameGraph and speedscope read them').conflicts('json'))
    .action((flags: Flags) => {
      process.stdout.write(dump(flags));
    });
}

function dump(flags: Flags): string {
  if (flags.pid === undefined) {
    throw new GuardError('no-subject', 'no process was named', { hint: 'threadguard dump --pid PID' });
  }
  const root = kernelRoot();
  const { label } = select(root, { kind: 'pid', pid: flags.pid });
  const stat = readStat(root, flags.pid);
  if (stat?.ppid === 2 || flags.pid === 2) {
    throw new GuardError('kernel-thread', `${flags.pid} is a thread of the kernel: it has no stack that can be read`, {
      hint: 'as root, /proc/PID/stack shows where it is in the kernel',
      exitCode: 1,
    });
  }
  const now = (): number => performance.now();
  const dumped = dumpProcesses(root, [flags.pid], { libc: loadLibc(), now, timeoutMs: flags.timeout });
  const { covered, found, notes, runtimes, stacks, tookMs } = dumped;
  const groups = groupStacks(stacks, flags.by);
  if (flags.folded === true) return folded(groups);
  const view = {
    subject: label,
    tasks: found,
    covered,
    stoppedMs: 0,
    tookMs,
    runtimes,
    groups,
    creators: knownCreators(dumped, now),
    notes,
  };
  return flags.json === true ? `${JSON.stringify(dumpDocument(view))}\n` : dumpText(view);
}
