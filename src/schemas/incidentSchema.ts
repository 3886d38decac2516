import * as z from 'zod';
import type { Creator } from '../core/creators.ts';
import type { Ceiling } from '../core/model.ts';
import { ceilingSchema } from './ceilingSchema.ts';
import { describing } from './describing.ts';
import { type OpinionDocument, opinionSchema } from './opinionSchema.ts';
import { type SampleDocument, sampleSchema } from './sampleSchema.ts';
import { creatorSchema, type GroupDocument, groupSchema } from './stackSchema.ts';

/** `incident.json`. */
export interface IncidentFile {
  readonly schema: 'threadguard.incident/1';
  readonly time: string;
  readonly headline: string;
  readonly command: readonly string[];
  readonly pid?: number;
  readonly trip: OpinionDocument;
  readonly tasks: number;
  readonly coverage: {
    readonly found: number;
    readonly covered: number;
    readonly named: number;
    readonly tookMs: number;
    readonly stops: number;
    readonly stoppedMs: number;
    readonly longestStopMs: number;
  };
  readonly runtimes: readonly string[];
  readonly notes: readonly string[];
  readonly creators: readonly Creator[];
  readonly groups: readonly GroupDocument[];
  readonly actions: readonly {
    readonly time: string;
    readonly action: (typeof ACTIONS)[number];
    readonly message: string;
    readonly tasks?: number;
  }[];
}

/** `report --format json`: an incident with what lies beside it. */
export interface ReportDocument extends IncidentFile {
  readonly samples: readonly SampleDocument[];
  readonly ceilings: { readonly before: readonly Ceiling[]; readonly after: readonly Ceiling[] };
}

const ACTIONS = ['warn', 'trip', 'clamp', 'release', 'dump', 'terminate', 'kill', 'exit', 'error'] as const;

const count = z.int().min(0);
const time = z.string().meta({ format: 'date-time' });

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
  headline: z.string().describe('Who makes the threads and what they do; empty where nothing was seen.'),
  command: z.array(z.string()).describe('Secrets are replaced by [redacted].'),
  pid: z.int().min(1).exactOptional(),
  trip: opinionSchema,
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
