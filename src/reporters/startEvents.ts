import type { EventLines } from '../schemas/eventLines.ts';
import { bannerLines, commandText, heldText } from './banner.ts';
import { containedFields, startFields } from './eventFields.ts';
import { type EventRows, NOTE } from './eventRow.ts';

/** How a run begins, and what is seen of it. */
export const START_EVENTS: EventRows<'start' | 'contained' | 'sample'> = {
  start: {
    ...NOTE,
    severity: 'info',
    isForPeople: false,
    say: ({ command }) => [`guarding ${commandText(command)}`],
    fields: startFields,
    form: ({ ceilingSchema, describingFields, texts, z }) => [
      describingFields<EventLines['start']>()({
        command: texts.describe('Secrets are replaced by [redacted].'),
        scheduling: z.string().describe('How the guard itself is scheduled.'),
        ceilings: z.array(ceilingSchema),
        attempt: z.int().min(1).describe('1 for the first run, one more after each restart.'),
      }),
    ],
  },
  contained: {
    ...NOTE,
    severity: 'info',
    isNamed: false,
    say: (event) => (event.attempt === 1 ? bannerLines(event) : [heldText(event)]),
    fields: containedFields,
    form: ({ cap, describingFields, texts, z }) => [
      describingFields<EventLines['contained']>()({
        by: z.enum(['cgroup-v2', 'cgroup-v1', 'rlimit', 'sampling']).describe('What holds the target.'),
        cap,
        cannot: texts.describe('What cannot be done here, and what has a price: sentences.'),
        fallbacks: texts.describe('Why nothing stronger was taken.'),
        intervalMs: z.number().min(0).describe('Until the next look.'),
        recordsCreators: z.boolean().describe('Whether the kernel records who makes its tasks.'),
        binding: z.string().nullable().describe('The ceiling that allows the fewest more threads.'),
        line: z
          .strictObject({ warnAt: z.number(), tripAt: z.number(), setBy: z.string() })
          .nullable()
          .describe('Where the target is warned of and where it trips, in tasks.'),
      }),
    ],
  },
  sample: {
    ...NOTE,
    severity: 'info',
    isForPeople: false,
    say: ({ tasks }) => [`${tasks} tasks`],
    form: ({ cap, count, describingFields, dryRun, maps, tasks, z }) => [
      describingFields<EventLines['sample']>()({
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
  },
};
