import * as z from 'zod';
import type { Estimate } from '../core/growth/compare.ts';
import type { CanaryVerdict } from '../core/growth/judge.ts';
import type { Shape } from '../core/growth/shapes.ts';
import { describing } from './describing.ts';

/** `canary --json`. JSON has no infinity: an end that does not come is null. */
export interface CanaryDocument {
  readonly schema: 'threadguard.canary/1';
  readonly verdict: CanaryVerdict;
  readonly score: number;
  readonly samples: number;
  readonly stepMs: number;
  readonly baseline: string;
  readonly candidate: string;
  readonly sentence: string;
  readonly metrics: readonly CanaryMetric[];
}

interface CanaryMetric {
  readonly name: string;
  readonly verdict: CanaryVerdict;
  readonly isCritical: boolean;
  readonly sentence: string;
  readonly level: Estimate | null;
  readonly extra: Estimate | null;
  readonly baselineShape: Shape | null;
  readonly candidateShape: Shape | null;
  readonly perSecond: number | null;
  readonly exhausts: boolean;
  readonly exhaustionSeconds: number | null;
}

const verdict = z.enum(['pass', 'marginal', 'fail', 'inconclusive']);
const shape = describing<Shape>()(
  z.enum(['flat', 'step', 'plateau', 'periodic', 'linear', 'staircase', 'late leak', 'exponential']),
).nullable();
const estimate = z
  .strictObject({ value: z.number(), low: z.number(), high: z.number() })
  .meta({ id: 'estimate', description: 'A value, and the interval that it lies in.' })
  .nullable();

export const canarySchema: z.ZodType<CanaryDocument> = describing<CanaryDocument>()(
  z.strictObject({
    schema: z.literal('threadguard.canary/1'),
    verdict,
    score: z.number().min(0).max(100).describe('0 when something critical failed.'),
    samples: z.int().min(0),
    stepMs: z.number().min(0).describe('Milliseconds between two points that were compared.'),
    baseline: z.string(),
    candidate: z.string(),
    sentence: z.string(),
    metrics: z.array(
      z.strictObject({
        name: z.string(),
        verdict,
        isCritical: z.boolean().describe('Whether this alone decides: a leak, or a predicted end.'),
        sentence: z.string(),
        level: estimate.describe('How many times the level of the baseline.'),
        extra: estimate.describe('Growth beyond that of the baseline, as a share of the level.'),
        baselineShape: shape,
        candidateShape: shape,
        perSecond: z.number().nullable(),
        exhausts: z.boolean().describe('Whether a ceiling is used up if it goes on like this.'),
        exhaustionSeconds: z.number().min(0).nullable(),
      }),
    ),
  }),
);
