import type { Frame } from './stack.ts';

/** Two paths are one if their own frame and its caller are equal: a helper that starts threads is used by many. */
const TOLD_APART = 2;

/** One way to a creation, and what is known of what came by it. */
export interface Path {
  readonly kind: string;
  readonly seen: SeenFrames[];
  readonly executor: string | undefined;
  readonly command: string | undefined;
  runs: readonly string[];
  count: number;
  living: number;
  perSecond: number;
}

/** Paths that are one: their own frame and its caller are equal, and their kind. */
export class Paths {
  readonly #paths = new Map<string, Path>();

  add(
    kind: string,
    frames: readonly Frame[],
    one: Pick<Path, 'count' | 'executor'> & Partial<Pick<Path, 'command' | 'runs' | 'living' | 'perSecond'>>,
  ): void {
    const { command, count, executor, living = 0, perSecond = 0, runs = [] } = one;
    const functions = frames
      .slice(0, TOLD_APART)
      .map(({ file, function: name, module }) => `${file ?? module}!${name}`);
    const key = [kind, ...functions].join(';');
    const known = this.#paths.get(key) ?? {
      kind,
      count: 0,
      living: 0,
      perSecond: 0,
      seen: [],
      executor,
      command,
      runs,
    };
    known.count += count;
    known.runs = [...new Set([...known.runs, ...runs])];
    known.living += living;
    known.perSecond += perSecond;
    note(known.seen, frames, count);
    this.#paths.set(key, known);
  }

  ranked(): (Omit<Path, 'seen'> & { readonly frames: readonly Frame[] })[] {
    return [...this.#paths.values()]
      .sort((a, b) => b.count - a.count)
      .map(({ seen, ...path }) => ({
        ...path,
        frames: seen.reduce((most, one) => (one.count > most.count ? one : most)).frames,
      }));
  }
}

interface SeenFrames {
  readonly lines: string;
  readonly frames: readonly Frame[];
  count: number;
}

/** One function may start threads on several lines. The line that was seen most stands for it. */
function note(seen: SeenFrames[], frames: readonly Frame[], count: number): void {
  const lines = frames.map(({ line }) => line ?? 0).join();
  const known = seen.find((one) => one.lines === lines);
  if (known === undefined) seen.push({ lines, frames, count });
  else known.count += count;
}
