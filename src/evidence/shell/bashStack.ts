import type { BashCommand, BashCommands } from './bashCommands.ts';
import type { BashFunction } from './bashFunctions.ts';
import type { BashJob } from './bashJobs.ts';
import { isPrinted } from './printedCommand.ts';
import type { ShellWord } from './shellWords.ts';

/** What is known of a bash that makes a process. */
export interface BashScene {
  readonly words: readonly ShellWord[];
  /** The job that the process became; `undefined` for one that bash has forgotten, or never kept. */
  readonly job: BashJob | undefined;
  readonly functionAt: (address: number) => BashFunction | undefined;
  readonly commands: BashCommands;
}

export interface BashStack {
  /** The innermost first, each with the line of what it runs, where that is sure. */
  readonly functions: readonly { readonly called: BashFunction; readonly line: number | undefined }[];
  /** Outside of all functions. */
  readonly mainLine: number | undefined;
  /** Loops that the stack leads through. */
  readonly loops: readonly ShellWord[];
}

const MOST_FUNCTIONS = 64;

/**
 * The functions of a bash and its lines. bash copies the body of a function for each call, and gives the copy back when it returns.
 * So commands on the stack say nothing of functions: the text of the job is looked for in the body that stays. Outside of functions
 * nothing is copied. `undefined` if there is no command at all.
 */
export function readBashStack({ commands, functionAt, job, words }: BashScene): BashStack | undefined {
  const functions: BashFunction[] = [];
  const simple: BashCommand[] = [];
  const loops: ShellWord[] = [];
  for (const word of words) {
    const { value } = word;
    const called = functions.length < MOST_FUNCTIONS ? functionAt(value) : undefined;
    if (called !== undefined) {
      functions.push(called);
      continue;
    }
    const kind = commands.kindAt(value);
    const command = kind === 'simple' ? commands.simpleAt(value) : undefined;
    if (command !== undefined) simple.push(command);
    if (kind === 'loop') loops.push(word);
  }
  if (functions.length === 0 && simple.length + loops.length === 0) return undefined;
  const outermost = functions.at(-1);
  return {
    functions: functions.map((called, index) => {
      const inner = functions[index - 1];
      const all = called.commands ?? [];
      return {
        called,
        line: inner === undefined ? lineOfJob(job, all) : onlyLine(all, ({ name }) => name === inner.name),
      };
    }),
    mainLine:
      outermost === undefined ? lineOfJob(job, simple) : onlyLine(simple, ({ name }) => name === outermost.name),
    loops,
  };
}

/** The line of the one command that a job is; `undefined` if there is none, or the same text stands on two lines. */
function lineOfJob(job: BashJob | undefined, commands: readonly BashCommand[]): number | undefined {
  if (job === undefined) return undefined;
  const { isForeground, text } = job;
  const printed = commands.filter(({ words }) => words !== undefined && isPrinted(text, words));
  const background = printed.filter(({ isBackground }) => isBackground);
  return onlyLine(isForeground || background.length === 0 ? printed : background, () => true);
}

function onlyLine(commands: readonly BashCommand[], isMeant: (command: BashCommand) => boolean): number | undefined {
  const lines = new Set(commands.filter(isMeant).map(({ line }) => line));
  return lines.size === 1 ? [...lines][0] : undefined;
}
