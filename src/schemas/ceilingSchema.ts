import * as z from 'zod';
import type { Ceiling, Limit } from '../core/model.ts';
import { describing } from './describing.ts';

/** No limit and an unknown limit are words, never numbers. */
const limit: z.ZodType<Limit> = describing<Limit>()(z.union([z.number().min(0), z.enum(['unlimited', 'unknown'])]));

/** A kernel limit as it stood at one look, as `ceilingDocument` gives it. */
export type CeilingDocument = Omit<Ceiling, 'class' | 'order'>;

export const ceilingSchema: z.ZodType<CeilingDocument> = describing<CeilingDocument>()(
  z
    .strictObject({
      name: z.string().describe('The name that the kernel uses: pids.max, RLIMIT_NPROC, …'),
      scope: z.enum(['host', 'pid-namespace', 'user', 'cgroup', 'process']).describe('Whom it counts together.'),
      path: z.string().exactOptional().describe('Where there can be several: the cgroup, the uid or the pid.'),
      unit: z.enum(['tasks', 'maps', 'bytes']).describe('What it counts.'),
      used: z.union([z.number().min(0), z.literal('unknown')]),
      limit,
      remaining: limit,
      additionalThreads: limit.describe('How many more threads it allows.'),
      additionalProcesses: limit.describe('How many more processes it allows.'),
      additionalMaps: limit.describe('How many more memory maps it allows.'),
      exempt: z.boolean().describe('Whether the kernel does not apply it here.'),
      effect: z.enum(['refuses', 'kills', 'throttles']).describe('What the kernel does at the limit.'),
      confidence: z.enum(['exact', 'estimated', 'unknown']).describe('How far the numbers can be trusted.'),
      note: z.string().exactOptional().describe('Why a number is unknown or only estimated.'),
      source: z.string().describe('The file or call that the numbers come from.'),
      raise: z.string().describe('How to raise the limit.'),
    })
    .meta({ id: 'ceiling', description: 'A kernel limit on tasks, maps or the memory behind them.' }),
);
