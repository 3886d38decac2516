import * as z from 'zod';
import { describing } from './describing.ts';

/** A line of `samples.ndjson` of an incident: one look at the target. */
export interface SampleDocument {
  readonly timeMs: number;
  readonly tasks: number;
  readonly maps?: number;
  readonly refused?: number;
}

export const sampleSchema: z.ZodType<SampleDocument> = describing<SampleDocument>()(
  z
    .strictObject({
      timeMs: z.number().min(0).describe('Milliseconds on a clock that only goes forward.'),
      tasks: z.int().min(0).describe('Threads and processes of the target.'),
      maps: z.int().min(0).exactOptional().describe('Memory maps of the process that has the most.'),
      refused: z.int().min(0).exactOptional().describe('Tasks that the kernel has refused since the start.'),
    })
    .meta({ id: 'sample', description: 'One look at the target.' }),
);
