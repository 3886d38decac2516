import { writeSync } from 'node:fs';
import pino from 'pino';

/** Where lines go without ever making the loop wait. */
export interface Sink {
  write(line: string): void;
  /** The stream for pino, the same buffer. */
  readonly stream: ReturnType<typeof pino.destination>;
  /** Lines thrown away because the reader did not keep up, and writes that failed. */
  dropped(): number;
  /** Waits until everything is out, at most this long. */
  flush(timeoutMs: number): Promise<void>;
}

/** Text kept for a slow reader; beyond it lines are dropped and counted. */
const BUFFER_BYTES = 256 * 1024;

/**
 * A bounded, asynchronous writer to a descriptor. A synchronous one stalled the loop for 4 s on a pipe that nobody read;
 * O_NONBLOCK cannot be set on one that the child shares.
 */
export function openSink(fd: number): Sink {
  let dropped = 0;
  const stream = pino.destination({
    fd,
    sync: false,
    minLength: 0,
    maxLength: BUFFER_BYTES,
  });
  // sonic-boom's own flush calls back at once when minLength is 0, with lines still on their way.
  let isIdle = true;
  const write = stream.write.bind(stream);
  stream.write = (line) => {
    isIdle = false;
    return write(line);
  };
  stream.on('drain', () => {
    isIdle = true;
  });
  stream.on('drop', () => {
    dropped += 1;
  });
  // A closed reader (EPIPE) or a full disk (ENOSPC) must not end the guard; the lines are lost and counted.
  stream.on('error', () => {
    dropped += 1;
  });
  return {
    stream,
    write: (line) => void stream.write(line),
    dropped: () => dropped,
    flush: (timeoutMs) =>
      new Promise((resolve) => {
        if (isIdle) return resolve();
        const timer = setTimeout(resolve, timeoutMs);
        const done = () => {
          clearTimeout(timer);
          resolve();
        };
        stream.once('drain', done);
        stream.once('error', done);
      }),
  };
}

/** A line that must be out although everything else failed: before the child, or at a refusal. */
export function writeNow(text: string): void {
  try {
    writeSync(2, text);
  } catch {
    // Nobody listens on stderr, and there is no one else to tell.
  }
}
