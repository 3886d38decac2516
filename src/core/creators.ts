import { executorOf, isPlumbing } from './plumbing.ts';
import { RUNTIMES, type StackSource } from './runtimes.ts';
import type { Frame, TaskStack } from './stack.ts';

/** Code that makes threads. */
export interface Creator {
  /** How often it was seen making a thread, or how many threads it made if the source counts them. */
  readonly count: number;
  /** Its share of all that was seen: more than 0, at most 1. */
  readonly share: number;
  /** How this is known, for people. */
  readonly source: string;
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
/** Two paths are one if their own frame and its caller are equal: a helper that starts threads is used by many. */
const TOLD_APART = 2;

/**
 * How a stack came to make a thread: the program's own frame nearest to the creation, then its callers. `undefined` for a
 * stack that makes none.
 */
export function creationPath({ frames, runtime }: CreationSample): readonly Frame[] | undefined {
  const { makes, makesIn } = RUNTIMES[runtime];
  if (makes === undefined) return undefined;
  // Every thread of glibc stands on clone3, so the bottom makes nothing.
  const above = runtime === 'native' ? frames.slice(0, -1) : frames;
  let at = -1;
  for (const [index, frame] of above.entries()) {
    if (makes.test(frame.function) && (makesIn?.test(frame.file ?? '') ?? true)) at = index;
  }
  if (at < 0) return undefined;
  const rest = frames.slice(at + 1);
  const own = rest.findIndex((frame) => !isPlumbing(frame, runtime));
  const path = own < 0 ? rest : rest.slice(own);
  return path.length === 0 ? undefined : path.slice(0, CONTEXT);
}

/** Creators by how often they were caught. `source` says how that is known, from the numbers of both kinds of stacks. */
export function rankCreators(
  samples: readonly CreationSample[],
  source: (caught: number, all: number) => string,
): Creator[] {
  const paths = new Map<string, { count: number; seen: SeenFrames[]; executor: string | undefined }>();
  let all = 0;
  for (const sample of samples) {
    const frames = creationPath(sample);
    if (frames === undefined) continue;
    all += 1;
    const key = frames
      .slice(0, TOLD_APART)
      .map(({ file, function: name, module }) => `${file ?? module}!${name}`)
      .join(';');
    const known = paths.get(key) ?? { count: 0, seen: [], executor: executorOf(sample.frames) };
    known.count += 1;
    note(known.seen, frames);
    paths.set(key, known);
  }
  return [...paths.values()]
    .sort((a, b) => b.count - a.count)
    .map(({ count, executor, seen }) => ({
      count,
      share: count / all,
      source: source(all, samples.length),
      ...(executor === undefined ? {} : { executor }),
      frames: seen.reduce((most, one) => (one.count > most.count ? one : most)).frames,
    }));
}

interface SeenFrames {
  readonly lines: string;
  readonly frames: readonly Frame[];
  count: number;
}

/** One function may start threads on several lines. The line that was seen most stands for it. */
function note(seen: SeenFrames[], frames: readonly Frame[]): void {
  const lines = frames.map(({ line }) => line ?? 0).join();
  const known = seen.find((one) => one.lines === lines);
  if (known === undefined) seen.push({ lines, frames, count: 1 });
  else known.count += 1;
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
