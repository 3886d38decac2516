import type { PosixNodes, ShellFunction, TreeNode } from './posixNodes.ts';
import type { ShellWord } from './shellWords.ts';

/** Where a shell stands in one function, or outside of all of them. */
export interface Standing {
  /** `undefined` outside of all functions. */
  readonly function: ShellFunction | undefined;
  /** Of the command that makes the task, or that called the next inner function. */
  readonly line: number | undefined;
}

export interface PosixStack {
  /** The innermost first; the last one is outside of all functions. */
  readonly standings: readonly Standing[];
  /** False if commands run that are of no function, as those of a trap: then the first line is what they came upon. */
  readonly isInnermost: boolean;
}

export interface PosixScene {
  readonly words: readonly ShellWord[];
  readonly nodes: PosixNodes;
  /** Whether each frame is known for itself. Else words of earlier calls may be among them. */
  readonly isWhole: boolean;
  /** Whether a word is on the stack still. */
  readonly isStillThere: (word: ShellWord) => boolean;
  /** Whether there is no line but the first. */
  readonly isOneLine: boolean;
}

interface Entry extends ShellWord {
  readonly node: TreeNode;
}

/** A text or a file whose commands are of a tree of their own. Its lines count from 1 again. */
const RUNS_TEXT: ReadonlySet<string> = new Set(['eval', '.', 'source']);
const MOST_FUNCTIONS = 64;

/** The functions of a shell and its lines, from the words on its stack. `undefined` if it cannot be told what runs. */
export function readPosixStack(scene: PosixScene): PosixStack | undefined {
  const { entries, found } = sorted(scene);
  const commands = entries.filter(({ node }) => node.kind !== 'loop');
  // What the innermost register holds is what the shell is at, and no left-over.
  const leaf = commands.find(({ isRegister }) => isRegister);
  const home = found.findIndex((one) => leaf !== undefined && isIn(one, leaf));
  const texts = found.findIndex((one) => runsText(standsAt(one, commands)?.node));
  const start = home >= 0 ? home : texts;
  const isOutside = leaf === undefined || home < 0;
  const main = ofMain(scene, entries, found);
  if (start < 0 && found.length > 0 && !scene.isWhole && isOutside && (leaf === undefined || !main.includes(leaf))) {
    return undefined;
  }
  const isMain = start < 0 && leaf !== undefined && main.includes(leaf);
  const functions = isMain ? [] : linked(found.slice(Math.max(0, start)), commands);
  const [inner] = functions;
  const standings = functions.map((one, index): Standing => {
    const own = commands.filter((entry) => isIn(one, entry));
    return { function: one, line: index === 0 ? leafOf(own)?.node.line : callOf(functions[index - 1], own) };
  });
  const last = functions.at(-1);
  const line = last === undefined ? leafOf(main)?.node.line : callOf(last, main);
  const own = commands.filter((entry) => (inner === undefined ? main.includes(entry) : isIn(inner, entry)));
  return {
    standings: [...standings, { function: undefined, line }],
    isInnermost: leaf === undefined || own.includes(leaf) || runsText(leafOf(own)?.node),
  };
}

function sorted({ nodes, words }: PosixScene): { readonly entries: readonly Entry[]; readonly found: ShellFunction[] } {
  const entries: Entry[] = [];
  const found: ShellFunction[] = [];
  for (const word of words) {
    const node = nodes.nodeAt(word.value);
    if (node !== undefined) entries.push({ ...word, node });
    const called = node === undefined && found.length < MOST_FUNCTIONS ? nodes.functionAt(word.value) : undefined;
    // A function that runs has one of its nodes further in.
    if (called !== undefined && entries.some((entry) => isIn(called, entry))) found.push(called);
  }
  return { entries, found };
}

/**
 * Commands outside of all functions whose lines are right. When a command has ended, the next one of the script is often put in its
 * place. So they must be in a loop that still runs. A loop of a text, or of a file that was read, is none of the script itself.
 */
function ofMain(
  { isOneLine, isStillThere, nodes }: PosixScene,
  entries: readonly Entry[],
  found: readonly ShellFunction[],
): readonly Entry[] {
  const outside = entries.filter((entry) => !found.some((one) => isIn(one, entry)));
  const commands = outside.filter(({ node }) => node.kind !== 'loop');
  if (isOneLine) return commands;
  const text = Math.max(0, ...commands.filter(({ node }) => runsText(node)).map(({ highestAt }) => highestAt));
  const loops = outside.filter((entry) => entry.node.kind === 'loop' && entry.highestAt > text && isStillThere(entry));
  return commands.filter(({ value }) => loops.some((loop) => nodes.contains(loop.value, value)));
}

/** Of the functions those that one calls the next, from the innermost on: the others are left-overs. */
function linked(found: readonly ShellFunction[], commands: readonly Entry[]): readonly ShellFunction[] {
  const functions: ShellFunction[] = [];
  for (const one of found) {
    const inner = functions.at(-1);
    if (inner === undefined || commands.some((entry) => isIn(one, entry) && mayCall(entry.node, inner)))
      functions.push(one);
  }
  return functions;
}

function isIn({ address, end }: ShellFunction, { value }: ShellWord): boolean {
  return value > address && value < end;
}

function runsText(node: TreeNode | undefined): boolean {
  return node?.name !== undefined && RUNS_TEXT.has(node.name);
}

/** A command of that name, one whose name is not known before it runs, or a text. */
function mayCall(node: TreeNode, { name }: ShellFunction): boolean {
  return node.kind === 'command' && (node.name === undefined || node.name === name || runsText(node));
}

function standsAt(one: ShellFunction, commands: readonly Entry[]): Entry | undefined {
  return leafOf(commands.filter((entry) => isIn(one, entry)));
}

/** The command that a shell is at: what a register held is no left-over. */
function leafOf(commands: readonly Entry[]): Entry | undefined {
  return commands.find(({ isRegister }) => isRegister) ?? commands[0];
}

/** The line that a function was called on; `undefined` if there are two that may be it. */
function callOf(called: ShellFunction | undefined, commands: readonly Entry[]): number | undefined {
  const calls = commands.filter(({ node }) => node.kind === 'command' && node.name === called?.name);
  const sure = calls.some(({ isRegister }) => isRegister) ? calls.filter(({ isRegister }) => isRegister) : calls;
  const lines = new Set(sure.map(({ node }) => node.line));
  return lines.size === 1 ? sure[0]?.node.line : undefined;
}
