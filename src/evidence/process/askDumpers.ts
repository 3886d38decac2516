import { RUNTIMES, type StackSource } from '../../core/runtimes.ts';
import { errnoOf } from '../../errors.ts';
import type { CreatorSource } from '../creators/creatorSource.ts';
import { DUMPERS } from '../dumpers/allDumpers.ts';
import type { Dumper, OpenProcess, RawFile, Reading, Told, ToldStack } from '../dumpers/dumper.ts';
import type { KernelThread } from './kernelThread.ts';

/** All dumpers by their runtimes, in the order in which they are asked. */
export type DumperList = Readonly<Partial<Record<StackSource, readonly Dumper[]>>>;

/** What all dumpers together say about one process. */
export interface Answers {
  readonly runtimes: readonly string[];
  readonly notes: readonly string[];
  readonly files: readonly RawFile[];
  readonly creators: readonly CreatorSource[];
  /** The first stack that a dumper knows of a thread; `undefined` if none knows one. */
  stackOf(thread: KernelThread): ToldStack | undefined;
}

/**
 * Asks every dumper that matches. One that throws is told in a note and left out for the rest of this process: a fault in
 * the reading of one runtime must not cost the stacks of the others.
 */
export function askDumpers(process: OpenProcess, reading: Reading, dumpers: DumperList = DUMPERS): Answers {
  const told: { readonly dumper: Dumper; readonly told: Told }[] = [];
  const notes: string[] = [];
  const fails = (dumper: Dumper, error: unknown): void => {
    notes.push(`${dumper.name} failed on process ${process.pid}: ${errnoOf(error)}`);
  };
  for (const [runtime, ways] of Object.entries(dumpers) as [StackSource, readonly Dumper[]][]) {
    const answers = askOneRuntime(process, reading, ways, fails);
    told.push(...answers);
    const whys = answers.flatMap((one) => one.told.why ?? []);
    if (whys.length > 0 && answers.every((one) => one.told.stackOf === undefined)) {
      notes.push(`no ${RUNTIMES[runtime].label} stacks of process ${process.pid}: ${whys.join('; ')}`);
    }
  }
  const tellers = told.filter((one) => one.told.stackOf !== undefined);
  return {
    runtimes: [...new Set(told.flatMap((one) => one.told.runtime ?? []))],
    get notes() {
      return [...told.flatMap((one) => one.told.notes ?? []), ...notes];
    },
    files: told.flatMap((one) => one.told.files ?? []),
    creators: told.flatMap((one) => one.told.creators ?? []),
    stackOf: (thread) => firstStack(tellers, thread, fails),
  };
}

/** The ways to ask one runtime, until one knows stacks. */
function askOneRuntime(
  process: OpenProcess,
  reading: Reading,
  ways: readonly Dumper[],
  fails: (dumper: Dumper, error: unknown) => void,
): { readonly dumper: Dumper; readonly told: Told }[] {
  const answers: { dumper: Dumper; told: Told }[] = [];
  for (const dumper of ways) {
    try {
      if (!dumper.matches(process, reading)) continue;
      const told = dumper.dump(process, reading);
      answers.push({ dumper, told });
      if (told.stackOf !== undefined) break;
    } catch (error) {
      fails(dumper, error);
    }
  }
  return answers;
}

function firstStack(
  tellers: { readonly dumper: Dumper; readonly told: Told }[],
  thread: KernelThread,
  fails: (dumper: Dumper, error: unknown) => void,
): ToldStack | undefined {
  for (const teller of tellers) {
    try {
      const stack = teller.told.stackOf?.(thread);
      if (stack !== undefined) return stack;
    } catch (error) {
      fails(teller.dumper, error);
      tellers.splice(tellers.indexOf(teller), 1);
      return firstStack(tellers, thread, fails);
    }
  }
  return undefined;
}
