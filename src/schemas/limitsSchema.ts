import * as z from 'zod';
import type { Census } from '../core/census.ts';
import type { TaskCost } from '../core/cost.ts';
import { type CeilingDocument, ceilingSchema } from './ceilingSchema.ts';
import { describing } from './describing.ts';

/** `limits --json`. */
export interface LimitsDocument {
  readonly schema: 'threadguard.limits/1';
  readonly subject: { readonly label: string; readonly pid?: number; readonly uid: number };
  readonly binding: string | null;
  readonly bindingPath: string | null;
  readonly additionalThreads: number | null;
  readonly additionalProcesses: number | null;
  readonly additionalMaps: number | null;
  readonly ceilings: readonly CeilingDocument[];
  readonly reasons: readonly string[];
  readonly failed: readonly string[];
  readonly cost: TaskCost;
  readonly who?: WhoDocument;
}

/** Who holds the tasks of a machine. */
export interface WhoDocument extends Census {
  readonly memory: {
    readonly kernelStackBytes: number | 'unknown';
    readonly pageTablesBytes: number | 'unknown';
    readonly taskStructBytes: number | 'unknown';
    readonly vmAreaBytes: number | 'unknown';
  };
}

const count = z.int().min(0);
const bytes = z.number().min(0);
const knownBytes = z.union([bytes, z.literal('unknown')]);
const tally = { name: z.string(), tasks: count };
const tallies = z.array(z.strictObject(tally));
const processes = z.array(z.strictObject({ ...tally, pid: z.int().min(1) }));

const cost = describing<TaskCost>()(
  z
    .strictObject({
      threadMaps: z.number().min(0).describe('Memory maps of one more thread.'),
      stackBytes: bytes,
      guardBytes: bytes,
      threadBytes: bytes.describe('Memory that one more thread takes at first.'),
      processBytes: bytes,
      writableBytes: bytes,
      uncertainty: z.strictObject({ maps: z.number().min(0), bytes }),
      runtime: z.enum(['native', 'jvm', 'python', 'go', 'node']),
      isMeasured: z.boolean().describe('Whether the subject itself was measured, and not its runtime in general.'),
    })
    .describe('What one more thread or process is taken to cost.'),
);

const who = describing<WhoDocument>()(
  z
    .strictObject({
      tasks: count,
      processes: count,
      byProcess: processes,
      byUser: tallies,
      byCgroup: tallies,
      zombies: count,
      zombieParents: processes.describe('Processes that do not reap their children.'),
      memory: z
        .strictObject({
          kernelStackBytes: knownBytes,
          pageTablesBytes: knownBytes,
          taskStructBytes: knownBytes,
          vmAreaBytes: knownBytes,
        })
        .describe('Memory of the kernel behind all tasks.'),
    })
    .describe('With --who: the largest holders of tasks.'),
);

const additional = z.int().min(0).nullable();

export const limitsSchema: z.ZodType<LimitsDocument> = describing<LimitsDocument>()(
  z.strictObject({
    schema: z.literal('threadguard.limits/1'),
    subject: z.strictObject({
      label: z.string(),
      pid: z.int().min(1).exactOptional(),
      uid: z.int().min(0),
    }),
    binding: z
      .string()
      .nullable()
      .describe('The ceiling that allows the fewest more threads; null where none has a number.'),
    bindingPath: z.string().nullable(),
    additionalThreads: additional,
    additionalProcesses: additional,
    additionalMaps: additional,
    ceilings: z.array(ceilingSchema).describe('In the order in which the kernel checks them.'),
    reasons: z.array(z.string()).describe('What else can stop the subject: seccomp, memory that is locked, …'),
    failed: z.array(z.string()).describe('Ceilings that could not be read, and why.'),
    cost,
    who: who.exactOptional(),
  }),
);
