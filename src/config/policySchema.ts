import * as z from 'zod';
import { STEPS, type Step } from '../core/model.ts';
import { RULE_RESOURCES, type Rule } from '../policy/rules.ts';
import { count, duration, oneOf, share, text, textLike } from './pieces.ts';

/** One entry of `policies:`. */
export interface PolicyEntry {
  readonly name?: string | undefined;
  readonly when: {
    readonly resource: Rule['resource'];
    readonly above?: number | string | undefined;
    readonly exhaustsWithin?: string | 0 | undefined;
    readonly growsBy?: string | undefined;
    readonly for?: string | undefined;
  };
  readonly then: readonly Step[];
}

const when = {
  resource: oneOf(RULE_RESOURCES).describe('what is counted'),
  above: z
    .union([count, share], 'must be a count or a share like 80%')
    .optional()
    .describe('more than this, or than this share of the line at which the target trips anyway'),
  exhaustsWithin: duration.optional().describe('a forecast for that line nearer than this'),
  growsBy: textLike(/^\d+(\.\d+)?\/(s|m)$/, 'a rate like 100/s')
    .optional()
    .describe('growth by this much a second or a minute'),
  for: textLike(/^([1-9]\d* samples?|\d+(\.\d+)?(ms|s|m|h))$/, 'like "3 samples" or 30s')
    .optional()
    .describe('how long all conditions must hold'),
};

const entry = {
  name: text.optional().describe('name of the policy in logs'),
  when: z
    .strictObject(when)
    .refine(
      ({ above, exhaustsWithin, growsBy }) =>
        above !== undefined || exhaustsWithin !== undefined || growsBy !== undefined,
      'needs one of above, exhaustsWithin, growsBy',
    ),
  // biome-ignore lint/suspicious/noThenProperty: it is the name in the file, and nothing awaits it
  then: z.array(oneOf(STEPS)).min(1, 'must name at least one step'),
};

export const policySchema: z.ZodType<PolicyEntry> = z
  .strictObject(entry)
  .describe('takes the steps in then when every condition in when holds');

/** The keys of an entry, and of its `when`. */
export const POLICY_KEYS: readonly string[] = Object.keys(entry);
export const WHEN_KEYS: readonly string[] = Object.keys(when);
