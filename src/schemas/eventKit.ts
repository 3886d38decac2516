import * as z from 'zod';
import type { CeilingDocument } from './ceilingSchema.ts';
import { ceilingSchema } from './ceilingSchema.ts';
import { describingFields, type ShapeOf } from './describing.ts';
import type { OpinionLine, SummaryLine } from './eventLines.ts';
import { opinionFields } from './opinionSchema.ts';

/** What the forms of events are built of. */
export interface EventKit {
  readonly z: typeof z;
  readonly describingFields: typeof describingFields;
  readonly count: z.ZodInt;
  readonly texts: z.ZodArray<z.ZodString>;
  readonly tasks: z.ZodInt;
  readonly maps: z.ZodOptional<z.ZodInt>;
  readonly cap: z.ZodUnion<readonly [z.ZodInt, z.ZodLiteral<'max'>]>;
  readonly isFrozen: z.ZodExactOptional<z.ZodLiteral<true>>;
  readonly dryRun: z.ZodExactOptional<z.ZodLiteral<true>>;
  readonly ceilingSchema: z.ZodType<CeilingDocument>;
  readonly opinion: ShapeOf<OpinionLine>;
  readonly summary: ShapeOf<SummaryLine>;
  /** The ways in which a command ends. */
  readonly ended: readonly z.ZodRawShape[];
}

const count = z.int().min(0);
const tasks = count.describe('Threads and processes of the target.');
const maps = count.optional().describe('Memory maps of the process that has the most.');
const dryRun = z.literal(true).exactOptional().describe('Nothing was done: this is what would have been done.');
const verdict = z.enum(['proved', 'inferred']);
const by = <const Way extends string>(way: Way): z.ZodLiteral<Way> => z.literal(way).describe('How the command ended.');

const summary = describingFields<SummaryLine>()({
  peakTasks: count,
  peakMaps: count.optional(),
  nearest: z
    .strictObject({ label: z.string(), share: z.number().min(0) })
    .optional()
    .describe('The line that the target came nearest to; a share of 1 is there.'),
  refused: count.optional(),
  refusedBy: z
    .array(z.strictObject({ ceiling: z.string(), path: z.string().exactOptional(), verdict }))
    .describe('Ceilings, other than the cap of the guard, that refused it something.'),
  actions: z.record(z.string(), count).describe('How often each step was taken.'),
  lateness: z.strictObject({ p99Ms: z.number().min(0), worstMs: z.number().min(0) }),
  stoppedByGuard: z.boolean(),
  leftTasks: count.describe('Tasks that outlived the command, and live on.'),
  endedTasks: count.describe('Tasks that outlived the command and were ended (--on-daemons kill).'),
  cgroupRemoved: z.boolean(),
  dropped: count.describe('Lines of the log that nobody read in time.'),
  incident: z.string().exactOptional().describe('Where the evidence is.'),
});

export const EVENT_KIT: EventKit = {
  z,
  describingFields,
  count,
  texts: z.array(z.string()),
  tasks,
  maps,
  cap: z.union([count, z.literal('max')]).describe('The most tasks that the kernel lets the target have.'),
  isFrozen: z.literal(true).exactOptional().describe('It stands still until it is told to end: no cap holds maps.'),
  dryRun,
  ceilingSchema,
  opinion: describingFields<OpinionLine>()({ ...opinionFields, tasks, maps, dryRun }),
  summary,
  ended: [
    { by: by('exit'), code: z.int().min(0).max(255) },
    { by: by('signal'), signal: z.string() },
    { by: by('gone').describe('It was the child of somebody else.') },
  ],
};
