import { write } from 'node:fs';
import type { Readable } from 'node:stream';

/** Held back of a reader that is slow; then the writer waits, as it would without a guard between. */
const MOST_QUEUED = 256 * 1024;
/** A descriptor that somebody made non-blocking says EAGAIN instead of waiting. */
const AGAIN_MS = 5;

/**
 * Copies a stream to a descriptor, every byte in order. Not a file stream: those end with an error where a pipe was made
 * non-blocking (EAGAIN), as every parent that is a Node does. The thread pool writes, so a reader that is stuck stops
 * the writer and not the guard. A reader that is gone ends the copying, not the reading. `left` is what it still holds.
 */
export function handOn(stream: Readable, fd: number): { readonly left: () => number } {
  const queue: Buffer[] = [];
  let queued = 0;
  let isWriting = false;
  let isGone = false;
  const next = (): void => {
    const chunk = queue[0];
    if (isWriting || chunk === undefined) return;
    isWriting = true;
    write(fd, chunk, 0, chunk.length, null, (error, written) => {
      isWriting = false;
      if (error?.code === 'EAGAIN') {
        setTimeout(next, AGAIN_MS);
        return;
      }
      if (error !== null) {
        isGone = true;
        queue.length = 0;
        queued = 0;
        stream.resume();
        return;
      }
      queued -= written;
      if (written < chunk.length) queue[0] = chunk.subarray(written);
      else queue.shift();
      if (queued < MOST_QUEUED) stream.resume();
      next();
    });
  };
  stream.on('data', (chunk: Buffer) => {
    if (isGone) return;
    queue.push(chunk);
    queued += chunk.length;
    if (queued >= MOST_QUEUED) stream.pause();
    next();
  });
  return { left: () => queued };
}
