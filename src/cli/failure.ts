import { escapeText } from '../core/units.ts';
import { EXIT, errnoOf, GuardError } from '../errors.ts';
import { UsageError } from './refusals.ts';

/** What is said when a command cannot do its work, and how it exits. */
export interface Failure {
  /** For stderr: what went wrong, and what to do about it. Empty where nothing went wrong (`--help`). */
  readonly text: string;
  readonly exitCode: number;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof UsageError) return usageFailure(error);
  if (error instanceof GuardError) return { text: lines(error.message, error.hint), exitCode: error.exitCode };
  const what = error instanceof Error ? (error.stack ?? error.message) : errnoOf(error);
  return {
    text: lines(`internal error: ${what}`, 'please report this with the command line'),
    exitCode: EXIT.guardFailed,
  };
}

function usageFailure({ command, path, refusal }: UsageError): Failure {
  if (refusal.exitCode === 0) return { text: '', exitCode: 0 };
  // A command that has commands below it was given none of them: its help lists them.
  if (refusal.code === 'commander.help') return { text: command.helpInformation(), exitCode: EXIT.guardFailed };
  const [message = '', ...rest] = refusal.message.replace(/^error: /, '').split('\n');
  const missing = /^missing required argument '(.+)'$/.exec(message)?.[1];
  if (missing !== undefined) {
    const hint = `${path} ${command.usage().split('\n')[0]}`;
    return { text: lines(`no ${missing.toUpperCase()} was given`, hint), exitCode: EXIT.guardFailed };
  }
  const suggestion = rest
    .join(' ')
    .trim()
    .replace(/^\(|\)$/g, '');
  const list = `${path} --help lists every ${command.commands.length > 0 ? 'command' : 'option'}`;
  return { text: lines(message, suggestion === '' ? list : suggestion), exitCode: EXIT.guardFailed };
}

/** Names of files and processes may stand in both. */
function lines(message: string, hint: string): string {
  return `threadguard: ${printable(message)}\n  hint: ${printable(hint)}\n`;
}

function printable(text: string): string {
  return text.split('\n').map(escapeText).join('\n');
}
