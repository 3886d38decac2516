import * as z from 'zod';
import { SHAPES } from '../core/growth/shapes.ts';
import { CAUSES } from '../policy/verdict.ts';
import { ceilingSchema } from './ceilingSchema.ts';

const count = z.int().min(0);
const texts = z.array(z.string());
/** Tasks, or `max` where there is no cap. */
const cap = z.union([z.int().min(1), z.literal('max')]);
const dryRun = z.literal(true).exactOptional().describe('Nothing was done: this is what would have been done.');
const tasks = count.describe('Threads and processes of the target.');
const maps = count.exactOptional().describe('Memory maps of the process that has the most.');

/** What the guard thinks of the target, with the numbers that it thinks so of. */
const opinion = {
  cause: z.enum(CAUSES),
  ceiling: z.string().describe('The ceiling, flag or policy that set the line.').exactOptional(),
  line: z.number().describe('The line, in the unit of the ceiling.').exactOptional(),
  value: z.number().describe('Where the target stands.').exactOptional(),
  reason: z.string(),
  shape: z.enum(SHAPES).describe('What the series of its tasks looks like.').exactOptional(),
  tasks,
  maps,
  dryRun,
};

const ended = {
  by: z.enum(['exit', 'signal', 'gone']).describe('gone: it was the child of somebody else.'),
  code: z.int().min(0).max(255).exactOptional().describe('With exit.'),
  signal: z.string().exactOptional().describe('With signal.'),
};

const refusedBy = z.strictObject({
  ceiling: z.string(),
  path: z.string().exactOptional(),
  verdict: z.enum(['proved', 'inferred']),
});

/** The fields of each event, beside those that all events have; a warning and the end of evidence have several forms. */
export const EVENT_FIELDS: Readonly<Record<string, readonly z.ZodRawShape[]>> = {
  start: [
    {
      command: texts.describe('Secrets are replaced by [redacted].'),
      scheduling: z.enum(['realtime', 'default']).describe('How the guard itself is scheduled.'),
      ceilings: z.array(ceilingSchema),
      attempt: z.int().min(1).describe('1 for the first run, one more after each restart.'),
    },
  ],
  contained: [
    {
      by: z.enum(['cgroup-v2', 'cgroup-v1', 'rlimit', 'sampling']).describe('What holds the target.'),
      cap,
      cannot: texts.describe('What cannot be done here.'),
      fallbacks: texts.describe('Why nothing stronger was taken.'),
      intervalMs: z.number().min(0).describe('Until the next look.'),
    },
  ],
  sample: [
    {
      tasks,
      maps,
      refused: count.exactOptional().describe('Tasks that the kernel has refused since the start.'),
      cap,
      growthPerSecond: z.number(),
      binding: z.string().nullable().describe('The ceiling that allows the fewest more threads.'),
      additionalThreads: z.union([count, z.enum(['unlimited', 'unknown'])]).nullable(),
      latenessMs: z.number().min(0).describe('How late the guard woke.'),
      dryRun,
    },
  ],
  warn: [
    opinion,
    {
      refusedBy: z.string().describe('A ceiling that is not the cap of the guard.'),
      path: z.string().exactOptional(),
      verdict: z.enum(['proved', 'inferred']),
      evidence: texts,
      tasks,
    },
    { cap: cap.describe('The cap that stays, because a clamp would end the target.') },
    { room: count.describe('More threads that fit.'), needed: count.describe('More threads that a restart wants.') },
  ],
  trip: [opinion],
  clamp: [{ tasks, cap: z.int().min(1).exactOptional(), dryRun }],
  release: [{ tasks, dryRun }],
  dump: [
    { tasks, dryRun },
    { cause: z.literal('refused'), reason: z.string() },
  ],
  terminate: [{ tasks, dryRun }],
  kill: [
    { emptyMs: z.number().min(0).describe('Until the whole tree was gone.'), survivors: z.array(z.int().min(1)) },
    { tasks, dryRun: z.literal(true) },
  ],
  exit: [
    {
      ...ended,
      peakTasks: count,
      peakMaps: count.exactOptional(),
      nearest: z
        .strictObject({ label: z.string(), share: z.number().min(0) })
        .exactOptional()
        .describe('The line that the target came nearest to.'),
      refused: count.exactOptional(),
      refusedBy: z.array(refusedBy).describe('Ceilings, other than the cap of the guard, that refused it something.'),
      actions: z.record(z.string(), count).describe('How often each step was taken.'),
      lateness: z.strictObject({ p99Ms: z.number().min(0), worstMs: z.number().min(0) }),
      stoppedByGuard: z.boolean(),
      leftTasks: count.describe('Tasks that outlived the command.'),
      cgroupRemoved: z.boolean(),
      dropped: count.describe('Lines of the log that nobody read in time.'),
      incident: z.string().exactOptional().describe('Where the evidence is.'),
    },
  ],
  restart: [
    {
      reason: z.enum(['success', 'failure', 'trip']),
      attempt: z.int().min(1),
      delayMs: z.number().min(0),
      crashes: count,
      trips: count,
    },
  ],
  rollback: [{ by: z.literal('exit'), code: z.literal(0) }],
  reload: [{ config: z.string(), rules: count }],
};

/** What an error may carry; which of them depends on what failed. */
export const ERROR_FIELDS: z.ZodRawShape = {
  action: z.string().exactOptional().describe('A step of the ladder that failed.'),
  ceiling: z.string().exactOptional().describe('A ceiling that cannot be read any more.'),
  config: z.string().exactOptional().describe('A configuration file that is wrong.'),
  stateFile: z.string().exactOptional(),
  undelivered: count.exactOptional().describe('Messages that were not delivered.'),
  gaveUp: z.literal(true).exactOptional().describe('The restarts are used up.'),
  crashes: count.exactOptional(),
  trips: count.exactOptional(),
  by: z.string().exactOptional().describe('How the command of --on-trip-exec ended.'),
  code: z.int().exactOptional(),
  signal: z.string().exactOptional(),
  why: z.string().exactOptional(),
};
