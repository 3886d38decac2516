import { closeSync, fstatSync, readSync } from 'node:fs';
import { errnoOf } from '../../errors.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { catches } from '../../procfs/status.ts';
import { type Held, holdKernelLink, openHeldFile, release } from '../../sys/foreignPath.ts';
import type { Reading, Signals } from '../dumpers/dumper.ts';
import type { JvmAnswer } from './attachListener.ts';
import { parseThreadDump } from './threadDump.ts';

const POLL_MS = 2;
/** How much longer it may take to understand the answer, as a share of the time: 10,000 threads take some 100 ms. */
const UNDERSTANDING_SHARE = 0.25;
/** A dump of 30,000 threads, with some output of the program in between, is smaller. */
const MOST_BYTES = 64 << 20;
/** The last line of a dump: `JNI global refs: 17, weak refs: 0`. */
const LAST_LINE = /^JNI global refs.{0,100}\n/m;
const LAST_LINE_BYTES = 200;
/** What is read at a time. */
const PART_BYTES = 4 << 20;

/**
 * Asks a JVM for its threads with SIGQUIT. It needs no new thread for its answer, so it survives that at its limit too.
 * The answer goes to its standard output, so it is asked only where that can be read back: if it is a file, or ends in
 * one that the operator named. A JVM that does not catch SIGQUIT (`-Xrs`, or one that is still starting) is never sent
 * it: the signal would end it.
 */
export function askBySignal(
  root: KernelRoot,
  pid: number,
  reading: Pick<Reading, 'endMs' | 'now' | 'wait'> & { readonly signals: Signals },
): JvmAnswer {
  const { endMs, now, signals } = reading;
  if (now() >= endMs) return none('there was no time left to send it SIGQUIT');
  const output = openOutput(signals.jvmOutput ?? root.proc(pid, 'fd', 1));
  if (typeof output === 'string') return none(output);
  try {
    const start = fstatSync(output).size;
    // This is looked at as late as possible: a JVM may give its handler up before.
    if (!catches(root, pid, 'SIGQUIT')) return none('it does not catch SIGQUIT, which would end it');
    try {
      signals.send(pid, 'SIGQUIT');
    } catch (error) {
      return none(`it cannot be sent SIGQUIT (${errnoOf(error)})`);
    }
    const lastMs = endMs + (endMs - now()) * UNDERSTANDING_SHARE;
    const text = readUntilDump(output, start, reading);
    const dump = parseThreadDump(text, () => now() >= lastMs);
    return dump.threads.length === 0 ? none('it did not answer SIGQUIT in time') : { kind: 'dump', dump, text };
  } finally {
    closeSync(output);
  }
}

/**
 * What is written after `start`, until a dump is whole or the time is up. Each byte is read once and searched once, whatever
 * the program writes meanwhile.
 */
function readUntilDump(
  output: number,
  start: number,
  { endMs, now, wait }: Pick<Reading, 'endMs' | 'now' | 'wait'>,
): string {
  const parts: Buffer[] = [];
  let length = 0;
  let end = '';
  do {
    wait(POLL_MS);
    const more = Math.min(MOST_BYTES - length, PART_BYTES, fstatSync(output).size - start - length);
    if (more <= 0) continue;
    const part = Buffer.alloc(more);
    const got = readSync(output, part, 0, more, start + length);
    parts.push(part.subarray(0, got));
    length += got;
    end = end.slice(-LAST_LINE_BYTES) + part.toString('latin1', 0, got);
  } while (!LAST_LINE.test(end) && now() < endMs);
  return Buffer.concat(parts).toString('utf8');
}

/** A descriptor, or why there is none. */
function openOutput(path: string): number | string {
  let held: Held | undefined;
  try {
    // It must be known to be a file first: opening a pipe or a terminal does something to it.
    held = holdKernelLink(path, { kind: 'file' });
    return openHeldFile(held);
  } catch (error) {
    return errnoOf(error) === 'EPERM'
      ? 'its standard output is no file: --jvm-output names the one where it ends'
      : `its standard output cannot be read back (${errnoOf(error)})`;
  } finally {
    release(held);
  }
}

function none(why: string): JvmAnswer {
  return { kind: 'none', why };
}
