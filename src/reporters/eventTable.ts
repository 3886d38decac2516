import type { EventName, GuardEvent } from '../policy/event.ts';
import { END_EVENTS } from './endEvents.ts';
import type { EventRow, EventRows } from './eventRow.ts';
import { LADDER_EVENTS } from './ladderEvents.ts';
import { START_EVENTS } from './startEvents.ts';

/** The one table of events. A new event is a member of the union in `policy/event.ts` and a row in one of these files. */
export const EVENT_TABLE: EventRows<EventName> = { ...START_EVENTS, ...LADDER_EVENTS, ...END_EVENTS };

/** Every name, for those who choose among them. */
export const EVENT_NAMES: readonly EventName[] = Object.keys(EVENT_TABLE) as EventName[];

/** The row of an event. */
export function rowOf<E extends GuardEvent>({ event }: E): EventRow<E> {
  // The table has for each name the row of that event; the compiler cannot follow a name that is not known yet.
  return EVENT_TABLE[event] as unknown as EventRow<E>;
}

/** All of it as one text; the first line is the sentence. */
export function textOf(event: GuardEvent): string {
  return rowOf(event).say(event).join('\n');
}

/** What the log for programs has of an event, beside its name, its time and its target. */
export function fieldsOf(event: GuardEvent): Readonly<Record<string, unknown>> {
  const { fields } = rowOf(event);
  if (fields !== undefined) return { ...fields(event) };
  const { event: _, ...rest } = event;
  return rest;
}
