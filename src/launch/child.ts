import type { Readable } from 'node:stream';
import { execa } from 'execa';
import type { Ended } from '../core/model.ts';
import { EXIT, errnoOf, GuardError } from '../errors.ts';
import type { LaunchPlan } from './launchPlan.ts';

export interface Child {
  readonly pid: number;
  /** How it ended. Node tells a death by a real-time signal as exit 0: documented, it cannot be told apart here. */
  readonly ended: Promise<Ended>;
  /** Where it was asked to be captured. */
  readonly stderr: Readable | undefined;
}

/**
 * Starts the command with the guard's own descriptors: no pipes (but stderr where it is captured), no buffering, and none of execa's
 * clean-up handlers or force-kill timers, which would end a service in the middle of its own stop.
 */
export function startChild(
  plan: LaunchPlan,
  options: {
    readonly env: NodeJS.ProcessEnv;
    readonly passFds: readonly number[];
    readonly newSession: boolean;
    readonly captureStderr: boolean;
  },
): Child {
  const child = execa(plan.file, plan.args, {
    stdio: stdioOf(options.captureStderr ? 'pipe' : 'inherit', options.passFds),
    env: options.env as Record<string, string>,
    extendEnv: false,
    detached: options.newSession,
    cleanup: false,
    forceKillAfterDelay: false,
    buffer: false,
    reject: false,
    preferLocal: false,
    verbose: 'none',
  });
  if (child.pid === undefined) {
    return {
      pid: 0,
      stderr: undefined,
      ended: child.then((result) => Promise.reject(spawnError(plan.file, result.cause ?? result))),
    };
  }
  const ended = new Promise<Ended>((resolve) => {
    child.once('exit', (code, signal) =>
      resolve(signal === null ? { by: 'exit', code: code ?? 0 } : { by: 'signal', signal }),
    );
  });
  return { pid: child.pid, ended, stderr: options.captureStderr ? (child.stderr ?? undefined) : undefined };
}

/** The first three as they are, but for a stderr that is captured; the others under their numbers, and nothing in between. */
export function stdioOf<T extends 'inherit' | 'pipe'>(stderr: T, fds: readonly number[]): ['inherit', 'inherit', T] {
  const more = Array.from({ length: Math.max(0, Math.max(2, ...fds) - 2) }, (_, index) =>
    fds.includes(index + 3) ? index + 3 : 'ignore',
  );
  return ['inherit', 'inherit', stderr, ...more] as unknown as ['inherit', 'inherit', T];
}

function spawnError(file: string, cause: unknown): GuardError {
  const errno = errnoOf(cause);
  const exitCode = errno === 'ENOENT' ? EXIT.notFound : errno === 'EACCES' ? EXIT.notExecutable : EXIT.guardFailed;
  const hint =
    errno === 'EAGAIN'
      ? 'no task is free: see which limit on tasks is reached (ulimit -u, pids.max)'
      : 'check that the file, its interpreter and its arguments are right';
  return new GuardError('spawn-failed', `cannot start ${file} (${errno})`, { hint, exitCode, cause });
}
