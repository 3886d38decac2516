import { expect, it } from 'vitest';
import * as z from 'zod';
import { describing } from '../../src/schemas/describing.ts';

interface Document {
  readonly a: string;
  readonly b?: number;
  readonly c: readonly ('x' | 'y')[];
  readonly d: { readonly e: number | null };
}

const a = z.string();
const b = z.number().exactOptional();
const c = z.array(z.enum(['x', 'y']));
const d = z.strictObject({ e: z.number().nullable() });

it('a schema that describes its document compiles', () => {
  const schema = describing<Document>()(z.strictObject({ a, b, c, d }));
  expect(schema.safeParse({ a: '', c: ['x'], d: { e: null } }).success).toBe(true);
});

it('a schema that has drifted from its document does not compile', () => {
  const drifted = [
    // @ts-expect-error an optional field is missing
    describing<Document>()(z.strictObject({ a, c, d })),
    // @ts-expect-error a needed field is missing
    describing<Document>()(z.strictObject({ a, b, c })),
    // @ts-expect-error a field too many, even if it is optional
    describing<Document>()(z.strictObject({ a, b, c, d, f: b })),
    // @ts-expect-error a field of another type
    describing<Document>()(z.strictObject({ a: z.number(), b, c, d })),
    // @ts-expect-error fewer words
    describing<Document>()(z.strictObject({ a, b, c: z.array(z.enum(['x'])), d })),
    // @ts-expect-error more words
    describing<Document>()(z.strictObject({ a, b, c: z.array(z.enum(['x', 'y', 'z'])), d })),
    // @ts-expect-error needed where it is optional
    describing<Document>()(z.strictObject({ a, b: z.number(), c, d })),
    // @ts-expect-error deep inside: not nullable
    describing<Document>()(z.strictObject({ a, b, c, d: z.strictObject({ e: z.number() }) })),
  ];
  expect(drifted).toHaveLength(8);
});
