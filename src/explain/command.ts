import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { bindingCeiling, ceilingLabel } from '../core/ceiling.ts';
import { type RefusalMessage, readMessage } from '../core/messages.ts';
import type { Ceiling } from '../core/model.ts';
import { type Explanation, explainRefusal, type RefusalFacts } from '../core/refusal.ts';
import { errnoOf, GuardError } from '../errors.ts';
import { contain } from '../guard/contain.ts';
import type { Holder } from '../guard/holder.ts';
import { killTree } from '../guard/killTree.ts';
import { openSurroundings } from '../guard/surroundings.ts';
import { DEFAULT_SETTINGS } from '../policy/settings.ts';
import type { KernelRoot } from '../procfs/root.ts';
import type { Libc } from '../sys/libc.ts';
import { type Trace, traceCommand } from './trace.ts';
import { CeilingWatch } from './watch.ts';

const LOOK_EVERY_MS = 2;
/** After the first sign: the rest of what the program has to say. */
const LISTEN_MS = 150;
const GRACE_MS = 2_000;
/** Of a ceiling that the whole machine shares: that much is left to it. */
const RESERVE_SHARE = 0.05;

export interface CommandRun {
  readonly explanation: Explanation;
  readonly ended: string;
  readonly peakTasks: number;
  /** Set when it was stopped before the machine ran out. */
  readonly stoppedBefore: Ceiling | undefined;
}

/** Runs a command until something is refused to it, and says which ceiling that was. */
export async function explainCommand(parts: {
  readonly root: KernelRoot;
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly libc: Libc | undefined;
  readonly trace: boolean;
  readonly toTheEnd: boolean;
  readonly keep: boolean;
  readonly timeoutMs: number;
  readonly passThrough: (chunk: Buffer) => void;
}): Promise<CommandRun> {
  const { root, libc } = parts;
  const now = (): number => performance.now();
  const surroundings = openSurroundings(
    root,
    { heaviest: () => undefined, mapsPerThread: () => undefined, libc, now },
    () => {},
  );
  const { holder } = contain({ ...DEFAULT_SETTINGS, contain: 'auto' }, root, surroundings, libc, now);
  const cap = safetyCap(parts.toTheEnd, holder, surroundings.readCeilings());
  const tracing = parts.trace ? traceCommand(parts.command) : undefined;
  try {
    return await watchOver(parts, holder, cap, tracing, now);
  } finally {
    await killTree({ holder, reap: () => {}, now });
    holder.close();
    holder.remove();
    tracing?.remove();
  }
}

/** The kernel itself keeps the command from taking the last 5 % of what the whole machine shares. */
function safetyCap(
  toTheEnd: boolean,
  holder: Holder,
  ceilings: readonly Ceiling[],
): { tasks: number | 'max'; for: Ceiling | undefined } {
  if (toTheEnd || !holder.isHeld) return { tasks: 'max', for: undefined };
  const shared = ceilings.filter(isShared);
  const binding = bindingCeiling(shared);
  if (binding === undefined) return { tasks: 'max', for: undefined };
  return { tasks: Math.max(1, Math.floor(Number(binding.additionalThreads) - reserveOf(binding))), for: binding };
}

function isShared(ceiling: Ceiling): boolean {
  return ceiling.scope === 'host' || ceiling.name === 'kernel.pid_max';
}

/** In threads. */
function reserveOf(ceiling: Ceiling): number {
  const perThread = Number(ceiling.remaining) / Math.max(1, Number(ceiling.additionalThreads));
  return (Number(ceiling.limit) / perThread) * RESERVE_SHARE;
}

async function watchOver(
  parts: Parameters<typeof explainCommand>[0],
  holder: Holder,
  cap: { readonly tasks: number | 'max'; readonly for: Ceiling | undefined },
  tracing: Trace | undefined,
  now: () => number,
): Promise<CommandRun> {
  const { root } = parts;
  const watch = new CeilingWatch(root, { processes: () => holder.processes(), ids: parts.libc, now });
  const messages: RefusalMessage[] = [];
  let peakTasks = 0;
  let signMs: number | undefined;
  let stoppedBefore: Ceiling | undefined;
  const sign = (): void => {
    if (signMs !== undefined) return;
    signMs = now();
    watch.lookClosely(holder.tasks(signMs));
  };
  const { child } = await fork(parts, holder, cap.tasks, tracing);
  let ended: string | undefined;
  child.once('exit', (code, signal) => {
    ended = signal ?? `exit ${code}`;
  });
  readLines(child.stderr, parts.passThrough, (line) => {
    const message = readMessage(line);
    if (message === undefined) return;
    messages.push(message);
    sign();
  });
  let isAborted = false;
  const abort = (): void => {
    isAborted = true;
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, abort);
  const startMs = now();
  // A message may come after the end of the one that wrote it.
  let endedMs: number | undefined;
  for (;;) {
    const nowMs = now();
    const tasks = holder.tasks(nowMs);
    peakTasks = Math.max(peakTasks, tasks);
    const ceilings = ended === undefined ? watch.look(tasks) : undefined;
    if ((holder.refused() ?? 0) > 0 || (tracing?.failed() ?? false)) sign();
    if (!parts.toTheEnd && !holder.isHeld && ceilings !== undefined) {
      stoppedBefore = ceilings.filter(isShared).find((row) => Number(row.additionalThreads) < reserveOf(row));
    }
    if (ended !== undefined) endedMs ??= nowMs;
    const isHeard = signMs !== undefined && nowMs - signMs >= LISTEN_MS;
    const isOver = endedMs !== undefined && nowMs - endedMs >= 30 && (holder.isEmpty() || signMs === undefined);
    if (
      (isHeard && !parts.keep) ||
      isOver ||
      isAborted ||
      stoppedBefore !== undefined ||
      nowMs - startMs >= parts.timeoutMs
    )
      break;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  const facts: RefusalFacts = {
    ceilings: watch.tightest,
    slack: watch.slack,
    ...watch.counted(),
    call: tracing?.call(),
    messages,
    endedBy: ended,
  };
  if (ended === undefined) await stop(holder, now);
  const own = cap.for !== undefined && peakTasks >= Number(cap.tasks) ? cap.for : undefined;
  const reached = stoppedBefore ?? own;
  return {
    explanation: reached === undefined ? explainRefusal(facts) : almost(reached),
    ended: ended ?? 'stopped by threadguard',
    peakTasks,
    stoppedBefore: reached,
  };
}

/** It was kept from the end of the machine, so nobody saw that refusal. */
function almost(ceiling: Ceiling): Explanation {
  return {
    verdict: 'inferred',
    ceiling,
    evidence: [
      `${ceilingLabel(ceiling)} is next: it was stopped with 5% of ${ceiling.limit} ${ceiling.unit} left for the rest of the machine`,
    ],
    alternatives: [],
    settle: 'run it on a machine that may run out, with --to-the-end',
  };
}

async function fork(
  { command, env, root: _ }: Parameters<typeof explainCommand>[0],
  holder: Holder,
  cap: number | 'max',
  tracing: Trace | undefined,
) {
  const [file, ...args] = (tracing?.command ?? command) as [string, ...string[]];
  holder.beforeFork(cap);
  const child = execa(file, args, {
    stdio: ['inherit', 'inherit', 'pipe'],
    env: env as Record<string, string>,
    extendEnv: false,
    cleanup: false,
    buffer: false,
    reject: false,
  });
  holder.afterFork(child.pid, cap);
  // Wrapped: a subprocess of execa is a promise of its end.
  if (child.pid !== undefined) return { child };
  const { cause } = await child;
  throw new GuardError('spawn-failed', `cannot start ${file} (${errnoOf(cause)})`, {
    hint: 'check that the file, its interpreter and its arguments are right',
    cause,
  });
}

function readLines(
  stream: Readable | null,
  passThrough: (chunk: Buffer) => void,
  onLine: (line: string) => void,
): void {
  let rest = '';
  stream?.on('data', (chunk: Buffer) => {
    passThrough(chunk);
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = (lines.pop() ?? '').slice(-4096);
    for (const line of lines) onLine(line);
  });
  stream?.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}

async function stop(holder: Holder, now: () => number): Promise<void> {
  holder.signal('SIGTERM');
  const startMs = now();
  while (!holder.isEmpty() && now() - startMs < GRACE_MS) await new Promise((resolve) => setTimeout(resolve, 10));
}
