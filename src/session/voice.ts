import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { errnoOf, GuardError } from '../errors.ts';
import type { Reporter } from '../policy/event.ts';
import { rowOf } from '../reporters/eventTable.ts';
import { humanReporter, wantsColour } from '../reporters/humanReporter.ts';
import { journalReporter } from '../reporters/journalReporter.ts';
import { ndjsonReporter } from '../reporters/ndjsonReporter.ts';
import { openSink, type Sink } from '../reporters/sink.ts';
import { isJournal, openJournal } from '../service/journalSocket.ts';
import type { Libc } from '../sys/libc.ts';
import type { OutputOptions } from './runOptions.ts';

/** Where and how the guard speaks. */
export interface Voice {
  readonly report: Reporter;
  /** Draws or clears the status line; does nothing where there is no terminal. */
  readonly status: ((text: string) => void) | undefined;
  readonly dropped: () => number;
  readonly flush: (timeoutMs: number) => Promise<void>;
}

export function openVoice(
  options: OutputOptions,
  parts: {
    readonly target: string;
    readonly pid: () => number | undefined;
    readonly env: NodeJS.ProcessEnv;
    readonly libc: Libc | undefined;
  },
): Voice {
  const { env, pid, target } = parts;
  const sink = openLog(options.logFile);
  const isTerminal = options.logFile === undefined && process.stderr.isTTY === true;
  const inJournal = options.logFile === undefined && isJournal(env);
  const human = humanReporter(sink, { colour: wantsColour(isTerminal, env), priorities: inJournal });
  const journal = inJournal && options.logFormat === 'human' ? openJournal(parts.libc) : undefined;
  const speak =
    options.logFormat === 'json'
      ? ndjsonReporter(sink, target, pid)
      : journal === undefined
        ? human
        : journalReporter((entry) => journal.send(entry), { target, pid }, human);
  const hasStatus = options.progress && isTerminal && options.logFormat === 'human';
  let drawn = false;
  const clear = (): void => {
    if (drawn) sink.write('\r\u001b[K');
    drawn = false;
  };
  return {
    report: (event) => {
      if (options.quiet && !rowOf(event).isLoud(event)) return;
      clear();
      speak(event);
    },
    status: hasStatus
      ? (text) => {
          if (text === '') return clear();
          sink.write(`\r\u001b[K${text}`);
          drawn = true;
        }
      : undefined,
    dropped: sink.dropped,
    flush: (timeoutMs) => sink.flush(timeoutMs),
  };
}

/** A log that cannot be written is found out now, not when there is something to say. */
function openLog(path: string | undefined): Sink {
  if (path === undefined) return openSink({ fd: 2 });
  try {
    probe(path);
    return openSink({ path });
  } catch (error) {
    throw new GuardError('no-log-file', `cannot write the log file ${path} (${errnoOf(error)})`, {
      hint:
        errnoOf(error) === 'ENOSPC'
          ? 'free some space, or log elsewhere'
          : 'name a file that can be written with --log-file',
      cause: error,
    });
  }
}

/** A full disk takes the open and refuses the first byte, so one is written, and taken back where that is possible. */
function probe(path: string): void {
  const fd = openSync(path, 'a');
  try {
    const { size } = fstatSync(fd);
    writeSync(fd, '\n');
    if (fstatSync(fd).isFile()) ftruncateSync(fd, size);
  } finally {
    closeSync(fd);
  }
}
