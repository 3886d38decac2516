import { readFileSync } from 'node:fs';
import { readMessage } from '../core/messages.ts';
import { errnoOf, GuardError } from '../errors.ts';
import { type LogMessage, logDocument, logText } from '../reporters/explainText.ts';

const SHOWN_LINES = 20;

/** What a program that was refused something has printed, and what its words can mean. Exit 1 when it printed none. */
export function explainLog(path: string, isJson: boolean): { readonly text: string; readonly exitCode: number } {
  const found = messagesOf(readLog(path));
  const exitCode = found.length === 0 ? 1 : 0;
  if (isJson) return { text: `${JSON.stringify(logDocument(path, found))}\n`, exitCode };
  if (exitCode === 1) return { text: `${path} tells of no refused thread, process or map\n`, exitCode };
  return { text: logText(found.slice(0, SHOWN_LINES)), exitCode };
}

function readLog(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    throw new GuardError('no-log', `cannot read ${path} (${errnoOf(error)})`, {
      hint: 'name a file that can be read',
      cause: error,
    });
  }
}

function messagesOf(log: string): LogMessage[] {
  return log.split('\n').flatMap((line, index) => {
    const message = readMessage(line);
    return message === undefined ? [] : [{ line: index + 1, message }];
  });
}
