import * as z from 'zod';
import type { Creator } from '../core/creators.ts';
import { describing } from './describing.ts';
import { creatorSchema, type GroupDocument, groupSchema } from './stackSchema.ts';

/** `dump --json`. */
export interface DumpDocument {
  readonly schema: 'threadguard.dump/1';
  readonly target: string;
  readonly tasks: number;
  readonly covered: number;
  readonly stoppedMs: number;
  readonly tookMs: number;
  readonly runtimes: readonly string[];
  readonly groups: readonly GroupDocument[];
  readonly creators: readonly Creator[];
  readonly notes: readonly string[];
}

export const dumpSchema: z.ZodType<DumpDocument> = describing<DumpDocument>()(
  z.strictObject({
    schema: z.literal('threadguard.dump/1'),
    target: z.string(),
    tasks: z.int().min(0).describe('Threads that there were.'),
    covered: z.int().min(0).describe('Threads whose stack was read.'),
    stoppedMs: z.number().min(0).describe('How long threads of the target stood still for it.'),
    tookMs: z.int().min(0),
    runtimes: z.array(z.string()),
    groups: z.array(groupSchema),
    creators: z.array(creatorSchema),
    notes: z.array(z.string()).describe('What could not be seen, and why.'),
  }),
);
