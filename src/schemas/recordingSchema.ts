import * as z from 'zod';
import { describing } from './describing.ts';

/** The first line of a recording. */
export interface RecordingHeader {
  readonly schema: 'threadguard.samples/1';
  readonly target: string;
  readonly everyMs: number;
  readonly started: string;
}

/** Every other line of a recording that `threadguard record` writes. */
export interface RecordingPoint {
  readonly timeMs: number;
  readonly tasks: number;
  readonly processes?: number;
  readonly maps?: number;
  readonly memoryBytes?: number;
  readonly cpuMs?: number;
}

/** One line of a recording, which is NDJSON. */
export const recordingSchema: z.ZodType<RecordingHeader | RecordingPoint> = describing<
  RecordingHeader | RecordingPoint
>()(
  z.union([
    z
      .strictObject({
        schema: z.literal('threadguard.samples/1'),
        target: z.string(),
        everyMs: z.number().min(100).describe('Milliseconds between two samples.'),
        started: z.string().meta({ format: 'date-time' }),
      })
      .describe('The first line.'),
    z
      .strictObject({
        timeMs: z.int().min(0).describe('Milliseconds since the start.'),
        tasks: z.int().min(0),
        processes: z.int().min(0).exactOptional(),
        maps: z.int().min(0).exactOptional().describe('Memory maps of the process that has the most.'),
        memoryBytes: z.int().min(0).exactOptional().describe('Anonymous memory.'),
        cpuMs: z.number().min(0).exactOptional().describe('Processor time so far.'),
      })
      .describe('Every other line: one sample.'),
  ]),
);
