import * as z from 'zod';
import { CAUSES, type Opinion } from '../policy/verdict.ts';
import { describingFields, type ShapeOf } from './describing.ts';

/** What the guard thinks of a target, with its sentence. */
export type OpinionDocument = Omit<Opinion, 'shapeText'> & { readonly reason: string };

export type OpinionFields = Omit<OpinionDocument, 'level'>;

export const opinionFields: ShapeOf<OpinionFields> = describingFields<OpinionFields>()({
  cause: z.enum(CAUSES),
  ceiling: z.string().describe('What set the line: a ceiling, a flag or a policy.'),
  unit: z.enum(['tasks', 'maps']),
  value: z.number().describe('Where the target stands.').exactOptional(),
  line: z.number().describe('The line that was reached or is near.').exactOptional(),
  perSecond: z.number().describe('Growth.').exactOptional(),
  inMs: z.number().describe('How far away the line is at that rate.').exactOptional(),
  above: z
    .union([z.number(), z.strictObject({ share: z.number(), of: z.number() })])
    .describe('What a policy asked for: above a number, or above a share of the line.')
    .exactOptional(),
  refusals: z.int().min(0).describe('How often the kernel refused the target something.').exactOptional(),
  ended: z.string().describe('How the command ended, where a refusal ended it.').exactOptional(),
  shape: z.string().describe('What the series of its tasks looks like.').exactOptional(),
  reason: z.string().describe('The same in one sentence.'),
});
