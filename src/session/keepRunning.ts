import pRetry from 'p-retry';
import { EXIT } from '../errors.ts';
import { decideRestart, type EndKind, type RestartDecision, type RestartMemory } from '../policy/restart.ts';
import { openHelper } from '../service/helper.ts';
import { type Outcome, runOnce } from './attempt.ts';
import { openRestartMemory } from './restartMemory.ts';
import { takeBack } from './rollback.ts';
import { roomNow } from './room.ts';
import type { Session } from './session.ts';

/** How it went in the end, and whether `--max-restarts` are used up. */
export interface LastOutcome extends Outcome {
  readonly gaveUp: boolean;
  /** A signal that came while no run was under way. */
  readonly interruptedBy: NodeJS.Signals | undefined;
}

/** The host must have this share of the room that it had before the first run. */
const ROOM_SHARE = 0.5;
const LOOK_FOR_ROOM_MS = 500;
const ASKED: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT'];
const INTERRUPTING: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT'];

/** Runs the command, and again, as `--restart` says. */
export async function keepRunning(session: Session): Promise<LastOutcome> {
  const { options, report, start, system } = session;
  const rule = options.restart;
  const rollback =
    options.service.onTripExec === undefined
      ? undefined
      : openHelper(options.service.onTripExec, start.notes.env, {
          own: system.own,
          fork: start.standing.asBefore,
        });
  const state = rule.mode === 'no' ? undefined : openRestartMemory(session, rule);
  const roomAtStart = roomNow(system.surroundings);
  let memory: RestartMemory | undefined = state?.memory;
  try {
    return await pRetry(
      async (attempt): Promise<LastOutcome> => {
        const outcome = await runOnce(session, attempt);
        const kind = kindOf(outcome);
        if (kind === 'trip' && rollback !== undefined) await takeBack(session, rollback, outcome);
        const last = { ...outcome, gaveUp: false, interruptedBy: undefined };
        if (memory === undefined || state === undefined || wasAsked(session, outcome)) return last;
        const { uptimeMs, wasCalm } = outcome;
        const decision = decideRestart(rule, memory, { kind, uptimeMs, wasCalm, atMs: Date.now() }, Math.random());
        memory = decision.memory;
        const unkept = state.keep(memory);
        if (unkept !== undefined) report({ event: 'error', about: 'restart', problem: unkept });
        if (decision.next === 'restart') throw new Due(decision, kind, last);
        if (decision.next === 'leave') return last;
        report({
          event: 'error',
          about: 'gave-up',
          problem: `not started again: ${decision.reason} (exit ${EXIT.gaveUp})`,
          details: { gaveUp: true, crashes: memory.crashes.length, trips: memory.trips.length },
        });
        return { ...last, gaveUp: true };
      },
      {
        retries: Number.POSITIVE_INFINITY,
        minTimeout: 0,
        shouldRetry: ({ error }) => error instanceof Due,
        // The delay is ours: full jitter, and the host must have room again.
        onFailedAttempt: async ({ attemptNumber, error }) => {
          if (error instanceof Due) await waitFor(session, error, attemptNumber, roomAtStart);
        },
      },
    );
  } catch (error) {
    if (error instanceof Interrupted) return { ...error.last, interruptedBy: error.signal };
    throw error;
  } finally {
    rollback?.close();
    state?.close();
  }
}

/** A restart is due; not an error, but p-retry goes on only after one. */
class Due extends Error {
  readonly decision: Extract<RestartDecision, { next: 'restart' }>;
  readonly kind: EndKind;
  readonly last: LastOutcome;
  constructor(decision: Extract<RestartDecision, { next: 'restart' }>, kind: EndKind, last: LastOutcome) {
    super('a restart is due');
    this.decision = decision;
    this.kind = kind;
    this.last = last;
  }
}

/** Somebody wants it to end while it waits. */
class Interrupted extends Error {
  readonly signal: NodeJS.Signals;
  readonly last: LastOutcome;
  constructor(signal: NodeJS.Signals, last: LastOutcome) {
    super(signal);
    this.signal = signal;
    this.last = last;
  }
}

function kindOf({ ended, tripped, wasStopped }: Outcome): EndKind {
  if (wasStopped || tripped?.cause === 'refused') return 'trip';
  return ended.by === 'exit' && ended.code === 0 ? 'success' : 'failure';
}

/** Whoever stopped it wants it to be stopped. */
function wasAsked({ current: { signals } }: Session, { ended }: Outcome): boolean {
  return ASKED.some((signal) => signals.has(signal)) || (ended.by === 'signal' && signals.has(ended.signal));
}

/** The delay, and then until the host has room again: a restart into a full machine would only fail once more. */
async function waitFor(session: Session, due: Due, attempt: number, roomAtStart: number | undefined): Promise<void> {
  const { current, outlets, report, system } = session;
  const { manager } = outlets;
  const { now, surroundings } = system;
  const { delayMs, memory } = due.decision;
  const { ended, uptimeMs, wasStopped } = due.last;
  const counts = { crashes: memory.crashes.length, trips: memory.trips.length };
  report({ event: 'restart', reason: due.kind, ended, wasStopped, attempt, uptimeMs, delayMs, ...counts });
  manager?.status(`waiting to start it again (${due.kind})`);
  const interruption = listen(session);
  const dueMs = now() + delayMs;
  const needed = Math.floor((roomAtStart ?? 0) * ROOM_SHARE);
  let hasTold = false;
  const mayStart = (): boolean => {
    if (now() < dueMs) return false;
    const room = roomNow(surroundings) ?? needed;
    if (room >= needed) return true;
    if (!hasTold) report({ event: 'warn', about: 'room', room, needed });
    hasTold = true;
    return false;
  };
  while (interruption.signal === undefined && !mayStart()) {
    manager?.beat();
    const leftMs = dueMs - now();
    const stepMs = leftMs > 0 ? Math.min(leftMs, LOOK_FOR_ROOM_MS) : LOOK_FOR_ROOM_MS;
    await Promise.race([interruption.came, sleep(Math.min(stepMs, manager?.heartbeatMs ?? stepMs))]);
  }
  current.onSignal = () => {};
  if (interruption.signal !== undefined) throw new Interrupted(interruption.signal, due.last);
}

/** A signal that ends the wait. */
function listen({ current }: Session): { signal: NodeJS.Signals | undefined; readonly came: Promise<void> } {
  let resolve = (): void => {};
  const came = new Promise<void>((done) => {
    resolve = done;
  });
  const heard: { signal: NodeJS.Signals | undefined; readonly came: Promise<void> } = { signal: undefined, came };
  current.onSignal = (signal) => {
    if (!INTERRUPTING.includes(signal)) return;
    heard.signal ??= signal;
    resolve();
  };
  return heard;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
