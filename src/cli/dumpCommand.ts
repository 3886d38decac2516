import { Command } from 'commander';
import { folded } from '../core/folded.ts';
import type { GroupLevel } from '../core/groupKeys.ts';
import type { LoopClock } from '../core/pacedLoop.ts';
import { groupStacks } from '../core/stackGroups.ts';
import { jsonLine } from '../core/units.ts';
import { GuardError } from '../errors.ts';
import type { CreationWatch } from '../evidence/creators/creationWatch.ts';
import { knownCreators } from '../evidence/creators/findCreators.ts';
import { openTracing } from '../evidence/creators/tracing.ts';
import { watchCreations } from '../evidence/creators/watchCreations.ts';
import { dumpProcesses } from '../evidence/dumpProcesses.ts';
import { type FlagsOf, readSlice } from '../flags/flag.ts';
import { duration, processId } from '../flags/quantities.ts';
import { choice, yes } from '../flags/words.ts';
import { select } from '../limits/select.ts';
import { type KernelRoot, kernelRoot } from '../procfs/root.ts';
import { readStat } from '../procfs/stat.ts';
import { listThreads } from '../procfs/task.ts';
import { dumpDocument, dumpText } from '../reporters/dumpText.ts';
import { systemClock } from '../sys/clock.ts';
import { type Libc, loadLibc } from '../sys/libc.ts';
import { addFlags } from './flagOption.ts';

export interface DumpFlags {
  readonly pid: number | undefined;
  readonly timeoutMs: number;
  /** How long it is watched for who makes its threads; `undefined`: not at all. */
  readonly creatorsMs: number | undefined;
  readonly by: GroupLevel;
  readonly json: boolean;
  readonly folded: boolean;
}

const DUMP_FLAGS: FlagsOf<DumpFlags> = {
  pid: { name: 'pid', kind: processId, help: 'the process' },
  timeoutMs: { name: 'timeout', kind: duration, default: 5_000, help: 'most time spent on reading' },
  creatorsMs: {
    name: 'creators',
    kind: duration,
    help: 'first watch for so long who makes its threads and processes (root)',
  },
  by: {
    name: 'by',
    kind: choice(['exact', 'function', 'site'], '<level>'),
    default: 'function',
    help: 'what makes two stacks equal',
  },
  json: { name: 'json', kind: yes, default: false, help: 'print one JSON document' },
  folded: {
    name: 'folded',
    kind: yes,
    default: false,
    conflicts: 'json',
    help: 'print folded stacks for FlameGraph and speedscope',
  },
};

/** `threadguard dump`: where the threads of a process are, in groups. */
export function dumpCommand(): Command {
  return addFlags(new Command('dump'), Object.values(DUMP_FLAGS))
    .description('where the threads of a process are, in groups; the process is not stopped')
    .action(async (given: Record<string, unknown>) => {
      const flags = readSlice<DumpFlags>(DUMP_FLAGS, given);
      const root = kernelRoot();
      const watched = await watchMakers(flags, root, systemClock);
      process.stdout.write(dumpAnswer(flags, root, loadLibc(), watched));
    });
}

/** Who made its tasks while it was watched; or why nobody could watch. */
export type Watched = Pick<CreationWatch, 'creators' | 'close'> | { readonly why: string } | undefined;

async function watchMakers({ creatorsMs, pid }: DumpFlags, root: KernelRoot, clock: LoopClock): Promise<Watched> {
  if (creatorsMs === undefined || pid === undefined) return undefined;
  const watch = watchCreations(root, openTracing(root), {
    processes: () => [pid],
    tasks: () => listThreads(root, pid).length,
  });
  if ('why' in watch) return watch;
  watch.follow(pid);
  await clock.sleep(creatorsMs);
  return watch;
}

/** What is printed. Throws a GuardError where the stacks of that process cannot be read. */
export function dumpAnswer(flags: DumpFlags, root: KernelRoot, libc: Libc | undefined, watched?: Watched): string {
  const { pid } = flags;
  if (pid === undefined) {
    throw new GuardError('no-subject', 'no process was named', { hint: 'threadguard dump --pid PID' });
  }
  const { label } = select(root, { kind: 'pid', pid });
  // PID 2 is kthreadd, the parent of every thread of the kernel.
  if (pid === 2 || readStat(root, pid)?.ppid === 2) {
    throw new GuardError('kernel-thread', `${pid} is a thread of the kernel: it has no stack that can be read`, {
      hint: 'as root, /proc/PID/stack shows where it is in the kernel',
      exitCode: 1,
    });
  }
  const now = (): number => performance.now();
  const dumped = dumpProcesses(root, [pid], { libc, now, timeoutMs: flags.timeoutMs });
  const { covered, found, notes, runtimes, stacks, tookMs } = dumped;
  const recorded = watched === undefined || 'why' in watched ? [] : watched.creators(stacks.map(({ tid }) => tid));
  if (watched !== undefined && 'close' in watched) watched.close();
  const groups = groupStacks(stacks, flags.by);
  if (flags.folded) return folded(groups);
  const view = {
    subject: label,
    tasks: found,
    covered,
    stoppedMs: 0,
    tookMs,
    runtimes,
    groups,
    creators: recorded.length > 0 ? recorded : knownCreators(dumped, now),
    notes: [...notes, ...notesOf(watched, recorded.length)],
  };
  return flags.json ? jsonLine(dumpDocument(view)) : dumpText(view);
}

function notesOf(watched: Watched, makers: number): string[] {
  if (watched === undefined) return [];
  if ('why' in watched) return [`who makes its threads cannot be recorded here: ${watched.why}`];
  return makers === 0 ? ['it made no thread and no process while it was watched'] : [];
}
