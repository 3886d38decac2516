import { mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GuardError } from '../errors.ts';
import { findExecutable } from '../guard/exec.ts';

const CALLS = 'clone,clone3,fork,vfork,mmap,mprotect,brk';

/** A command under strace, which writes down every call that fails. */
export interface Trace {
  readonly command: readonly string[];
  /** Whether a call has failed with EAGAIN or ENOMEM, or was not permitted. */
  failed(): boolean;
  call(): { readonly name: string; readonly errno: string } | undefined;
  remove(): void;
}

/**
 * strace with a seccomp filter, so that only these calls stop at the tracer: the rest runs at full speed, but
 * making threads is ten times slower. Only failures are written (`-Z`).
 */
export function traceCommand(command: readonly string[]): Trace {
  try {
    findExecutable('strace', process.env['PATH']);
  } catch (cause) {
    throw new GuardError('no-strace', '--trace needs strace, which is not on the PATH', {
      hint: 'apt-get install strace, or leave --trace out: counters and arithmetic are used then',
      cause,
    });
  }
  const dir = mkdtempSync(join(tmpdir(), 'threadguard-trace-'));
  const file = join(dir, 'calls');
  writeFileSync(file, '');
  const fd = openSync(file, 'r');
  const chunk = Buffer.alloc(64 * 1024);
  let rest = '';
  let found: { name: string; errno: string } | undefined;
  const read = (): void => {
    for (;;) {
      const length = readSync(fd, chunk, 0, chunk.length, null);
      if (length === 0) return;
      const lines = (rest + chunk.toString('latin1', 0, length)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) found ??= parseFailure(line);
    }
  };
  return {
    command: ['strace', '-f', '--seccomp-bpf', '-qq', '-Z', '-e', `trace=${CALLS}`, '-o', file, '--', ...command],
    failed: () => {
      read();
      return found !== undefined;
    },
    call: () => {
      read();
      return found;
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** `4711 clone3({flags=…}, 88) = -1 EAGAIN (Resource temporarily unavailable)`; ENOSYS is a question, no refusal. */
export function parseFailure(line: string): { name: string; errno: string } | undefined {
  const match = /^(?:\d+ +)?(?:<\.\.\. )?(\w+)(?: resumed>|\().* = -1 (EAGAIN|ENOMEM|EPERM|EINVAL) /.exec(line);
  return match === null || (match[1] !== 'clone' && match[1] !== 'clone3' && match[2] === 'EINVAL')
    ? undefined
    : { name: match[1] as string, errno: match[2] as string };
}
