import type { EventEmitter } from 'node:events';
import { EXIT, errnoOf } from '../errors.ts';

/**
 * What happens when stdout cannot be written. A reader that has seen enough (`head`) ends the command without a word; a full
 * disk is told, and is a failure. The stream tells it by an event, some time after the write.
 */
export function onStdoutFailure(
  stream: Pick<EventEmitter, 'listenerCount' | 'on'>,
  { exit, say }: { readonly exit: (code: number) => void; readonly say: (text: string) => void },
): void {
  stream.on('error', (error: unknown) => {
    // A command that waits for its own writes has something to end first: a canary its candidate.
    if (stream.listenerCount('error') > 1) return;
    const errno = errnoOf(error);
    if (errno === 'EPIPE') return exit(0);
    say(`threadguard: cannot write to stdout (${errno})\n  hint: send it to a file on a disk with free space\n`);
    exit(EXIT.guardFailed);
  });
}
