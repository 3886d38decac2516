import { statSync } from 'node:fs';
import type { KernelRoot } from '../../procfs/root.ts';
import { readStatus } from '../../procfs/status.ts';
import type { Libc } from '../../sys/libc.ts';
import { type JvmDump, parseThreadDump } from '../jvm/threadDump.ts';

/** What came of asking a JVM. */
export type JvmAnswer =
  | { readonly kind: 'dump'; readonly dump: JvmDump; readonly text: string }
  /** Not asked, or no answer: why, and what would help. */
  | { readonly kind: 'none'; readonly why: string };

/**
 * Asks a JVM for its threads over its attach socket, and only where one listens already. Nothing starts a listener:
 * neither `.attach_pid` is written nor SIGQUIT sent, because a JVM at its thread limit dies of starting that thread.
 */
export function askJvm(root: KernelRoot, pid: number, libc: Libc | undefined, timeoutMs: number): JvmAnswer {
  const answer = askListener(root, pid, libc, ['threaddump'], timeoutMs);
  return answer.kind === 'none'
    ? answer
    : { ...answer, dump: parseThreadDump(answer.text.slice(answer.text.indexOf('\n') + 1)) };
}

/** Sends a command with its arguments (at most three) to the listener: the attach protocol of HotSpot. */
export function askListener(
  root: KernelRoot,
  pid: number,
  libc: Libc | undefined,
  command: readonly string[],
  timeoutMs: number,
): Exclude<JvmAnswer, { kind: 'dump' }> | { readonly kind: 'dump'; readonly text: string } {
  const status = readStatus(root, pid);
  if (status === undefined) return { kind: 'none', why: 'it is gone' };
  const inner = status.nsPids.at(-1) ?? pid;
  const path = root.proc(pid, 'root', 'tmp', `.java_pid${inner}`);
  if (!isSocket(path)) {
    return {
      kind: 'none',
      why: 'no attach listener runs in it; start it with -XX:+StartAttachListener (run does so for commands called java)',
    };
  }
  if (libc === undefined) return { kind: 'none', why: 'libc could not be loaded (koffi)' };
  // Its version, then always four texts, each with a zero byte.
  const request = ['1', ...command, '', '', ''].slice(0, 5).map((text) => `${text}\0`);
  const reply = libc.exchange(path, Buffer.from(request.join('')), timeoutMs);
  if (reply === undefined) {
    return { kind: 'none', why: 'its attach socket is stale, not ours to use, or did not answer in time' };
  }
  const text = reply.bytes.toString('utf8');
  const end = text.indexOf('\n');
  if (text.slice(0, end) !== '0') return { kind: 'none', why: `it refused to answer (${text.slice(0, 100)})` };
  return { kind: 'dump', text };
}

function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket();
  } catch {
    return false;
  }
}
