import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { type LoopClock, pacedLoop } from '../core/pacedLoop.ts';
import { errnoOf, GuardError } from '../errors.ts';
import { stdioOf } from '../launch/child.ts';
import type { ChildTarget, End } from '../targets/contracts.ts';

const GRACE_MS = 2_000;
const ASK_EVERY_MS = 10;
const LONGEST_LINE = 4096;

/** A command that was started inside its holder. Its stderr is a pipe to us. */
export interface Launched {
  readonly stderr: Readable | null;
  /** How it ended: a signal or `exit 1`; `undefined` while it runs. */
  ended(): string | undefined;
}

/** Starts a command inside what holds it. Throws a `GuardError` when it cannot be started. */
export async function launch(
  words: readonly string[],
  { descriptors, env }: { readonly descriptors: readonly number[]; readonly env: NodeJS.ProcessEnv },
  { birth }: Pick<ChildTarget, 'birth'>,
  cap: number | 'max',
): Promise<Launched> {
  const [file, ...args] = words as [string, ...string[]];
  birth.beforeFork(cap);
  const child = execa(file, args, {
    stdio: stdioOf('pipe', descriptors),
    env: env as Record<string, string>,
    extendEnv: false,
    cleanup: false,
    buffer: false,
    reject: false,
  });
  birth.afterFork(child.pid, cap);
  let ended: string | undefined;
  child.once('exit', (code, signal) => {
    ended = signal ?? `exit ${code}`;
  });
  if (child.pid !== undefined) return { stderr: child.stderr, ended: () => ended };
  const { cause } = await child;
  throw new GuardError('spawn-failed', `cannot start ${file} (${errnoOf(cause)})`, {
    hint: 'check that the file, its interpreter and its arguments are right',
    cause,
  });
}

/** Calls back with every whole line. Everything that comes is also handed on as it is. */
export function readLines(
  stream: Readable | null,
  passThrough: (chunk: Buffer) => void,
  onLine: (line: string) => void,
): void {
  let rest = '';
  stream?.on('data', (chunk: Buffer) => {
    passThrough(chunk);
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = (lines.pop() ?? '').slice(-LONGEST_LINE);
    for (const line of lines) onLine(line);
  });
  stream?.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}

/** Sends SIGTERM to all of it, and gives it the time to end. */
export async function askToEnd(end: Pick<End, 'isEmpty' | 'signal'>, clock: LoopClock): Promise<void> {
  end.signal('SIGTERM');
  await pacedLoop({ everyMs: ASK_EVERY_MS, forMs: GRACE_MS }, clock, () => !end.isEmpty());
}
