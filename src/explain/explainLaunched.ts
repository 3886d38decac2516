import { openSurroundings, type Surroundings } from '../ceilings/surroundings.ts';
import { type RefusalMessage, readMessage } from '../core/messages.ts';
import type { LoopClock } from '../core/pacedLoop.ts';
import { type Explanation, explainRefusal } from '../core/refusal.ts';
import { GuardError } from '../errors.ts';
import { DEFAULT_SETTINGS } from '../policy/settings.ts';
import type { KernelRoot } from '../procfs/root.ts';
import type { Libc } from '../sys/libc.ts';
import { contain } from '../targets/contain.ts';
import type { ChildTarget } from '../targets/contracts.ts';
import { killTree } from '../targets/killTree.ts';
import { CeilingWatch } from './ceilingWatch.ts';
import { keptFrom, NO_CAP, type SafetyCap, safetyCap } from './safety.ts';
import { askToEnd, type Launched, launch, readLines } from './startWatched.ts';
import { type Trace, traceCommand } from './trace/trace.ts';
import { untilRefused, type WatchEnds } from './untilRefused.ts';

/** A command that is run until something is refused to it. */
export interface LaunchedSubject extends WatchEnds {
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Descriptors that it inherits, besides 0, 1 and 2. */
  readonly descriptors: readonly number[];
  /** Whether the refused call itself is watched. */
  readonly trace: boolean;
}

/** What is outside of an explanation. */
export interface ExplainWorld {
  readonly root: KernelRoot;
  readonly libc: Libc | undefined;
  readonly clock: LoopClock;
  /** Somebody wants it to end: the command is ended, and what was seen is told. */
  readonly stop: AbortSignal;
  /** What the command writes to stderr. */
  passThrough(chunk: Buffer): void;
  /** A sentence for people, before the watch begins. */
  onNote(sentence: string): void;
}

/** How a command is started and looked at, once something holds it. */
export interface HeldTools {
  /** How far it may grow before the rest of the machine is in danger. */
  safetyCap(): SafetyCap;
  /** Begins to watch calls. Throws a `GuardError` where that is not possible. */
  trace(): Trace;
  readonly launch: typeof launch;
}

/** Runs a command until something is refused to it, and names the ceiling. Nothing is left of it afterwards. */
export function explainCommand(subject: LaunchedSubject, world: ExplainWorld): Promise<Explanation> {
  const { clock, root } = world;
  const surroundings = openSurroundings(
    root,
    { heaviest: () => undefined, perThread: () => undefined, libc: world.libc, now: clock.now },
    () => {},
  );
  return explainHeld(subject, world, hold(world, surroundings), {
    safetyCap: () => safetyCap(surroundings.readCeilings()),
    trace: () => traceCommand(root),
    launch,
  });
}

/** The same with a target that is held, which is emptied and removed whatever happens. */
export async function explainHeld(
  subject: LaunchedSubject,
  world: ExplainWorld,
  target: ChildTarget,
  tools: HeldTools,
): Promise<Explanation> {
  const { clock } = world;
  let tracing: Trace | undefined;
  try {
    const cap = subject.toTheEnd || !target.brake.isHeld ? NO_CAP : tools.safetyCap();
    tracing = subject.trace ? tools.trace() : undefined;
    if (tracing !== undefined) world.onNote(tracing.cost);
    const words = [...(tracing?.prefix ?? []), ...subject.command];
    const launched = await tools.launch(words, subject, target, cap.tasks);
    return await watchOver(subject, world, { target, cap, tracing, launched });
  } finally {
    try {
      const wakeAt = (atMs: number, callback: () => void) => clock.sleep(atMs - clock.now()).then(callback);
      await killTree({ target, reap: () => {}, clock: { now: clock.now, wakeAt } });
    } finally {
      await target.close();
      target.remove();
      tracing?.close();
    }
  }
}

/** A cgroup or nothing: a limit on the user would be one of the ceilings that are asked about. */
function hold({ clock, libc, root }: ExplainWorld, surroundings: Surroundings): ChildTarget {
  const by = (mode: 'cgroup' | 'none'): ChildTarget =>
    contain({ ...DEFAULT_SETTINGS, contain: mode }, { root, surroundings, libc, now: clock.now }).target;
  try {
    return by('cgroup');
  } catch (error) {
    if (!(error instanceof GuardError)) throw error;
    return by('none');
  }
}

async function watchOver(
  subject: LaunchedSubject,
  world: ExplainWorld,
  running: {
    readonly target: ChildTarget;
    readonly cap: SafetyCap;
    readonly tracing: Trace | undefined;
    readonly launched: Launched;
  },
): Promise<Explanation> {
  const { clock, stop } = world;
  const { cap, target, tracing } = running;
  const { brake, end, meter } = target;
  const { ended, stderr } = running.launched;
  const watch = new CeilingWatch(world.root, { processes: () => meter.processes(), ids: world.libc, now: clock.now });
  const messages: RefusalMessage[] = [];
  let onMessage = (): void => {};
  readLines(stderr, world.passThrough, (line) => {
    const message = readMessage(line);
    if (message === undefined) return;
    messages.push(message);
    onMessage();
  });
  const seen = await untilRefused(
    {
      isHeld: brake.isHeld,
      tasks: () => meter.tasks(clock.now()),
      hasRefused: () => (meter.refused() ?? 0) > 0 || (tracing?.failed() ?? false),
      onMessage: (callback) => {
        onMessage = callback;
      },
      isEmpty: () => end.isEmpty(),
      ended,
    },
    watch,
    subject,
    clock,
    stop,
  );
  const facts = {
    ceilings: watch.tightest,
    slack: watch.slack,
    ...watch.counted(),
    call: tracing?.call(),
    messages,
    endedBy: ended(),
  };
  if (ended() === undefined) await askToEnd(end, clock);
  const reached = seen.keptFrom ?? (seen.peakTasks >= Number(cap.tasks) ? cap.for : undefined);
  return reached === undefined ? explainRefusal(facts) : keptFrom(reached);
}
