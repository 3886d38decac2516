import { type ChildProcess, spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { type LoopClock, pacedLoop } from '../core/pacedLoop.ts';
import { GuardError } from '../errors.ts';
import { parseLaunchNotes } from '../launch/launchNotes.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { readStat } from '../procfs/stat.ts';
import { descendantsOf } from '../targets/descendants.ts';
import { type GuardedCommand, guardedCommand } from './guardedCommand.ts';
import { type LiveSource, openSource } from './live.ts';

/** A candidate that was started for a canary. */
export interface StartedCandidate {
  readonly source: LiveSource;
  /** Ends the candidate and its guard, and resolves when the guard has ended. It never rejects. */
  stop(): Promise<void>;
}

/** What is outside of a start. */
export interface CandidateWorld {
  readonly root: KernelRoot;
  readonly clock: LoopClock;
  /** Starts a guard around the command. */
  guard(command: readonly string[]): ChildProcess;
  /** The program that a guard is, once its launcher has made room for it: Node. */
  readonly runtime: string;
  kill(pid: number, signal: NodeJS.Signals): void;
  /** Calls back when this process ends, however it does. Returns what takes that back. */
  onExit(callback: () => void): () => void;
}

const START_MS = 5_000;
const ASK_EVERY_MS = 20;
/** After SIGTERM: a candidate may have work to finish. */
const GRACE_MS = 10_000;
/** After SIGKILL to the candidate: its guard has only to clean up and end. On a loaded machine that took more than 3 s. */
const FAREWELL_MS = 15_000;

/**
 * The guard around a candidate. Nothing of it goes to stdout: that is for the verdict. What outlives the candidate ends with
 * it, also a process that it forked at the very moment of its end.
 */
export function guardWith(launcher: string): CandidateWorld['guard'] {
  const words = ['run', '--quiet', '--on-daemons', 'kill', '--'];
  // What the launcher of this process has hidden from Node is the candidate's.
  const { env } = parseLaunchNotes(process.env);
  return (command) => spawn(launcher, [...words, ...command], { env, stdio: ['ignore', 2, 2] });
}

/**
 * Starts a command under the guard: a candidate that explodes must not take the machine with it. `undefined` when it was
 * stopped meanwhile. Throws a GuardError when the command does not start. In both cases nothing is left of it.
 */
export async function startCandidate(
  command: readonly string[],
  world: CandidateWorld,
  stop: AbortSignal,
): Promise<StartedCandidate | undefined> {
  const guard = guardedOf(world.guard(command), world);
  try {
    let child: number | undefined;
    await pacedLoop(
      { everyMs: ASK_EVERY_MS, forMs: START_MS },
      world.clock,
      () => {
        child = guard.child();
        return child === undefined && !guard.hasEnded();
      },
      stop,
    );
    if (child !== undefined && !stop.aborted) {
      const source = openSource(world.root, `pid:${child}`) as LiveSource;
      return { source, stop: () => guard.end() };
    }
  } catch (error) {
    await guard.end();
    throw error;
  }
  const how = guard.how();
  await guard.end();
  if (stop.aborted) return undefined;
  throw new GuardError(
    'no-candidate',
    `the candidate did not start${how === undefined ? '' : ` (${how})`}: ${command[0]}`,
    {
      hint: 'threadguard run -- COMMAND says why',
    },
  );
}

interface Guarded {
  /** The candidate itself, once it was there at two looks. */
  child(): number | undefined;
  hasEnded(): boolean;
  /** Its exit status or the signal that ended it; `undefined` while it lives. */
  how(): number | NodeJS.Signals | undefined;
  end(): Promise<void>;
}

function guardedOf(guard: ChildProcess, { clock, kill, onExit, root, runtime }: CandidateWorld): Guarded {
  let how: number | NodeJS.Signals | undefined;
  let hasEnded = false;
  let candidate: GuardedCommand | undefined;
  const over = new AbortController();
  const ended = (): void => {
    hasEnded = true;
    over.abort();
  };
  guard.once('error', ended);
  guard.once('exit', (code, signal) => {
    how = code ?? signal ?? undefined;
    ended();
  });
  // The last resort, for an end that nobody planned: an error outside of every try.
  const forget = onExit(() => guard.kill('SIGTERM'));
  const killCandidate = (): void => {
    if (candidate === undefined || readStat(root, candidate.pid)?.startTime !== candidate.startTime) return;
    for (const pid of descendantsOf(root, candidate.pid, process.pid)) kill(pid, 'SIGKILL');
  };
  return {
    child: () => {
      // The launcher is a shell, and its children are tools of its own.
      const isGuard = guard.pid !== undefined && programOf(root, guard.pid) === basename(runtime);
      const seen = isGuard ? guardedCommand(root, guard.pid as number) : undefined;
      const isSame = seen !== undefined && seen.pid === candidate?.pid && seen.startTime === candidate.startTime;
      candidate = seen;
      return isSame ? seen.pid : undefined;
    },
    hasEnded: () => hasEnded,
    how: () => how,
    end: async () => {
      if (!hasEnded) guard.kill('SIGTERM');
      await clock.sleep(hasEnded ? 0 : GRACE_MS, over.signal);
      // It takes no SIGTERM. Without the candidate its guard ends by itself.
      if (!hasEnded) killCandidate();
      await clock.sleep(hasEnded ? 0 : FAREWELL_MS, over.signal);
      if (!hasEnded) guard.kill('SIGKILL');
      forget();
    },
  };
}

function programOf(root: KernelRoot, pid: number): string | undefined {
  try {
    return basename(readlinkSync(root.proc(pid, 'exe')));
  } catch {
    return undefined;
  }
}
