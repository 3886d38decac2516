import * as z from 'zod';
import type { Creator } from '../core/creators.ts';
import type { StackSource } from '../core/runtimes.ts';
import type { Frame, WaitKind } from '../core/stack.ts';
import { describing } from './describing.ts';

/** Threads with the same stack, as a document has them: with the names of threads, but not how often each stands there. */
export interface GroupDocument {
  readonly count: number;
  readonly grew: number;
  readonly wait: WaitKind;
  readonly runtime: StackSource;
  readonly names: readonly string[];
  readonly frames: readonly Frame[];
  readonly site?: Frame;
  readonly whole: number;
  readonly timeline: readonly number[];
  readonly since: { readonly first: number; readonly last: number };
}

const frame: z.ZodType<Frame> = describing<Frame>()(
  z
    .strictObject({
      function: z.string(),
      file: z.string().exactOptional().describe('Source file.'),
      line: z.int().min(0).exactOptional(),
      module: z.string().exactOptional().describe('The file of code that it is in.'),
    })
    .meta({ id: 'frame', description: 'One function on a stack.' }),
);

const frames = z.array(frame).describe('The leaf first.');

export const creatorSchema: z.ZodType<Creator> = describing<Creator>()(
  z
    .strictObject({
      count: z.int().min(1),
      share: z.number().gt(0).max(1).describe('Of all creations that were seen.'),
      source: z.string().describe('Where this is known from.'),
      makes: z.enum(['threads', 'processes']).exactOptional().describe('Threads, where nothing is said.'),
      command: z.string().exactOptional().describe('Command line of the process that makes them, without secrets.'),
      runs: z.array(z.string()).exactOptional().describe('Programs that the processes it made went on to run.'),
      perSecond: z.number().min(0).exactOptional().describe('Between the first and the last that it made.'),
      certainty: z
        .enum(['exact', 'function', 'called from', 'begins', 'script', 'chain'])
        .exactOptional()
        .describe(
          'How much of the code is known: its line; its function; an outer frame; where what it makes begins; the script; the command lines. Absent where it was sampled.',
        ),
      executor: z.string().exactOptional().describe('A pool between this code and the thread.'),
      frames,
    })
    .meta({ id: 'creator', description: 'Code that makes threads.' }),
);

const wait = describing<WaitKind>()(
  z.enum([
    'running',
    'lock',
    'queue',
    'sleep',
    'signal',
    'read',
    'poll',
    'child',
    'io',
    'clone',
    'stopped',
    'dead',
    'unknown',
  ]),
);
const runtime = describing<StackSource>()(
  z.enum(['native', 'python', 'jvm', 'go', 'node', 'ruby', 'php', 'perl', 'shell', 'name']),
);

export const groupSchema: z.ZodType<GroupDocument> = describing<GroupDocument>()(
  z
    .strictObject({
      count: z.int().min(1),
      grew: z.int().describe('Begun since the baseline, less what ended.'),
      wait: wait.describe('What most of its threads wait for.'),
      runtime: runtime.describe('What tells of the stacks.'),
      names: z
        .array(z.string())
        .describe('Names of its threads with their numbers taken out, the most frequent first.'),
      frames,
      site: frame.exactOptional().describe('The frame of the program itself that is nearest to the leaf.'),
      whole: z.int().min(0).describe('Stacks that were followed to their bottom.'),
      timeline: z
        .array(z.int().min(0))
        .describe('Threads begun in each part of the time between the first and the last thread of all groups.'),
      since: z
        .strictObject({ first: z.number(), last: z.number() })
        .describe('Clock ticks (1/100 s) after boot at which its first and its last thread began.'),
    })
    .meta({ id: 'group', description: 'Threads with the same stack.' }),
);
