import { errnoOf, GuardError } from '../errors.ts';
import type { Reporter } from '../policy/event.ts';
import { rowOf } from '../reporters/eventTable.ts';
import { humanReporter, wantsColour } from '../reporters/humanReporter.ts';
import { journalReporter } from '../reporters/journalReporter.ts';
import { ndjsonReporter } from '../reporters/ndjsonReporter.ts';
import { openSink, type Sink } from '../reporters/sink.ts';
import { isJournal, openJournal } from '../service/journalSocket.ts';
import { openLineFile } from '../service/lineFile.ts';
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

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'free some space, or log elsewhere',
  ENXIO: 'it is a FIFO that nobody reads, or a socket: start its reader first',
};

/** A log that cannot be written is found out now, not when there is something to say. */
function openLog(path: string | undefined): Sink {
  if (path === undefined) return openSink(2);
  try {
    return openLineFile(path, { isTried: true });
  } catch (error) {
    if (error instanceof GuardError) throw error;
    throw new GuardError('no-log-file', `cannot write the log file ${path} (${errnoOf(error)})`, {
      hint: HINTS[errnoOf(error)] ?? 'name a file that can be written with --log-file',
      cause: error,
    });
  }
}
