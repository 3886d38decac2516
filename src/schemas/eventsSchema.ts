import * as z from 'zod';
import { describing } from './describing.ts';
import { ERROR_FIELDS, EVENT_FIELDS } from './eventFieldSchemas.ts';

/** One line of `--log-format json`. */
export const eventsSchema: z.ZodType = z.union([
  ...Object.entries(EVENT_FIELDS).flatMap(([event, forms]) => forms.map((fields) => line(event, fields))),
  line('error', ERROR_FIELDS).describe('Something that could not be done, in msg. The fields depend on what it was.'),
]);

function line(event: string, fields: z.ZodRawShape): z.ZodObject {
  return z.strictObject({
    level: z.enum(['info', 'warn', 'error']),
    time: z.string().meta({ format: 'date-time' }),
    target: z.string().describe('command:NAME'),
    pid: z.int().min(1).exactOptional().describe('The command, while it runs.'),
    event: z.literal(event),
    ...fields,
    msg: z.string().describe('The same for people; several lines where there is more to say.'),
  });
}

/** The names of all events. */
const NAMES = [...Object.keys(EVENT_FIELDS), 'error'];

/** A message to people and programs elsewhere (`--tell`). */
export interface MessageDocument {
  readonly schema: 'threadguard.event/1';
  readonly time: string;
  readonly host: string;
  readonly target: string;
  readonly pid: number | null;
  readonly event: string;
  readonly message: string;
  readonly incident: string | null;
}

export const messageSchema: z.ZodType<MessageDocument> = describing<MessageDocument>()(
  z.strictObject({
    schema: z.literal('threadguard.event/1'),
    time: z.string().meta({ format: 'date-time' }),
    host: z.string(),
    target: z.string(),
    pid: z.int().min(1).nullable(),
    event: z.enum(NAMES),
    message: z.string(),
    incident: z.string().nullable().describe('Where the evidence is.'),
  }),
);
