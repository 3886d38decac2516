import * as z from 'zod';
import { describing } from './describing.ts';

/** `explain -- COMMAND --json` and `explain --pid P --json`. */
export interface ExplanationDocument {
  readonly schema: 'threadguard.explain/1';
  readonly subject: string;
  readonly verdict: 'proved' | 'inferred' | 'none';
  readonly ceiling: string | null;
  readonly path: string | null;
  readonly evidence: readonly string[];
  readonly alternatives: readonly string[];
  readonly settle: string | null;
  readonly raise: string | null;
}

/** `explain --log FILE --json`. */
export interface LogDocument {
  readonly schema: 'threadguard.explain/1';
  readonly log: string;
  readonly messages: readonly {
    readonly line: number;
    readonly message: {
      readonly runtime: string;
      readonly wanted: 'thread' | 'process' | 'map' | 'any';
      readonly errno?: 'EAGAIN' | 'ENOMEM';
      readonly text: string;
    };
  }[];
}

const id = z.literal('threadguard.explain/1');

export const explainSchema: z.ZodType<ExplanationDocument | LogDocument> = describing<
  ExplanationDocument | LogDocument
>()(
  z.union([
    z
      .strictObject({
        schema: id,
        subject: z.string(),
        verdict: z
          .enum(['proved', 'inferred', 'none'])
          .describe('proved: the refusal was seen and one ceiling is left; none: nothing was refused.'),
        ceiling: z.string().nullable().describe('The ceiling that refused.'),
        path: z.string().nullable().describe('The object that it sits on, where there can be several.'),
        evidence: z.array(z.string()),
        alternatives: z.array(z.string()).describe('Ceilings that it could have been instead.'),
        settle: z.string().nullable().describe('What would make an inference a proof.'),
        raise: z.string().nullable().describe('How to raise the ceiling.'),
      })
      .describe('Of a command or a process.'),
    z
      .strictObject({
        schema: id,
        log: z.string().describe('The file.'),
        messages: z.array(
          z.strictObject({
            line: z.int().min(1),
            message: z.strictObject({
              runtime: z.string().describe('Whose words they are.'),
              wanted: z.enum(['thread', 'process', 'map', 'any']),
              errno: z.enum(['EAGAIN', 'ENOMEM']).exactOptional(),
              text: z.string(),
            }),
          }),
        ),
      })
      .describe('Of a log: lines that tell of a refusal.'),
  ]),
);
