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

/** `1`, the command and three arguments, each with a zero byte: the attach protocol of HotSpot. */
const THREAD_DUMP = '1\0threaddump\0\0\0\0';

/**
 * Asks a JVM for its threads over its attach socket, and only where one listens already. Nothing starts a listener:
 * neither `.attach_pid` is written nor SIGQUIT sent, because a JVM at its thread limit dies of starting that thread.
 */
export function askJvm(root: KernelRoot, pid: number, libc: Libc | undefined, timeoutMs: number): JvmAnswer {
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
  const reply = libc.exchange(path, Buffer.from(THREAD_DUMP, 'latin1'), timeoutMs);
  if (reply === undefined) {
    return { kind: 'none', why: 'its attach socket is stale, not ours to use, or did not answer in time' };
  }
  const text = reply.bytes.toString('utf8');
  const end = text.indexOf('\n');
  if (text.slice(0, end) !== '0')
    return { kind: 'none', why: `it refused to dump its threads (${text.slice(0, 100)})` };
  return { kind: 'dump', dump: parseThreadDump(text.slice(end + 1)), text };
}

function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket();
  } catch {
    return false;
  }
}
