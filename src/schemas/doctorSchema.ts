import * as z from 'zod';
import { describing } from './describing.ts';

/** `doctor --json`. */
export interface DoctorDocument {
  readonly schema: 'threadguard.doctor/1';
  readonly kernel: string;
  readonly containment: string;
  readonly checks: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly detail: string;
    readonly hint: string;
  }[];
}

export const doctorSchema: z.ZodType<DoctorDocument> = describing<DoctorDocument>()(
  z.strictObject({
    schema: z.literal('threadguard.doctor/1'),
    kernel: z.string().describe('Its release.'),
    containment: z
      .string()
      .describe('What run would hold a command with here: cgroup-v2, cgroup-v1, rlimit, sampling or none.'),
    checks: z.array(
      z.strictObject({
        name: z.string(),
        ok: z.boolean(),
        detail: z.string(),
        hint: z.string().describe('How to get what is missing; empty where nothing is.'),
      }),
    ),
  }),
);
