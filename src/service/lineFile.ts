import { closeSync, constants, fstatSync, ftruncateSync, writeSync } from 'node:fs';
import { openSink, type Sink } from '../reporters/sink.ts';
import { openOwnFile } from '../sys/ownDir.ts';

const { O_APPEND, O_CREAT, O_WRONLY } = constants;
/** Those who look after a machine read its logs; they hold no secrets. */
const MODE = 0o644;

/**
 * Opens a file for lines, here and now, and never waits for anybody: a FIFO that nobody reads is refused (ENXIO), and a full one
 * loses lines, which are counted. Throws the system error of the open, and with `isTried` that of a first byte as well; a
 * GuardError if somebody else could lead what is written there to another file.
 */
export function openLineFile(path: string, { isTried }: { readonly isTried: boolean }): Sink {
  const fd = openOwnFile(path, O_WRONLY | O_APPEND | O_CREAT, MODE);
  try {
    if (isTried) probe(fd);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return openSink(fd);
}

/** A full disk takes the open and refuses the first byte, so one is written, and taken back. */
function probe(fd: number): void {
  const stat = fstatSync(fd);
  // A reader at the other end would see it.
  if (stat.isFIFO()) return;
  writeSync(fd, '\n');
  if (stat.isFile()) ftruncateSync(fd, stat.size);
}
