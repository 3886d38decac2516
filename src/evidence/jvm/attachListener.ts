import type { KernelRoot } from '../../procfs/root.ts';
import { readStatus } from '../../procfs/status.ts';
import { type Held, holdForeign, release } from '../../sys/foreignPath.ts';
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
/** The share of the time in which the answer may come. It is understood in the rest: 10,000 threads in some 100 ms. */
const ANSWER_SHARE = 0.85;

/**
 * Asks a JVM for its threads over its attach socket, and only where one listens already. Nothing here starts a listener:
 * no `.attach_pid` is written and no SIGQUIT sent, because a JVM at its thread limit dies of starting that thread.
 */
export function askJvm(root: KernelRoot, pid: number, libc: Libc | undefined, timeoutMs: number): JvmAnswer {
  const endMs = performance.now() + timeoutMs;
  const answer = askListener(root, pid, libc, ['threaddump'], timeoutMs * ANSWER_SHARE);
  if (answer.kind === 'none') return answer;
  const text = answer.text.slice(answer.text.indexOf('\n') + 1);
  return { ...answer, kind: 'dump', dump: parseThreadDump(text, () => performance.now() >= endMs) };
}

/**
 * Sends a command with at most three arguments to the listener: the attach protocol of HotSpot
 * (`AttachListenerThread` and `LinuxAttachListener` of OpenJDK). The answer begins with a line `0`.
 * Nobody else is ever asked: a socket of another user or of another process is none.
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
  const socket = holdSocket(root, pid, `/tmp/.java_pid${inner}`, status.fsUid);
  if (socket === undefined) {
    return none(
      'no attach listener runs in it; start it with -XX:+StartAttachListener (run does so for commands called java)',
    );
  }
  try {
    if (libc === undefined) return none('libc could not be loaded (koffi)');
    if (!(timeoutMs > 0)) return none('there was no time left to ask it');
    return ask(socket, pid, libc, command, timeoutMs);
  } finally {
    release(socket);
  }
}

function ask(
  socket: Held,
  pid: number,
  libc: Libc,
  command: readonly string[],
  timeoutMs: number,
): { readonly kind: 'answer'; readonly text: string } | Unanswered {
  const words = [PROTOCOL, ...command, ...new Array<string>(ARGUMENTS).fill('')].slice(0, 2 + ARGUMENTS);
  const request = Buffer.from(words.map((word) => `${word}\0`).join(''));
  // Anybody may put a socket into /tmp: it must be the JVM itself that listens there.
  const reply = libc.exchange(socket.path, request, timeoutMs, (peer) => peer.pid === pid);
  if (reply === undefined) return none('its attach socket is stale, not ours to use, or did not answer in time');
  const text = reply.bytes.toString('utf8');
  const end = text.indexOf('\n');
  if (text.slice(0, end) !== '0') return none(`it refused to answer (${text.slice(0, MOST_REFUSAL)})`);
  return { kind: 'answer', text };
}

function none(why: string): Unanswered {
  return { kind: 'none', why };
}

/** The socket, if it belongs to the user of the JVM, as HotSpot's own client wants it; `undefined` if there is none. */
function holdSocket(root: KernelRoot, pid: number, path: string, uid: number): Held | undefined {
  try {
    return holdForeign(root.proc(pid, 'root'), path, { kind: 'socket', uid });
  } catch {
    return undefined;
  }
}
