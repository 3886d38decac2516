import { openSurroundings, type Surroundings } from '../ceilings/surroundings.ts';
import { type RefusalMessage, readMessage } from '../core/messages.ts';
import type { Ceiling } from '../core/model.ts';
import { type Explanation, explainRefusal } from '../core/refusal.ts';
import { GuardError } from '../errors.ts';
import { DEFAULT_SETTINGS } from '../policy/settings.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { systemClock } from '../sys/clock.ts';
import type { Libc } from '../sys/libc.ts';
import { contain } from '../targets/contain.ts';
import type { ChildTarget } from '../targets/contracts.ts';
import { killTree } from '../targets/killTree.ts';
import { CeilingWatch } from './ceilingWatch.ts';
import { almostOut, keptFrom, NO_CAP, type SafetyCap, safetyCap } from './safety.ts';
import { askToEnd, launch, readLines } from './startWatched.ts';
import { type Trace, traceCommand } from './trace/trace.ts';

const LOOK_EVERY_MS = 2;
/** After the first sign: the rest of what the program has to say. */
const LISTEN_MS = 150;
/** After the end of the command: a message may come after the end of the one that wrote it. */
const LINGER_MS = 30;

interface Parts {
  readonly root: KernelRoot;
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly libc: Libc | undefined;
  readonly trace: boolean;
  readonly toTheEnd: boolean;
  readonly keep: boolean;
  readonly timeoutMs: number;
  /** What the command writes to stderr. */
  readonly passThrough: (chunk: Buffer) => void;
  /** A sentence for people, before the command starts. */
  readonly onNote: (sentence: string) => void;
}

/** Runs a command until something is refused to it, and says which ceiling that was. */
export async function explainCommand(parts: Parts): Promise<Explanation> {
  const { root, libc } = parts;
  const now = (): number => performance.now();
  const surroundings = openSurroundings(
    root,
    { heaviest: () => undefined, perThread: () => undefined, libc, now },
    () => {},
  );
  const target = hold(root, surroundings, libc, now);
  const cap = parts.toTheEnd || !target.brake.isHeld ? NO_CAP : safetyCap(surroundings.readCeilings());
  let tracing: Trace | undefined;
  try {
    tracing = parts.trace ? traceCommand(root) : undefined;
    if (tracing !== undefined) parts.onNote(tracing.cost);
    return await watchOver(parts, target, cap, tracing, now);
  } finally {
    await killTree({ target, reap: () => {}, clock: systemClock });
    target.close();
    target.remove();
    tracing?.close();
  }
}

/** A cgroup or nothing: a limit on the user would be one of the ceilings that are asked about. */
function hold(root: KernelRoot, surroundings: Surroundings, libc: Libc | undefined, now: () => number): ChildTarget {
  try {
    return contain({ ...DEFAULT_SETTINGS, contain: 'cgroup' }, { root, surroundings, libc, now }).target;
  } catch (error) {
    if (!(error instanceof GuardError)) throw error;
    return contain({ ...DEFAULT_SETTINGS, contain: 'none' }, { root, surroundings, libc, now }).target;
  }
}

async function watchOver(
  parts: Parts,
  target: ChildTarget,
  cap: SafetyCap,
  tracing: Trace | undefined,
  now: () => number,
): Promise<Explanation> {
  const watch = new CeilingWatch(parts.root, { processes: () => target.meter.processes(), ids: parts.libc, now });
  const messages: RefusalMessage[] = [];
  let peakTasks = 0;
  let signMs: number | undefined;
  let stoppedBefore: Ceiling | undefined;
  const sign = (): void => {
    if (signMs !== undefined) return;
    signMs = now();
    watch.lookClosely(target.meter.tasks(signMs));
  };
  const words = [...(tracing?.prefix ?? []), ...parts.command];
  const { stderr, ended } = await launch(words, parts.env, target, cap.tasks);
  readLines(stderr, parts.passThrough, (line) => {
    const message = readMessage(line);
    if (message === undefined) return;
    messages.push(message);
    sign();
  });
  const aborted = onceAborted();
  const startMs = now();
  let endedMs: number | undefined;
  for (;;) {
    const nowMs = now();
    const tasks = target.meter.tasks(nowMs);
    peakTasks = Math.max(peakTasks, tasks);
    const ceilings = ended() === undefined ? watch.look(tasks) : undefined;
    if ((target.meter.refused() ?? 0) > 0 || (tracing?.failed() ?? false)) sign();
    if (!parts.toTheEnd && !target.brake.isHeld && ceilings !== undefined) stoppedBefore = almostOut(ceilings);
    if (ended() !== undefined) endedMs ??= nowMs;
    const isHeard = signMs !== undefined && nowMs - signMs >= LISTEN_MS;
    const isOver =
      endedMs !== undefined && nowMs - endedMs >= LINGER_MS && (target.end.isEmpty() || signMs === undefined);
    const isTimeUp = nowMs - startMs >= parts.timeoutMs;
    if ((isHeard && !parts.keep) || isOver || isTimeUp || aborted() || stoppedBefore !== undefined) break;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  const facts = {
    ceilings: watch.tightest,
    slack: watch.slack,
    ...watch.counted(),
    call: tracing?.call(),
    messages,
    endedBy: ended(),
  };
  if (ended() === undefined) await askToEnd(target.end, now);
  const reached = stoppedBefore ?? (peakTasks >= Number(cap.tasks) ? cap.for : undefined);
  return reached === undefined ? explainRefusal(facts) : keptFrom(reached);
}

/** A signal to us ends the command, not only us. */
function onceAborted(): () => boolean {
  let isAborted = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      isAborted = true;
    });
  }
  return () => isAborted;
}
