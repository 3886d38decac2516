import type { EventName, GuardEvent } from '../policy/event.ts';
import type { CeilingDocument } from './ceilingSchema.ts';
import type { OpinionDocument } from './opinionSchema.ts';

/** The fields of each event in the log, beside those that every line has: the event as it is, or what is written instead. */
export type EventLines = {
  readonly [Name in EventName]: Name extends keyof WrittenLines ? WrittenLines[Name] : Whole<Name>;
};

interface WrittenLines {
  readonly start: StartLine;
  readonly contained: ContainedLine;
  readonly warn: OpinionLine | RefusalLine | PlainWarning;
  readonly trip: OpinionLine;
  readonly dump: DumpLine;
  readonly exit: ExitLine;
  readonly restart: Pick<EventOf<'restart'>, 'reason' | 'attempt' | 'delayMs' | 'crashes' | 'trips'>;
  readonly rollback: EndedLine;
  readonly error: ErrorLine;
}

type EventOf<Name extends EventName> = Extract<GuardEvent, { readonly event: Name }>;
/** An event that the log has as it is. */
type Whole<Name extends EventName> = Omit<EventOf<Name>, 'event'>;

export type StartLine = Omit<Whole<'start'>, 'ceilings'> & { readonly ceilings: readonly CeilingDocument[] };

/** A warning, or a trip, because of where the target stands. */
export type OpinionLine = Omit<OpinionDocument, 'level'> & Pick<EventOf<'trip'>, 'tasks' | 'maps' | 'dryRun'>;

/** A warning that a ceiling refused the target something, and not the cap of the guard. */
export interface RefusalLine {
  readonly about: 'refusal';
  readonly refusedBy: string;
  readonly path: string | undefined;
  readonly verdict: string;
  readonly evidence: readonly string[];
  readonly tasks: number;
}

/** A warning that the log has as it is. */
export type PlainWarning = Each<Exclude<EventOf<'warn'>, { readonly about: 'line' | 'refusal' }>>;
type Each<Event> = Event extends { readonly event: string } ? Omit<Event, 'event'> : never;

export type ContainedLine = Pick<
  EventOf<'contained'>,
  'by' | 'cap' | 'cannot' | 'fallbacks' | 'intervalMs' | 'line' | 'recordsCreators'
> & { readonly binding: string | null };

/** How much was seen; the stacks are in the incident. */
export interface DumpLine {
  readonly tasks: number;
  readonly covered?: number;
  readonly found?: number;
  /** Why the command ended, where it ended before anything tripped. */
  readonly cause?: OpinionDocument['cause'];
  readonly dryRun?: true;
}

/** How a command ended; `gone` where it was the child of somebody else. */
export type EndedLine =
  | { readonly by: 'exit'; readonly code: number }
  | { readonly by: 'signal'; readonly signal: string }
  | { readonly by: 'gone' };

export type SummaryLine = EventOf<'exit'>['summary'] &
  Pick<EventOf<'exit'>, 'stoppedByGuard' | 'leftTasks' | 'endedTasks' | 'cgroupRemoved' | 'dropped' | 'incident'>;

export type ExitLine = EndedLine & SummaryLine;

/** What failed, and further facts about it. */
export interface ErrorLine {
  readonly [fact: string]: string | number | boolean | undefined;
  readonly about: EventOf<'error'>['about'];
}
