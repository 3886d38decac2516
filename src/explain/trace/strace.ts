import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FailedCall } from '../../core/refusal.ts';
import { GuardError } from '../../errors.ts';
import { findExecutable } from '../../launch/launchPlan.ts';

const CALLS = 'clone,clone3,fork,vfork,mmap,mprotect,brk';
/** strace says when it has attached to every thread. It is not waited for longer than this. */
const ATTACH_MS = 5_000;

/** What strace writes, line by line, as it comes. */
export interface StraceOutput {
  /** The lines that were written since the last call. */
  lines(): string[];
  close(): void;
}

/**
 * `4711 clone3({flags=…}, 88) = -1 EAGAIN (Resource temporarily unavailable)`. ENOSYS is a question, not a refusal.
 * EINVAL is one only for clone.
 */
export function parseFailure(line: string): FailedCall | undefined {
  const match = /^(?:\d+ +)?(?:<\.\.\. )?(\w+)(?: resumed>|\().* = -1 (EAGAIN|ENOMEM|EPERM|EINVAL) /.exec(line);
  return match === null || (match[1] !== 'clone' && match[1] !== 'clone3' && match[2] === 'EINVAL')
    ? undefined
    : { name: match[1] as string, errno: match[2] as string };
}

/**
 * The words to put before a command. strace uses a seccomp filter, so only these calls stop at the tracer and the rest
 * runs at full speed. It writes failures only (`-Z`).
 */
export function straceWords(): StraceOutput & { readonly words: readonly string[] } {
  const { file, ...output } = openOutput();
  return {
    ...output,
    words: ['strace', '-f', '--seccomp-bpf', '-qq', '-Z', '-e', `trace=${CALLS}`, '-o', file, '--'],
  };
}

/** Attaches strace to a process that runs. Its seccomp filter is not possible there (strace(1)): every call stops. */
export async function straceProcess(pid: number): Promise<StraceOutput> {
  const { close: closeOutput, file, lines } = openOutput();
  const child = spawn('strace', ['-f', '-Z', '-e', `trace=${CALLS}`, '-o', file, '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  // strace detaches from everything on SIGTERM. A tracer that is left behind would slow the process down for ever.
  const detach = (): void => void child.kill('SIGTERM');
  process.once('exit', detach);
  const close = (): void => {
    process.off('exit', detach);
    detach();
    closeOutput();
  };
  const said = await untilAttached(child);
  if (!/attached/.test(said) || child.exitCode !== null) {
    close();
    throw new GuardError('no-trace', `strace cannot watch process ${pid}: ${said.trim().split('\n')[0] ?? ''}`, {
      hint: 'it needs the rights of ptrace, and no other tracer on the process; leave --trace out to go by counters',
    });
  }
  return { lines, close };
}

/** What it said until then. */
function untilAttached(child: ChildProcess): Promise<string> {
  let said = '';
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(said), ATTACH_MS);
    const done = (): void => {
      clearTimeout(timer);
      resolve(said);
    };
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString('latin1');
      if (/attached/.test(said)) done();
    });
    child.once('exit', done);
    child.once('error', done);
  });
}

function openOutput(): StraceOutput & { readonly file: string } {
  try {
    findExecutable('strace', process.env['PATH']);
  } catch (cause) {
    throw new GuardError(
      'no-strace',
      '--trace needs a tracefs that root may use, or strace, which is not on the PATH',
      {
        hint: 'apt-get install strace, or mount tracefs as root, or leave --trace out to go by counters and arithmetic',
        cause,
      },
    );
  }
  const dir = mkdtempSync(join(tmpdir(), 'threadguard-trace-'));
  const file = join(dir, 'calls');
  writeFileSync(file, '', { mode: 0o600 });
  const fd = openSync(file, 'r');
  return {
    file,
    lines: lineReader(fd),
    close: () => {
      closeSync(fd);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Whole lines of a file that grows; the beginning of one that is not yet whole is kept for later. */
export function lineReader(fd: number): () => string[] {
  const chunk = Buffer.alloc(64 * 1024);
  let rest = '';
  return () => {
    const found: string[] = [];
    for (;;) {
      const length = readSync(fd, chunk, 0, chunk.length, null);
      if (length === 0) return found;
      const lines = (rest + chunk.toString('latin1', 0, length)).split('\n');
      rest = lines.pop() ?? '';
      found.push(...lines);
    }
  };
}
