import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FailedCall } from '../../core/refusal.ts';
import { GuardError } from '../../errors.ts';
import { findExecutable } from '../../launch/launchPlan.ts';

const CALLS = 'clone,clone3,fork,vfork,mmap,mprotect,brk';
/** strace has attached to every thread when it says so, or after this long. */
const ATTACH_MS = 5_000;

/** `4711 clone3({flags=…}, 88) = -1 EAGAIN (Resource temporarily unavailable)`; ENOSYS is a question, no refusal. */
export function parseFailure(line: string): FailedCall | undefined {
  const match = /^(?:\d+ +)?(?:<\.\.\. )?(\w+)(?: resumed>|\().* = -1 (EAGAIN|ENOMEM|EPERM|EINVAL) /.exec(line);
  return match === null || (match[1] !== 'clone' && match[1] !== 'clone3' && match[2] === 'EINVAL')
    ? undefined
    : { name: match[1] as string, errno: match[2] as string };
}

/**
 * strace with a seccomp filter, so that only these calls stop at the tracer: the rest runs at full speed. Only
 * failures are written (`-Z`).
 */
export function straceWords(): { words: readonly string[]; lines: () => string[]; dir: string } {
  const { dir, file, lines } = open();
  return {
    words: ['strace', '-f', '--seccomp-bpf', '-qq', '-Z', '-e', `trace=${CALLS}`, '-o', file, '--'],
    lines,
    dir,
  };
}

/** strace on a process that runs: there `--seccomp-bpf` cannot be had (strace(1)), so every call of it stops. */
export async function straceProcess(pid: number): Promise<{ lines: () => string[]; close: () => void }> {
  const { dir, file, lines } = open();
  const child = spawn('strace', ['-f', '-Z', '-e', `trace=${CALLS}`, '-o', file, '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const close = (): void => {
    // strace detaches from everything on SIGTERM.
    child.kill('SIGTERM');
    rmSync(dir, { recursive: true, force: true });
  };
  let said = '';
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ATTACH_MS);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString('latin1');
      if (/attached/.test(said)) done();
    });
    child.once('exit', done);
    child.once('error', done);
  });
  if (!/attached/.test(said) || child.exitCode !== null) {
    close();
    throw new GuardError('no-trace', `strace cannot watch process ${pid}: ${said.trim().split('\n')[0] ?? ''}`, {
      hint: 'it needs the rights of ptrace, and no other tracer on the process; leave --trace out to go by counters',
    });
  }
  return { lines, close };
}

function open(): { dir: string; file: string; lines: () => string[] } {
  try {
    findExecutable('strace', process.env['PATH']);
  } catch (cause) {
    throw new GuardError('no-strace', '--trace needs strace, which is not on the PATH, or a tracefs that is ours', {
      hint: 'apt-get install strace, or mount tracefs as root, or leave --trace out: counters and arithmetic are used then',
      cause,
    });
  }
  const dir = mkdtempSync(join(tmpdir(), 'threadguard-trace-'));
  const file = join(dir, 'calls');
  writeFileSync(file, '');
  const fd = openSync(file, 'r');
  const chunk = Buffer.alloc(64 * 1024);
  let rest = '';
  return {
    dir,
    file,
    lines: () => {
      const found: string[] = [];
      for (;;) {
        const length = readSync(fd, chunk, 0, chunk.length, null);
        if (length === 0) return found;
        const lines = (rest + chunk.toString('latin1', 0, length)).split('\n');
        rest = lines.pop() ?? '';
        found.push(...lines);
      }
    },
  };
}
