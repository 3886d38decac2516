import * as z from 'zod';

const DURATION = 'a duration like 250ms, 10s or 5m';

/** The quantities of a configuration file. A message follows the name of the key: `grace must be a duration …`. */
export const duration: z.ZodType<string | 0> = z.union(
  [textLike(/^(0|\d+(\.\d+)?(ms|s|m|h))$/, DURATION), z.literal(0)],
  `must be ${DURATION}`,
);

/** More than 0 % and at most 100 %. */
export const share: z.ZodType<string> = textLike(/^(100(\.0+)?|\d{1,2}(\.\d+)?)%$/, 'a share like 80%').refine(
  (text) => Number.parseFloat(text) > 0,
  'must be a share above 0%',
);

export const count: z.ZodType<number> = wholeNumber(1, Number.MAX_SAFE_INTEGER, 'a whole number from 1');

export const text: z.ZodType<string> = z.string().min(1, 'must not be empty');

/** Text of one form; `what` follows "must be". */
export function textLike(pattern: RegExp, what: string): z.ZodType<string> {
  return z.string(`must be ${what}`).regex(pattern, `must be ${what}`);
}

/** A whole number from `least` to `most`; `what` follows "must be". */
export function wholeNumber(least: number, most: number, what: string): z.ZodType<number> {
  const message = `must be ${what}`;
  return z.int(message).min(least, message).max(most, message);
}

/** One of these words. */
export function oneOf<const T extends string>(words: readonly T[]): z.ZodType<T> {
  return z.enum(words as readonly [T, ...T[]], `must be one of ${words.join(', ')}`) as unknown as z.ZodType<T>;
}
