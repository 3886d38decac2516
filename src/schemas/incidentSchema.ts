import * as z from 'zod';
import type { IncidentAction, IncidentDocument, IncidentTrip } from '../core/incident.ts';
import { CAUSES, type Cause } from '../policy/verdict.ts';
import { type CeilingDocument, ceilingSchema } from './ceilingSchema.ts';
import { describing } from './describing.ts';
import { type SampleDocument, sampleSchema } from './sampleSchema.ts';
import { creatorSchema, type GroupDocument, groupSchema } from './stackSchema.ts';

/** `incident.json`: `incidentDocument` with the words that its actions and its causes can be. */
export type IncidentFile = Omit<IncidentDocument, 'trip' | 'groups' | 'actions'> & {
  readonly trip: Omit<IncidentTrip, 'cause'> & { readonly cause?: Cause };
  readonly groups: readonly GroupDocument[];
  readonly actions: readonly (Omit<IncidentAction, 'action'> & { readonly action: (typeof ACTIONS)[number] })[];
};

/** `report --format json`: an incident with what lies beside it. */
export type ReportDocument = IncidentFile & {
  readonly samples: readonly SampleDocument[];
  readonly ceilings: { readonly before: readonly CeilingDocument[]; readonly after: readonly CeilingDocument[] };
};

const ACTIONS = ['warn', 'trip', 'clamp', 'release', 'dump', 'terminate', 'kill', 'exit', 'error'] as const;

const count = z.int().min(0);
const time = z.string().meta({ format: 'date-time' });

const trip = z
  .strictObject({
    level: z.enum(['ok', 'warn', 'trip']).describe('warn: only a policy asked for the evidence.'),
    cause: z.enum(CAUSES).exactOptional(),
    ceiling: z.string().exactOptional().describe('What set the line: a ceiling, a flag or a policy.'),
    line: z.number().exactOptional().describe('The line, in the unit of the ceiling.'),
    value: z.number().exactOptional().describe('Where the target stood.'),
    reason: z.string().exactOptional().describe('The same in one sentence.'),
  })
  .describe('Why the target must not go on.');

const coverage = z
  .strictObject({
    found: count.describe('Tasks that there were.'),
    covered: count.describe('Tasks whose stack was read.'),
    named: count.describe('Tasks of which at least the name was read.'),
    tookMs: count,
    stops: count.describe('How often the target was stopped.'),
    stoppedMs: count,
    longestStopMs: count,
  })
  .describe('How much was seen, and what that cost the target.');

const actions = z
  .array(z.strictObject({ time, action: z.enum(ACTIONS), message: z.string(), tasks: count.exactOptional() }))
  .describe('What the guard did, in order.');

const incident = {
  schema: z.literal('threadguard.incident/1'),
  time: time.describe('When the evidence was written.'),
  headline: z
    .string()
    .describe('Who makes the threads and what they do; the reason of the trip where nothing was seen.'),
  command: z.array(z.string()).describe('Secrets are replaced by [redacted].'),
  pid: z.int().min(1).exactOptional(),
  trip,
  tasks: count,
  coverage,
  runtimes: z.array(z.string()),
  notes: z.array(z.string()).describe('What could not be seen, and why.'),
  creators: z.array(creatorSchema),
  groups: z.array(groupSchema),
  actions,
};

export const incidentSchema: z.ZodType<IncidentFile> = describing<IncidentFile>()(z.strictObject(incident));

const ceilings = z.array(ceilingSchema);

export const reportSchema: z.ZodType<ReportDocument> = describing<ReportDocument>()(
  z.strictObject({
    ...incident,
    samples: z.array(sampleSchema).describe('Looks at the target up to the trip.'),
    ceilings: z.strictObject({ before: ceilings, after: ceilings }).describe('At the start and at the trip.'),
  }),
);
