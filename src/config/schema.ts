import * as z from 'zod';
import { type AnyFlag, keyOf } from '../flags/flag.ts';
import type { Form } from '../flags/kind.ts';
import { runFlags } from '../flags/runFlags.ts';
import { toJsonSchema } from '../schemas/jsonSchema.ts';
import { count, duration, oneOf, share, text, textLike, wholeNumber } from './pieces.ts';
import { type PolicyEntry, policySchema } from './policySchema.ts';

/** What a value of each form looks like in a file. A form without a piece does not compile. */
const PIECES: Readonly<Record<Form, (flag: AnyFlag) => z.ZodType>> = {
  amount: ({ kind }) =>
    z.union([share, wholeNumber(0, Number.MAX_SAFE_INTEGER, kind.expects(''))], `must be ${kind.expects('')}`),
  boolean: () => z.boolean('must be true or false'),
  choice: ({ kind }) => oneOf(kind.choices ?? []),
  count: () => count,
  descriptors: ({ kind }) => z.array(wholeNumber(3, 1_023, kind.expects(''))),
  duration: () => duration,
  restarts: ({ kind }) => textLike(/^[1-9]\d*\/\d+(\.\d+)?(ms|s|m|h)$/, kind.expects('')),
  share: () => share,
  shares: () => z.union([share, z.record(z.string(), share)], 'must be a share, or a share for each ceiling'),
  text: () => text,
  texts: () => z.array(text),
  'texts-or-one': () => z.union([text, z.array(text)], 'must be one destination or a list'),
};

/** A key for each flag of `run` that a file may say. */
const flagPieces: Readonly<Record<string, z.ZodOptional>> = Object.fromEntries(
  runFlags()
    .filter(({ inFile }) => inFile !== false)
    .map((flag) => [keyOf(flag), PIECES[flag.kind.form](flag).optional().describe(flag.help)]),
);

/** What a configuration file may say, and what is said of one that says something else. */
const configSchema = z
  .strictObject({ ...flagPieces, policies: z.array(policySchema).optional() })
  .describe('Configuration of threadguard run');

/** A value as it stands in the file, for one flag. */
export type FlagValue = string | number | boolean | readonly (string | number)[] | Readonly<Record<string, string>>;

export interface ConfigDocument {
  /** By key: `maxTasks`. */
  readonly flags: Readonly<Record<string, FlagValue>>;
  readonly policies: readonly PolicyEntry[];
}

/** The keys of a file, in the order of the documentation. */
export const CONFIG_KEYS: readonly string[] = [...Object.keys(flagPieces), 'policies'];

/** Judges the value of a whole file. */
export function checkConfig(
  value: unknown,
): { readonly document: ConfigDocument } | { readonly issues: readonly z.core.$ZodIssue[] } {
  const result = configSchema.safeParse(value);
  if (!result.success) return { issues: result.error.issues };
  const { policies = [], ...flags } = result.data;
  return { document: { flags: flags as ConfigDocument['flags'], policies } };
}

/** For editors: `# yaml-language-server: $schema=…`. */
export function jsonSchema(): object {
  return toJsonSchema({ id: 'threadguard.config/1', title: 'threadguard configuration', schema: configSchema });
}
