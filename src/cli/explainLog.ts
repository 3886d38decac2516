import { readMessage } from '../core/messages.ts';
import { jsonLine } from '../core/units.ts';
import { errnoOf, GuardError } from '../errors.ts';
import { type LogMessage, logDocument, logText } from '../reporters/explainText.ts';
import { readLines } from '../sys/readLines.ts';

const SHOWN_LINES = 20;
/** A log that tells of more is no better understood by them, and they are held in memory. */
const MOST_MESSAGES = 10_000;

/** What a program that was refused something has printed, and what its words can mean. Exit 1 when it printed none. */
export function explainLog(path: string, isJson: boolean): { readonly text: string; readonly exitCode: number } {
  const found = messagesOf(path);
  const exitCode = found.length === 0 ? 1 : 0;
  if (isJson) return { text: jsonLine(logDocument(path, found)), exitCode };
  if (exitCode === 1) return { text: `${path} tells of no refused thread, process or map\n`, exitCode };
  return { text: logText(found.slice(0, SHOWN_LINES)), exitCode };
}

/** Reads line by line: a log of hundreds of megabytes needs no more memory than a short one. */
function messagesOf(path: string): LogMessage[] {
  const found: LogMessage[] = [];
  try {
    let line = 0;
    for (const { text } of readLines(path, 'latin1')) {
      line += 1;
      const message = readMessage(text);
      if (message === undefined) continue;
      found.push({ line, message });
      if (found.length === MOST_MESSAGES) break;
    }
  } catch (error) {
    throw new GuardError('no-log', `cannot read ${path} (${errnoOf(error)})`, {
      hint: 'name a file that can be read',
      cause: error,
    });
  }
  return found;
}
