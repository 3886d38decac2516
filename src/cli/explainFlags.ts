import { GuardError } from '../errors.ts';
import type { FlagsOf } from '../flags/flag.ts';
import { duration, processId } from '../flags/quantities.ts';
import { file, yes } from '../flags/words.ts';

export interface ExplainFlags {
  readonly pid: number | undefined;
  readonly log: string | undefined;
  /** How long to watch at most; `undefined` for as long as it takes. */
  readonly forMs: number | undefined;
  readonly json: boolean;
  readonly trace: boolean;
  readonly toTheEnd: boolean;
  readonly keep: boolean;
}

export const EXPLAIN_FLAGS: FlagsOf<ExplainFlags> = {
  pid: { name: 'pid', kind: processId, help: 'watch a process that runs already' },
  log: { name: 'log', kind: file, help: 'read what a program has printed' },
  forMs: {
    name: 'for',
    kind: duration,
    defaultText: 'one look with --pid; until the call fails with --trace; until the end of a command',
    help: 'how long to watch at most',
  },
  json: { name: 'json', kind: yes, default: false, help: 'print one JSON document' },
  trace: {
    name: 'trace',
    kind: yes,
    default: false,
    help: 'watch the refused call itself, with tracefs (5 to 10 % slower) or else strace (threads start ten times slower)',
  },
  toTheEnd: {
    name: 'to-the-end',
    kind: yes,
    default: false,
    help: 'let the command take the last 5% of the machine too',
  },
  keep: { name: 'keep', kind: yes, default: false, help: 'let the command go on after the refusal' },
};

/** What is watched while it runs. */
export type LiveSubject =
  | { readonly kind: 'command'; readonly command: readonly string[] }
  | { readonly kind: 'pid'; readonly pid: number };

/** What is to be explained: exactly one thing. */
export type Subject = LiveSubject | { readonly kind: 'log'; readonly path: string };

/** Throws a GuardError where no subject, or more than one, was named. */
export function subjectOf(command: readonly string[], { log, pid, trace }: ExplainFlags): Subject {
  const subjects: Subject[] = [
    ...(command.length > 0 ? [{ kind: 'command' as const, command }] : []),
    ...(pid !== undefined ? [{ kind: 'pid' as const, pid }] : []),
    ...(log !== undefined ? [{ kind: 'log' as const, path: log }] : []),
  ];
  const [subject, ...others] = subjects;
  if (subject === undefined || others.length > 0) {
    const what = subject === undefined ? 'nothing to explain was named' : 'more than one subject was named';
    throw new GuardError('no-subject', what, {
      hint: 'threadguard explain -- COMMAND, or explain --pid PID, or explain --log FILE',
    });
  }
  if (trace && subject.kind === 'log') {
    throw new GuardError('no-trace', '--trace watches calls, and a log has none', { hint: 'leave one of them out' });
  }
  return subject;
}
