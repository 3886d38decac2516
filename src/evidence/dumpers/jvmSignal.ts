import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { errnoOf } from '../../errors.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { catches } from '../../procfs/status.ts';
import { pauseHere } from '../../sys/pause.ts';
import { parseThreadDump } from '../jvm/threadDump.ts';
import type { JvmAnswer } from './jvm.ts';

const POLL_MS = 2;
/** What a dump of 30,000 threads has, and some output of the program between it. */
const MOST_BYTES = 64 << 20;
/** A dump ends with it (`JNI global refs: 17, weak refs: 0`). */
const LAST_LINE = /^JNI global refs.*\n/m;

/**
 * Asks a JVM for its threads with SIGQUIT: it needs no new thread for that, so it lives through it at its limit too. The
 * answer goes to its standard output, so it is asked only where that can be read back: a file, which it is now or which
 * the operator named. Never sent to one that does not catch it (`-Xrs`, or still starting): it would end it.
 */
export function askBySignal(
  root: KernelRoot,
  pid: number,
  {
    file,
    now,
    timeoutMs,
  }: { readonly file: string | undefined; readonly now: () => number; readonly timeoutMs: number },
): JvmAnswer {
  const output = openOutput(file ?? root.proc(pid, 'fd', 1));
  if (typeof output === 'string') return { kind: 'none', why: output };
  try {
    const start = fstatSync(output).size;
    // As late as can be: between this and the signal it would have to give up its handler.
    if (!catches(root, pid, 'SIGQUIT')) return { kind: 'none', why: 'it does not catch SIGQUIT, which would end it' };
    try {
      process.kill(pid, 'SIGQUIT');
    } catch (error) {
      return { kind: 'none', why: `it cannot be sent SIGQUIT (${errnoOf(error)})` };
    }
    const endMs = now() + timeoutMs;
    let text = '';
    do {
      pauseHere(POLL_MS);
      const size = Math.min(MOST_BYTES, fstatSync(output).size - start);
      if (size <= Buffer.byteLength(text)) continue;
      const bytes = Buffer.alloc(size);
      text = bytes.toString('utf8', 0, readSync(output, bytes, 0, size, start));
    } while (!LAST_LINE.test(text) && now() < endMs);
    const dump = parseThreadDump(text);
    if (dump.threads.length === 0) return { kind: 'none', why: 'it did not answer SIGQUIT in time' };
    return { kind: 'dump', dump, text };
  } finally {
    closeSync(output);
  }
}

/** A descriptor, or why there is none. */
function openOutput(path: string): number | string {
  try {
    // Asked first: to open a pipe or a terminal is an act of its own.
    if (!statSync(path).isFile()) return 'its standard output is no file: --jvm-output names the one that it ends in';
    return openSync(path, 'r');
  } catch (error) {
    return `its standard output cannot be read back (${errnoOf(error)})`;
  }
}
