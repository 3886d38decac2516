import * as z from 'zod';
import type { EventName } from '../policy/event.ts';
import { describing } from './describing.ts';
import { EVENT_FORMS } from './eventForms.ts';
import type { ErrorLine } from './eventLines.ts';

/** The fields that every line of the log has. */
const BASE = {
  level: z.enum(['info', 'warn', 'error']),
  time: z.string().meta({ format: 'date-time' }),
  target: z.string().describe('command:NAME'),
  pid: z.int().min(1).optional().describe('The command, while it runs.'),
  msg: z.string().describe('The same for people; several lines where there is more to say.'),
};

const about = z.enum([
  'action',
  'ceiling',
  'target',
  'evidence',
  'reload',
  'restart',
  'gave-up',
  'rollback',
  'telling',
]) satisfies z.ZodType<ErrorLine['about']>;

/** One line of `--log-format json`. */
export const eventsSchema: z.ZodType = z.union([
  ...Object.entries(EVENT_FORMS).flatMap(([event, forms]) =>
    forms.map((fields) => z.strictObject({ ...BASE, event: z.literal(event), ...fields })),
  ),
  z
    .object({ ...BASE, event: z.literal('error'), about: about.describe('What could not be done.') })
    .catchall(z.union([z.string(), z.number(), z.boolean()]))
    .describe('Something that could not be done. Further fields depend on what it was.'),
]);

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

const NAMES = [...Object.keys(EVENT_FORMS), 'error'] as EventName[];

export const messageSchema: z.ZodType<MessageDocument> = describing<MessageDocument>()(
  z.strictObject({
    schema: z.literal('threadguard.event/1'),
    time: BASE.time,
    host: z.string(),
    target: z.string(),
    pid: z.int().min(1).nullable(),
    event: z.enum(NAMES),
    message: z.string(),
    incident: z.string().nullable().describe('Where the evidence is.'),
  }),
);
