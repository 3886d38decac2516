import * as z from 'zod';
import { describing } from './describing.ts';

/** `suggest-limit --json`. */
export interface SuggestedLimitDocument {
  readonly schema: 'threadguard.suggest-limit/1';
  readonly limit: number | null;
  readonly reasons: readonly string[];
}

export const suggestLimitSchema: z.ZodType<SuggestedLimitDocument> = describing<SuggestedLimitDocument>()(
  z.strictObject({
    schema: z.literal('threadguard.suggest-limit/1'),
    limit: z.int().min(1).nullable().describe('Tasks; null where no limit follows from the recordings.'),
    reasons: z.array(z.string()),
  }),
);
