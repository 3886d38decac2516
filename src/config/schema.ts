import * as z from 'zod';
import { STEPS, type Step } from '../core/model.ts';
import { RESTART_MODES } from '../policy/restart.ts';
import { RULE_RESOURCES, type Rule } from '../policy/rules.ts';

/**
 * The one description of a configuration file: what is accepted, what is said when it is not, and the JSON Schema for
 * editors (`threadguard config schema`). A key is a flag of `run` in camel case; a test keeps the two lists equal.
 */
const duration = z
  .union([z.string().regex(/^(0|\d+(\.\d+)?(ms|s|m|h))$/), z.literal(0)], 'must be a duration like 250ms, 10s or 5m')
  .describe('a duration with its unit');
const share = z
  .string()
  .regex(/^(100(\.0+)?|\d{1,2}(\.\d+)?)%$/, 'must be a share like 80%')
  .refine((text) => Number.parseFloat(text) > 0, 'must be a share above 0%');
const count = z.int('must be a whole number').min(1, 'must be a whole number from 1');
const text = z.string().min(1, 'must not be empty');
const flag = z.boolean('must be true or false');
const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, `must be one of ${values.join(', ')}`);

const lasts = z
  .string()
  .regex(/^([1-9]\d* samples?|\d+(\.\d+)?(ms|s|m|h))$/, 'must be like "3 samples" or 30s')
  .describe('how long the conditions must hold');

const policy = z
  .strictObject({
    name: text.optional().describe('how it is called in logs'),
    when: z
      .strictObject({
        resource: oneOf(RULE_RESOURCES),
        above: z.union([count, share], 'must be a count or a share like 80%').optional(),
        exhaustsWithin: duration.optional().describe('a forecast nearer than this'),
        growsBy: z
          .string()
          .regex(/^\d+(\.\d+)?\/(s|m)$/, 'must be a rate like 100/s')
          .optional(),
        for: lasts.optional(),
      })
      .refine(
        (when) => when.above !== undefined || when.exhaustsWithin !== undefined || when.growsBy !== undefined,
        'needs one of above, exhaustsWithin, growsBy',
      ),
    // biome-ignore lint/suspicious/noThenProperty: it is the name in the file, and nothing awaits it
    then: z.array(oneOf(STEPS)).min(1, 'must name at least one step'),
  })
  .describe('does then when everything in when holds');

const configSchema = z
  .strictObject({
    name: text.optional().describe('how the target is called in logs, metrics and messages'),
    budget: z.union([share, z.record(z.string(), share)], 'must be a share, or a share for each ceiling').optional(),
    maxTasks: count.optional(),
    maxMaps: count.optional(),
    warnAt: share.optional(),
    horizon: duration.optional(),
    reserve: z.union([share, z.int().min(0)], 'must be a number of tasks or a share like 5%').optional(),
    leash: count.optional(),
    startGrace: duration.optional(),
    patience: duration.optional(),
    grace: duration.optional(),
    dumpTimeout: duration.optional(),
    until: oneOf(STEPS).optional(),
    contain: oneOf(['auto', 'cgroup', 'rlimit', 'none']).optional(),
    requireContainment: flag.optional(),
    onGuardDeath: oneOf(['keep', 'kill']).optional(),
    dryRun: flag.optional(),
    restart: oneOf(RESTART_MODES as [string, ...string[]]).optional(),
    restartDelay: duration.optional(),
    restartMaxDelay: duration.optional(),
    maxRestarts: z
      .string()
      .regex(/^[1-9]\d*\/\d+(\.\d+)?(ms|s|m|h)$/, 'must be like 5/10m')
      .optional(),
    stateFile: text.optional(),
    onTripExec: text.optional(),
    onTripTimeout: duration.optional(),
    passFd: z.array(z.int().min(3).max(1023)).optional(),
    incidentDir: text.optional(),
    keep: count.optional(),
    captureStderr: flag.optional(),
    inject: flag.optional(),
    notify: oneOf(['guard', 'child', 'off']).optional(),
    jvmOutput: text.optional(),
    jvmThreadEvents: flag.optional(),
    metrics: text.optional().describe('address and port to serve metrics on, like 127.0.0.1:9464'),
    metricsFile: text.optional(),
    tell: z.union([text, z.array(text)], 'must be one destination or a list').optional(),
    tellOn: z.array(text).optional(),
    logFormat: oneOf(['human', 'json']).optional(),
    logFile: text.optional(),
    quiet: flag.optional(),
    progress: flag.optional(),
    policies: z.array(policy).optional(),
  })
  .describe('Configuration of threadguard run');

/** A value as it stands in the file, for one flag. */
export type FlagValue = string | number | boolean | readonly (string | number)[] | Readonly<Record<string, string>>;

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

export interface ConfigDocument {
  readonly flags: Readonly<Record<string, FlagValue>>;
  readonly policies: readonly PolicyEntry[];
}

/** What a file may say at its top, in the order of the documentation. */
export const CONFIG_KEYS: readonly string[] = Object.keys(configSchema.shape);
/** In an entry of `policies:`, and in its `when`. */
export const POLICY_KEYS: readonly string[] = Object.keys(policy.shape);
export const WHEN_KEYS: readonly string[] = Object.keys(policy.shape.when.shape);

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
  return {
    $id: 'threadguard.config/1',
    title: 'threadguard configuration',
    ...z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }),
  };
}
