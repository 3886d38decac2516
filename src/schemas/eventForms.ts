import * as z from 'zod';
import type { EventName } from '../policy/event.ts';
import { CAUSES } from '../policy/verdict.ts';
import { ceilingSchema } from './ceilingSchema.ts';
import { describingFields } from './describing.ts';
import type * as Lines from './eventLines.ts';
import { opinionFields } from './opinionSchema.ts';

type Line<Name extends EventName> = Lines.EventLines[Name];
type Warning<About extends Lines.PlainWarning['about']> = Extract<Lines.PlainWarning, { readonly about: About }>;

const count = z.int().min(0);
const texts = z.array(z.string());
const tasks = count.describe('Threads and processes of the target.');
const maps = count.optional().describe('Memory maps of the process that has the most.');
const cap = z.union([count, z.literal('max')]).describe('The most tasks that the kernel lets the target have.');
const isFrozen = z
  .literal(true)
  .exactOptional()
  .describe('It stands still until it is told to end: no cap holds maps.');
const dryRun = z.literal(true).exactOptional().describe('Nothing was done: this is what would have been done.');
const verdict = z.enum(['proved', 'inferred']);

const opinion = describingFields<Lines.OpinionLine>()({ ...opinionFields, tasks, maps, dryRun });

const summary = describingFields<Lines.SummaryLine>()({
  peakTasks: count,
  peakMaps: count.optional(),
  nearest: z
    .strictObject({ label: z.string(), share: z.number().min(0) })
    .optional()
    .describe('The line that the target came nearest to; a share of 1 is there.'),
  refused: count.optional(),
  refusedBy: z
    .array(z.strictObject({ ceiling: z.string(), path: z.string().exactOptional(), verdict }))
    .describe('Ceilings, other than the cap of the guard, that refused it something.'),
  actions: z.record(z.string(), count).describe('How often each step was taken.'),
  lateness: z.strictObject({ p99Ms: z.number().min(0), worstMs: z.number().min(0) }),
  stoppedByGuard: z.boolean(),
  leftTasks: count.describe('Tasks that outlived the command, and live on.'),
  endedTasks: count.describe('Tasks that outlived the command and were ended (--on-daemons kill).'),
  cgroupRemoved: z.boolean(),
  dropped: count.describe('Lines of the log that nobody read in time.'),
  incident: z.string().exactOptional().describe('Where the evidence is.'),
});

const by = <const Way extends string>(way: Way): z.ZodLiteral<Way> => z.literal(way).describe('How the command ended.');
const ended = [
  { by: by('exit'), code: z.int().min(0).max(255) },
  { by: by('signal'), signal: z.string() },
  { by: by('gone').describe('It was the child of somebody else.') },
];

/** The fields of each event; a few events have several forms. An event without a form does not compile. */
export const EVENT_FORMS: Readonly<Record<Exclude<EventName, 'error'>, readonly z.ZodRawShape[]>> = {
  start: [
    describingFields<Line<'start'>>()({
      command: texts.describe('Secrets are replaced by [redacted].'),
      scheduling: z.string().describe('How the guard itself is scheduled.'),
      ceilings: z.array(ceilingSchema),
      attempt: z.int().min(1).describe('1 for the first run, one more after each restart.'),
    }),
  ],
  contained: [
    describingFields<Line<'contained'>>()({
      by: z.enum(['cgroup-v2', 'cgroup-v1', 'rlimit', 'sampling']).describe('What holds the target.'),
      cap,
      cannot: texts.describe('What cannot be done here, and what has a price: sentences.'),
      fallbacks: texts.describe('Why nothing stronger was taken.'),
      intervalMs: z.number().min(0).describe('Until the next look.'),
      binding: z.string().nullable().describe('The ceiling that allows the fewest more threads.'),
      line: z
        .strictObject({ warnAt: z.number(), tripAt: z.number(), setBy: z.string() })
        .nullable()
        .describe('Where the target is warned of and where it trips, in tasks.'),
    }),
  ],
  sample: [
    describingFields<Line<'sample'>>()({
      tasks,
      maps,
      refused: count.optional().describe('Tasks that the kernel has refused since the start.'),
      cap,
      growthPerSecond: z.number(),
      binding: z.string().nullable().describe('The ceiling that allows the fewest more threads.'),
      additionalThreads: z.union([z.number(), z.string()]).nullable(),
      latenessMs: z.number().min(0).describe('How late the guard woke.'),
      dryRun,
    }),
  ],
  warn: [
    opinion,
    describingFields<Lines.RefusalLine>()({
      about: z.literal('refusal'),
      refusedBy: z.string().describe('A ceiling that is not the cap of the guard.'),
      path: z.string().optional(),
      verdict: z.string(),
      evidence: texts,
      tasks,
    }),
    describingFields<Warning<'cap'>>()({
      about: z.literal('cap'),
      moved: z.union([count, z.literal('max')]).describe('What somebody had changed the cap to.'),
      cap,
    }),
    describingFields<Warning<'escape'>>()({
      about: z.literal('escape'),
      pids: z.array(z.int().min(1)).describe('Processes of the target that had left what holds it.'),
      returned: count.describe('How many of them were brought back.'),
    }),
    describingFields<Warning<'room'>>()({
      about: z.literal('room'),
      room: count.describe('More threads that fit.'),
      needed: count.describe('More threads that a restart wants.'),
    }),
  ],
  trip: [opinion],
  clamp: [describingFields<Line<'clamp'>>()({ tasks, cap: count.exactOptional(), isFrozen, dryRun })],
  release: [describingFields<Line<'release'>>()({ tasks, dryRun })],
  dump: [
    describingFields<Lines.DumpLine>()({
      tasks,
      covered: count.exactOptional().describe('Tasks whose stack was read.'),
      found: count.exactOptional().describe('Tasks that there were.'),
      cause: z.enum(CAUSES).exactOptional().describe('Why the command ended before anything tripped.'),
      dryRun,
    }),
  ],
  terminate: [describingFields<Line<'terminate'>>()({ tasks, graceMs: z.number().min(0), dryRun })],
  kill: [
    describingFields<Line<'kill'>>()({
      tasks,
      emptyMs: z.number().min(0).describe('Until the whole tree was gone.'),
      survivors: z.array(z.int().min(1)),
      dryRun,
    }),
  ],
  exit: ended.map((way) => ({ ...way, ...summary })),
  restart: [
    describingFields<Line<'restart'>>()({
      reason: z.enum(['success', 'failure', 'trip']),
      attempt: z.int().min(1),
      delayMs: z.number().min(0),
      crashes: count,
      trips: count,
    }),
  ],
  rollback: ended,
  reload: [
    describingFields<Line<'reload'>>()({
      config: z.string(),
      rules: count,
      needsRestart: texts.describe('Settings that changed and that only a new start takes.'),
    }),
  ],
};
