import { Paths } from './creatorPaths.ts';
import { executorOf, isPlumbing } from './plumbing.ts';
import { RUNTIMES, type StackSource } from './runtimes.ts';
import type { Frame, TaskStack } from './stack.ts';

/**
 * How much of a creator is known: its very line; its function only; an outer frame, because the inner ones are not known; only
 * where what it makes begins; the script that its process runs; or the command lines of its process and of those that made it.
 */
export type Certainty = 'exact' | 'function' | 'called from' | 'begins' | 'script' | 'chain';

/** Code that makes threads. */
export interface Creator {
  /** How often it was seen making a thread, or how many threads it made if the source counts them. */
  readonly count: number;
  /** Its share of all that was seen: more than 0, at most 1. */
  readonly share: number;
  /** How this is known, for people. */
  readonly source: string;
  /** What it makes; absent where only threads are looked for. */
  readonly makes?: 'threads' | 'processes';
  /** The command line of the process that makes them, without secrets; absent where it was not read. */
  readonly command?: string;
  /** Programs that the processes it made went on to run, the most frequent first. */
  readonly runs?: readonly string[];
  /** How many of them in a second, between the first and the last; absent where that was not counted. */
  readonly perSecond?: number;
  /** Absent where it was sampled. */
  readonly certainty?: Certainty;
  /** The pool between this code and the thread, if there is one. */
  readonly executor?: string;
  /** The program's own frame first, then what called it. */
  readonly frames: readonly Frame[];
}

/** A stack of a thread at work, which may be making another thread. */
export interface CreationSample {
  readonly runtime: StackSource;
  readonly frames: readonly Frame[];
}

/** How many frames of a path are kept: the code that makes threads, and what called it. */
const CONTEXT = 4;

/**
 * How a stack came to make a thread: the program's own frame nearest to the creation, then its callers. `undefined` for a
 * stack that makes none.
 */
export function creationPath(sample: CreationSample): readonly Frame[] | undefined {
  const rest = behindCreation(sample);
  if (rest === undefined) return undefined;
  const path = ownPath(rest, sample.runtime);
  return path.length === 0 ? undefined : path.slice(0, CONTEXT);
}

/** Of a stack that did create: only what is the program's own, as far as anything is. */
function programPath(sample: CreationSample): readonly Frame[] {
  const { frames, runtime } = sample;
  const path = ownPath(behindCreation(sample) ?? frames, runtime);
  const own = path.filter((frame) => frame.function === 'main' || !isPlumbing(frame, runtime));
  return (own.length > 0 ? own : path).slice(0, CONTEXT);
}

/** The frames above the function that makes threads; `undefined` for a stack that makes none. */
function behindCreation({ frames, runtime }: CreationSample): readonly Frame[] | undefined {
  const { makes, makesIn } = RUNTIMES[runtime];
  if (makes === undefined) return undefined;
  // Every thread of glibc stands on clone3, so the bottom makes nothing.
  const above = runtime === 'native' ? frames.slice(0, -1) : frames;
  let at = -1;
  for (const [index, frame] of above.entries()) {
    if (makes.test(frame.function) && (makesIn?.test(frame.file ?? '') ?? true)) at = index;
  }
  return at < 0 ? undefined : frames.slice(at + 1);
}

/** From the program's own frame nearest to the creation on; all frames if none is its own. */
function ownPath(frames: readonly Frame[], runtime: StackSource): readonly Frame[] {
  const own = frames.findIndex((frame) => !isPlumbing(frame, runtime));
  return own < 0 ? frames : frames.slice(own);
}

/** Creators by how often they were caught. `source` says how that is known, from the numbers of both kinds of stacks. */
export function rankCreators(
  samples: readonly CreationSample[],
  source: (caught: number, all: number) => string,
): Creator[] {
  const paths = new Paths();
  let all = 0;
  for (const sample of samples) {
    const frames = creationPath(sample);
    if (frames === undefined) continue;
    all += 1;
    paths.add('', frames, { count: 1, executor: executorOf(sample.frames) });
  }
  return paths.ranked().map(({ count, executor, frames }) => ({
    count,
    share: count / all,
    source: source(all, samples.length),
    ...(executor === undefined ? {} : { executor }),
    frames,
  }));
}

/** Tasks that one place in the code made, by the records of the kernel. */
export interface Made extends CreationSample {
  readonly makes: 'threads' | 'processes';
  readonly certainty: Certainty;
  readonly command?: string;
  readonly runs: readonly string[];
  readonly count: number;
  /** How many of them live. */
  readonly living: number;
  /** How many it makes in a second now; 0 where that is not known. */
  readonly perSecond: number;
}

/**
 * Creators by what of theirs lives, where that is known, else by what they made. Every frame of these stacks was there at a
 * creation.
 */
export function rankMade(made: readonly Made[], source: string): Creator[] {
  const sum = (of: 'count' | 'living'): number => made.reduce((total, one) => total + one[of], 0);
  const by = sum('living') > 0 ? 'living' : 'count';
  const all = sum(by);
  const paths = new Paths();
  for (const { certainty, command, frames, makes, runs, runtime, ...numbers } of made) {
    const path = programPath({ frames, runtime });
    if (path.length > 0)
      paths.add(`${makes} ${certainty}`, path, { ...numbers, command, runs, executor: executorOf(frames) });
  }
  return paths
    .ranked()
    .sort((a, b) => b[by] - a[by])
    .map(({ command, executor, frames, kind, perSecond, runs, ...numbers }) => {
      const [makes, ...certainty] = kind.split(' ');
      return {
        count: numbers.count,
        share: numbers[by] / all,
        source,
        makes: makes as Made['makes'],
        ...(command === undefined ? {} : { command }),
        ...(runs.length > 0 ? { runs } : {}),
        ...(perSecond > 0 ? { perSecond } : {}),
        certainty: certainty.join(' ') as Certainty,
        ...(executor === undefined ? {} : { executor }),
        frames,
      };
    })
    .filter(({ share }) => share > 0);
}

/** Ruby names a thread after the file and the line that made it (`app.rb:12`): an exact count that costs nothing. */
export function namedCreators(stacks: readonly TaskStack[]): Creator[] {
  const counts = new Map<string, number>();
  let all = 0;
  for (const { name } of stacks) {
    const match = /^(.+\.rb?):(\d+)/.exec(name);
    if (match === null) continue;
    all += 1;
    counts.set(`${match[1]}:${match[2]}`, (counts.get(`${match[1]}:${match[2]}`) ?? 0) + 1);
  }
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([place, count]) => {
      const [file, line] = place.split(/:(?=\d+$)/) as [string, string];
      const frames = [{ function: 'Thread.new', file, line: Number(line) }];
      return { count, share: count / all, source: 'names of threads', frames };
    });
}
