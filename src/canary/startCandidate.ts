import { spawn } from 'node:child_process';
import { GuardError } from '../errors.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { listChildren } from '../procfs/task.ts';
import { openSource, type Source } from './live.ts';

/** A candidate that was started for this. */
export interface StartedCandidate {
  readonly source: Source;
  /** Ends it, and resolves when it has ended. */
  stop(): Promise<void>;
}

const START_MS = 5_000;
const ASK_EVERY_MS = 20;

/** Starts a command under the guard: a candidate that explodes must not take the machine with it. Its output is left alone. */
export async function startCandidate(
  root: KernelRoot,
  launcher: string,
  command: readonly string[],
): Promise<StartedCandidate> {
  // A verdict is what stdout is for.
  const guard = spawn(launcher, ['run', '--quiet', '--', ...command], { stdio: ['ignore', 2, 2] });
  let end: number | NodeJS.Signals | undefined;
  const ended = new Promise<void>((resolve) => {
    guard.once('error', () => resolve());
    guard.once('exit', (code, signal) => {
      end = code ?? signal ?? 0;
      resolve();
    });
  });
  for (let waited = 0; waited < START_MS && end === undefined && guard.pid !== undefined; waited += ASK_EVERY_MS) {
    const [child] = listChildren(root, guard.pid) ?? [];
    if (child !== undefined) {
      return {
        source: openSource(root, `pid:${child}`),
        stop: async () => {
          guard.kill('SIGTERM');
          await ended;
        },
      };
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
  guard.kill('SIGTERM');
  throw new GuardError(
    'no-candidate',
    `the candidate did not start${end === undefined ? '' : ` (${end})`}: ${command[0]}`,
    {
      hint: 'threadguard run -- COMMAND says why',
    },
  );
}
