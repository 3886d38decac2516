import * as z from 'zod';
import { describing } from './describing.ts';

/** `drill --json`. */
export interface DrillDocument {
  readonly schema: 'threadguard.drill/1';
  readonly verdict: 'in time' | 'not in time';
  readonly reason: string;
  readonly hint: string;
  readonly bomb: 'threads' | 'forks';
  readonly holds: {
    readonly by: 'cgroup' | 'systemd-scope' | 'rlimit' | 'surroundings' | 'nothing';
    readonly detail: string;
    readonly whyNot: readonly string[];
  };
  readonly budget: number;
  readonly peakTasks: number;
  readonly overBudget: number;
  readonly sign: 'refusal' | 'over' | 'trip' | null;
  readonly emptyMs: number | null;
  readonly leftTasks: number;
  readonly stoppedByGuard: boolean;
  readonly named: {
    readonly as: 'creator' | 'group';
    readonly function: string;
    readonly file?: string;
    readonly line?: number;
    readonly module?: string;
  } | null;
  readonly host: { readonly tried: number; readonly failed: number; readonly longestGapMs: number };
  readonly tookMs: number;
}

const tasks = z.int().min(0);

const holds = z.strictObject({
  by: z
    .enum(['cgroup', 'systemd-scope', 'rlimit', 'surroundings', 'nothing'])
    .describe('surroundings: a limit that somebody else set around it; nothing of the guard’s own.'),
  detail: z.string().describe('Which object it is.'),
  whyNot: z.array(z.string()).describe('Why nothing stronger could be had.'),
});

const named = z
  .strictObject({
    as: z.enum(['creator', 'group']).describe('Caught making tasks, or the place where most of them stand.'),
    function: z.string(),
    file: z.string().exactOptional(),
    line: z.int().min(0).exactOptional(),
    module: z.string().exactOptional().describe('The file of code that it is in.'),
  })
  .nullable()
  .describe('The code that the evidence names; null when it names none.');

const host = z
  .strictObject({
    tried: tasks,
    failed: tasks,
    longestGapMs: z.number().min(0).describe('The longest time in which no process could be made.'),
  })
  .describe('Processes that the drill made beside the bomb.');

export const drillSchema: z.ZodType<DrillDocument> = describing<DrillDocument>()(
  z.strictObject({
    schema: z.literal('threadguard.drill/1'),
    verdict: z.enum(['in time', 'not in time']),
    reason: z.string().describe('One sentence.'),
    hint: z.string().describe('What to do about it; empty where the guard acted in time.'),
    bomb: z.enum(['threads', 'forks']).describe('What the bomb made.'),
    holds: holds.describe('What holds a command of run here.'),
    budget: tasks.describe('Tasks that the bomb might hold.'),
    peakTasks: tasks.describe('The most that it held.'),
    overBudget: tasks.describe('How many more than its budget that is; 0 is right.'),
    sign: z
      .enum(['refusal', 'over', 'trip'])
      .nullable()
      .describe(
        'What was seen first: the kernel refused a task, the bomb held more than its budget, or the guard tripped. null when none was.',
      ),
    emptyMs: z
      .number()
      .min(0)
      .nullable()
      .describe('From that sign until the last task of the bomb was gone; null when some were left.'),
    leftTasks: tasks.describe('Tasks of the bomb at the end of the drill. They are ended after that.'),
    stoppedByGuard: z.boolean(),
    named,
    host,
    tookMs: z.number().min(0).describe('The whole drill.'),
  }),
);
