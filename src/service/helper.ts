import { type ChildProcess, spawn } from 'node:child_process';
import { errnoOf } from '../errors.ts';
import type { Fork } from '../sys/standing.ts';

/** What a command is told in its environment, in this order. */
export const HELPER_VARIABLES = [
  'THREADGUARD_EVENT',
  'THREADGUARD_TARGET',
  'THREADGUARD_REASON',
  'THREADGUARD_INCIDENT',
] as const;
export type HelperFacts = Readonly<Record<(typeof HELPER_VARIABLES)[number], string>>;

/** How a command of the operator ended. */
export type HelperEnd =
  | { readonly by: 'exit'; readonly code: number }
  | { readonly by: 'signal'; readonly signal: string }
  | { readonly by: 'timeout' }
  /** There was no process for it. */
  | { readonly by: 'refused'; readonly why: string };

/** Runs one shell command again and again, each time in a process that existed before it was needed. */
export interface Helper {
  run(facts: HelperFacts, timeoutMs: number): Promise<HelperEnd>;
  close(): void;
}

/** Holds the command while its shell waits, and is taken away before the command runs. */
const COMMAND = '_THREADGUARD_HELPER';
/**
 * A shell that reads the facts, one a line, and becomes the command. Nothing is forked at the moment of need, so the
 * command starts even when no PID is left. What the command itself forks is another matter.
 *
 * The command comes in the environment: the words of a process are shown to every user (`ps`) for as long as it waits, and a
 * command may hold a token. Its environment is shown to its own user and root alone.
 */
const WAITING = `${HELPER_VARIABLES.map((name) => `IFS= read -r ${name}`).join(' && ')} || exit 0
export ${HELPER_VARIABLES.join(' ')}
set -- "$${COMMAND}"
unset ${COMMAND}
exec sh -c "$1"`;

/** What is outside of a helper. */
export interface HelperWorld {
  /** Starts the waiting shell, in a process group of its own. It reads its facts from stdin. */
  start(command: string, env: NodeJS.ProcessEnv): ChildProcess;
  /** Kills a whole process group. */
  killGroup(pid: number): void;
}

const REAL: HelperWorld = {
  start: (command, env) =>
    spawn('sh', ['-c', WAITING], { env: { ...env, [COMMAND]: command }, stdio: ['pipe', 2, 2], detached: true }),
  killGroup: (pid) => void process.kill(-pid, 'SIGKILL'),
};

/** Every process that is made here is added to `own`: it belongs neither to the target nor to the orphans to be reaped. */
export function openHelper(
  command: string,
  env: NodeJS.ProcessEnv,
  { fork, own }: { readonly fork: Fork; readonly own: Set<number> },
  world: HelperWorld = REAL,
): Helper {
  let isClosed = false;
  let waiting: ChildProcess | undefined;
  let refusal = 'no process was left for it';
  const arm = (): void => {
    try {
      const child = fork(() => world.start(command, env));
      child.on('error', (error) => {
        refusal = errnoOf(error);
        if (waiting === child) waiting = undefined;
      });
      // A helper that died while it waited is no news until it is needed.
      child.stdin?.on('error', () => {});
      child.once('exit', () => {
        own.delete(child.pid as number);
        if (waiting === child) waiting = undefined;
      });
      if (child.pid === undefined) return;
      own.add(child.pid);
      child.unref();
      waiting = child;
    } catch (error) {
      refusal = errnoOf(error);
    }
  };
  arm();
  return {
    run: async (facts, timeoutMs) => {
      if (waiting === undefined) arm();
      const child = waiting;
      waiting = undefined;
      if (child === undefined) return { by: 'refused', why: refusal };
      const end = ended(child, timeoutMs, world);
      child.stdin?.end(HELPER_VARIABLES.map((name) => `${oneLine(facts[name])}\n`).join(''));
      const result = await end;
      if (!isClosed) arm();
      return result;
    },
    close: () => {
      isClosed = true;
      // It ends at the end of its input.
      waiting?.stdin?.end();
      waiting = undefined;
    },
  };
}

/** Waits for the end of the command. When its time is over, its whole process group is killed. */
function ended(child: ChildProcess, timeoutMs: number, { killGroup }: HelperWorld): Promise<HelperEnd> {
  // While it waited it must not keep this process alive. Now it is waited for.
  child.ref();
  return new Promise((resolve) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      try {
        killGroup(child.pid as number);
      } catch {
        // It ended at this very moment.
      }
    }, timeoutMs);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      if (isLate) resolve({ by: 'timeout' });
      else resolve(signal === null ? { by: 'exit', code: code ?? 0 } : { by: 'signal', signal });
    });
  });
}

function oneLine(text: string): string {
  return text.replace(/[\r\n\0]+/g, ' ');
}
