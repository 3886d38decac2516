import { locate } from '../cgroup/locate.ts';
import { readKernelLine, readMessage } from '../core/messages.ts';
import { pacedLoop } from '../core/pacedLoop.ts';
import { type Explanation, explainRefusal } from '../core/refusal.ts';
import { select } from '../limits/select.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { countThreads, listThreads } from '../procfs/task.ts';
import { CeilingWatch } from './ceilingWatch.ts';
import { readCounters } from './counters.ts';
import type { ExplainWorld } from './explainLaunched.ts';
import { openTail, readKernelLog } from './logs.ts';
import { type Trace, traceProcess } from './trace/trace.ts';

/** A process that runs already. */
export interface LiveSubject {
  readonly pid: number;
  /** How long it is watched. 0 is one look. */
  readonly forMs: number;
  /** Whether the refused call itself is watched. */
  readonly trace: boolean;
}

const LOOK_EVERY_MS = 5;
const DUTY = 0.5;

/**
 * Watches a live process for a while: the counters before and after, what its stderr file and the kernel log say, and how
 * tight every ceiling was. Nothing is attached to it, unless `trace` asks for that.
 */
export async function explainProcess(
  { forMs, pid, trace }: LiveSubject,
  world: Omit<ExplainWorld, 'passThrough'>,
): Promise<{ readonly explanation: Explanation; readonly label: string }> {
  const { clock, root } = world;
  const { label } = select(root, { kind: 'pid', pid });
  const watch = new CeilingWatch(root, { processes: () => [pid], ids: world.libc, now: clock.now });
  const before = readCounters(root, locate(root, pid));
  const stderr = openTail(root.proc(pid, 'fd', 2));
  let tracing: Trace | undefined;
  try {
    tracing = trace ? await traceProcess(root, pid, listThreads(root, pid)) : undefined;
    if (tracing !== undefined) world.onNote(tracing.cost);
    const isGone = await untilCounted(pid, forMs, watch, tracing, world);
    const explanation = explainRefusal({
      ceilings: watch.tightest,
      slack: watch.slack,
      ...watch.counted(),
      call: tracing?.call(),
      messages: messagesOf(stderr.read()),
      endedBy: isGone ? 'it ended' : undefined,
    });
    return { label, explanation: withHistory(explanation, root, before.pids, locate(root, pid).pids?.path) };
  } finally {
    stderr.close();
    tracing?.close();
  }
}

/** Looks until something was counted or seen to fail, until its time is over or the process is gone: then true. */
async function untilCounted(
  pid: number,
  forMs: number,
  watch: CeilingWatch,
  tracing: Trace | undefined,
  { clock, root, stop }: Pick<ExplainWorld, 'clock' | 'root' | 'stop'>,
): Promise<boolean> {
  let isGone = false;
  await pacedLoop(
    { everyMs: LOOK_EVERY_MS, forMs, duty: DUTY },
    clock,
    () => {
      const tasks = countThreads(root, pid);
      isGone = tasks === undefined;
      if (tasks === undefined || watch.look(tasks) === undefined) return false;
      const moved = watch.counted();
      const isCounted = [...moved.pidsEvents, ...moved.oomKills].some(({ count }) => count > 0);
      if (!isCounted && !(tracing?.failed() ?? false)) return true;
      watch.lookClosely(tasks);
      return false;
    },
    stop,
  );
  return isGone;
}

function messagesOf(text: string): NonNullable<ReturnType<typeof readMessage>>[] {
  return text
    .split('\n')
    .map(readMessage)
    .filter((message) => message !== undefined);
}

/** What was refused before anybody watched: a fact about the past, not about now. */
function withHistory(
  explanation: Explanation,
  root: KernelRoot,
  before: ReadonlyMap<string, { readonly count: number }>,
  own: string | undefined,
): Explanation {
  const past = [...before]
    .filter(([, { count }]) => count > 0)
    .map(([path, { count }]) => `pids.events of ${path}: ${count} refused before this watch began`);
  const log = readKernelLog(root.at('/dev/kmsg'))
    .map(readKernelLine)
    .filter((line) => line !== undefined)
    .filter(({ forkingCgroup }) => forkingCgroup === own)
    .map(
      ({ forkingCgroup }) =>
        `the kernel log once said that a fork in ${forkingCgroup} was refused (by it or an ancestor)`,
    );
  return { ...explanation, evidence: [...explanation.evidence, ...past, ...log.slice(0, 1)] };
}
