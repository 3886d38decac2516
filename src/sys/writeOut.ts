import type { Writable } from 'node:stream';
import { errnoOf, GuardError } from '../errors.ts';

/**
 * Writes to stdout and waits until it is written. Throws a GuardError when the reader is gone or the disk is full: a
 * stream tells that by an event, which would end the process wherever it is.
 */
export function writeOut(text: string, stream: Writable = process.stdout): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: unknown): void =>
      reject(
        new GuardError('no-stdout', `cannot write to stdout (${errnoOf(error)})`, {
          hint: 'keep its reader alive, or send it to a file on a disk with free space',
          cause: error,
        }),
      );
    stream.once('error', failed);
    stream.write(text, (error) => {
      if (error != null) return failed(error);
      stream.off('error', failed);
      resolve();
    });
  });
}
