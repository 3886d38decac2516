import { statSync } from 'node:fs';
import type { KernelRoot } from '../../procfs/root.ts';
import { readStatus } from '../../procfs/status.ts';
import type { Libc } from '../../sys/libc.ts';
import { type JvmDump, parseThreadDump } from './threadDump.ts';

/** What came of asking a JVM for its threads. */
export type JvmAnswer = { readonly kind: 'dump'; readonly dump: JvmDump; readonly text: string } | Unanswered;

/** A JVM that was not asked, or did not answer: why, and what would help. */
interface Unanswered {
  readonly kind: 'none';
  readonly why: string;
}

/** Version of the attach protocol, and how many arguments a command always has. */
const PROTOCOL = '1';
const ARGUMENTS = 3;
const MOST_REFUSAL = 100;

/**
 * Asks a JVM for its threads over its attach socket, and only where one listens already. Nothing here starts a listener:
 * no `.attach_pid` is written and no SIGQUIT sent, because a JVM at its thread limit dies of starting that thread.
 */
export function askJvm(root: KernelRoot, pid: number, libc: Libc | undefined, timeoutMs: number): JvmAnswer {
  const answer = askListener(root, pid, libc, ['threaddump'], timeoutMs);
  return answer.kind === 'none'
    ? answer
    : { ...answer, kind: 'dump', dump: parseThreadDump(answer.text.slice(answer.text.indexOf('\n') + 1)) };
}

/**
 * Sends a command with at most three arguments to the listener: the attach protocol of HotSpot
 * (`AttachListenerThread` and `LinuxAttachListener` of OpenJDK). The answer begins with a line `0`.
 */
export function askListener(
  root: KernelRoot,
  pid: number,
  libc: Libc | undefined,
  command: readonly string[],
  timeoutMs: number,
): { readonly kind: 'answer'; readonly text: string } | Unanswered {
  const status = readStatus(root, pid);
  if (status === undefined) return none('it is gone');
  const inner = status.nsPids.at(-1) ?? pid;
  const path = root.proc(pid, 'root', 'tmp', `.java_pid${inner}`);
  if (!isSocket(path)) {
    return none(
      'no attach listener runs in it; start it with -XX:+StartAttachListener (run does so for commands called java)',
    );
  }
  if (libc === undefined) return none('libc could not be loaded (koffi)');
  if (!(timeoutMs > 0)) return none('there was no time left to ask it');
  const words = [PROTOCOL, ...command, ...new Array<string>(ARGUMENTS).fill('')].slice(0, 2 + ARGUMENTS);
  const reply = libc.exchange(path, Buffer.from(words.map((word) => `${word}\0`).join('')), timeoutMs);
  if (reply === undefined) return none('its attach socket is stale, not ours to use, or did not answer in time');
  const text = reply.bytes.toString('utf8');
  const end = text.indexOf('\n');
  if (text.slice(0, end) !== '0') return none(`it refused to answer (${text.slice(0, MOST_REFUSAL)})`);
  return { kind: 'answer', text };
}

function none(why: string): Unanswered {
  return { kind: 'none', why };
}

function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket();
  } catch {
    return false;
  }
}
