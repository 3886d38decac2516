import * as z from 'zod';
import type { EventName } from '../policy/event.ts';
import { EVENT_NAMES, EVENT_TABLE } from '../reporters/eventTable.ts';
import { describing } from '../schemas/describing.ts';
import { EVENT_KIT } from '../schemas/eventKit.ts';

/** The fields that every line of the log has. */
const BASE = {
  level: z.enum(['info', 'warn', 'error']),
  time: z.string().meta({ format: 'date-time' }),
  target: z.string().describe('command:NAME'),
  pid: z.int().min(1).optional().describe('The command, while it runs.'),
  msg: z.string().describe('The same for people; several lines where there is more to say.'),
};

const FURTHER = z.union([z.string(), z.number(), z.boolean()]);

function linesOf(event: EventName): z.ZodType[] {
  const { form, more } = EVENT_TABLE[event];
  return form(EVENT_KIT).map((fields) => {
    const whole = { ...BASE, event: z.literal(event), ...fields };
    return more === undefined ? z.strictObject(whole) : z.object(whole).catchall(FURTHER).describe(more);
  });
}

/** One line of `--log-format json`. */
export const eventsSchema: z.ZodType = z.union(EVENT_NAMES.flatMap(linesOf));

/** A message to people and programs elsewhere (`--tell`). */
export interface MessageDocument {
  readonly schema: 'threadguard.event/1';
  readonly time: string;
  readonly host: string;
  readonly target: string;
  readonly pid: number | null;
  readonly event: EventName;
  readonly message: string;
  readonly incident: string | null;
}

export const messageSchema: z.ZodType<MessageDocument> = describing<MessageDocument>()(
  z.strictObject({
    schema: z.literal('threadguard.event/1'),
    time: BASE.time,
    host: z.string(),
    target: z.string(),
    pid: z.int().min(1).nullable(),
    event: z.enum(EVENT_NAMES),
    message: z.string(),
    incident: z.string().nullable().describe('Where the evidence is.'),
  }),
);
