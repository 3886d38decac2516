import { type ChildProcess, spawn } from 'node:child_process';
import { errnoOf } from '../errors.ts';

/** What a command is told, in its environment and in this order. */
export const HELPER_VARIABLES = [
  'THREADGUARD_EVENT',
  'THREADGUARD_TARGET',
  'THREADGUARD_REASON',
  'THREADGUARD_INCIDENT',
] as const;
export type HelperFacts = Readonly<Record<(typeof HELPER_VARIABLES)[number], string>>;

/** How a command of the operator's ended. */
export type HelperEnd =
  | { readonly by: 'exit'; readonly code: number }
  | { readonly by: 'signal'; readonly signal: string }
  | { readonly by: 'timeout' }
  /** No process could be had for it. */
  | { readonly by: 'refused'; readonly why: string };

/** Runs one shell command again and again, each time from a process that was there before it was needed. */
export interface Helper {
  run(facts: HelperFacts, timeoutMs: number): Promise<HelperEnd>;
  close(): void;
}

/**
 * Reads the facts, a line each, and becomes the command: nothing is forked for it at the moment of need, so it starts when no
 * PID is left. What the command itself forks is another matter.
 */
const WAITING = `${HELPER_VARIABLES.map((name) => `IFS= read -r ${name}`).join(' && ')} || exit 0
export ${HELPER_VARIABLES.join(' ')}
exec sh -c "$1"`;

/** `own` learns the pid of every process made here: it is neither the target's nor an orphan to be reaped. */
export function openHelper(command: string, env: NodeJS.ProcessEnv, own: Set<number>): Helper {
  let isClosed = false;
  let waiting: ChildProcess | undefined;
  let refusal = 'no process was left for it';
  const arm = (): void => {
    try {
      const child = spawn('sh', ['-c', WAITING, 'sh', command], { env, stdio: ['pipe', 2, 2], detached: true });
      child.on('error', (error) => {
        refusal = errnoOf(error);
        if (waiting === child) waiting = undefined;
      });
      // A helper that died waiting is no news until it is needed.
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
      const end = ended(child, timeoutMs);
      child.stdin?.end(HELPER_VARIABLES.map((name) => `${oneLine(facts[name])}\n`).join(''));
      const result = await end;
      if (!isClosed) arm();
      return result;
    },
    close: () => {
      isClosed = true;
      // The end of its input is its end.
      waiting?.stdin?.end();
      waiting = undefined;
    },
  };
}

/** The end of the command, or of its time: then its whole group goes. */
function ended(child: ChildProcess, timeoutMs: number): Promise<HelperEnd> {
  // Waiting it kept nobody awake; now it is waited for.
  child.ref();
  return new Promise((resolve) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      try {
        process.kill(-(child.pid as number), 'SIGKILL');
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
