import { formatDuration } from '../core/units.ts';
import { CAUSES } from '../policy/verdict.ts';
import type { DumpLine, EventLines, PlainWarning, RefusalLine } from '../schemas/eventLines.ts';
import { dumpFields, opinionFields, warningFields } from './eventFields.ts';
import { type EventRows, no, STEP, trip, tripIsOver, yes } from './eventRow.ts';
import { clamped, done, dumpLines, killed, warning } from './eventText.ts';
import { verdictText } from './verdictText.ts';

type Warning<About extends PlainWarning['about']> = Extract<PlainWarning, { readonly about: About }>;

/** The steps of the ladder, up and down. */
export const LADDER_EVENTS: EventRows<'warn' | 'trip' | 'clamp' | 'release' | 'dump' | 'terminate' | 'kill'> = {
  warn: {
    ...STEP,
    severity: 'warning',
    isLoud: no,
    isTold: yes,
    alert: () => ({ name: 'ThreadguardWarning' }),
    say: (event) => [warning(event)],
    fields: warningFields,
    form: ({ cap, count, describingFields, opinion, tasks, texts, z }) => [
      opinion,
      describingFields<RefusalLine>()({
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
  },
  trip: {
    ...STEP,
    severity: 'error',
    isTold: yes,
    alert: trip,
    say: ({ opinion }) => [verdictText(opinion)],
    fields: opinionFields,
    form: ({ opinion }) => [opinion],
  },
  clamp: {
    ...STEP,
    severity: 'warning',
    alert: trip,
    say: (event) => done(event, [clamped(event)]),
    form: ({ count, describingFields, dryRun, isFrozen, tasks }) => [
      describingFields<EventLines['clamp']>()({ tasks, cap: count.exactOptional(), isFrozen, dryRun }),
    ],
  },
  release: {
    ...STEP,
    severity: 'notice',
    isGood: true,
    isTold: yes,
    alert: tripIsOver,
    say: (event) => done(event, ['the target has fewer tasks again; it may grow up to its budget']),
    form: ({ describingFields, dryRun, tasks }) => [describingFields<EventLines['release']>()({ tasks, dryRun })],
  },
  dump: {
    ...STEP,
    severity: 'notice',
    alert: trip,
    say: (event) => done(event, dumpLines(event)),
    fields: dumpFields,
    form: ({ count, describingFields, dryRun, tasks, z }) => [
      describingFields<DumpLine>()({
        tasks,
        covered: count.exactOptional().describe('Tasks whose stack was read.'),
        found: count.exactOptional().describe('Tasks that there were.'),
        cause: z.enum(CAUSES).exactOptional().describe('Why the command ended before anything tripped.'),
        dryRun,
      }),
    ],
  },
  terminate: {
    ...STEP,
    severity: 'error',
    alert: trip,
    say: (event) => done(event, [`SIGTERM to the whole tree; SIGKILL follows after ${formatDuration(event.graceMs)}`]),
    form: ({ describingFields, dryRun, tasks, z }) => [
      describingFields<EventLines['terminate']>()({ tasks, graceMs: z.number().min(0), dryRun }),
    ],
  },
  kill: {
    ...STEP,
    severity: 'error',
    isTold: yes,
    alert: trip,
    say: (event) => done(event, [killed(event)]),
    form: ({ describingFields, dryRun, tasks, z }) => [
      describingFields<EventLines['kill']>()({
        tasks,
        emptyMs: z.number().min(0).describe('Until the whole tree was gone.'),
        survivors: z.array(z.int().min(1)),
        dryRun,
      }),
    ],
  },
};
