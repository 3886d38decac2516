import type { Frame } from '../../core/stack.ts';
import type { Memory } from '../native/processMemory.ts';
import { readWhole } from '../native/readWhole.ts';
import { type FunctionHead, isSame, readFunction } from './functionHead.ts';
import { OP, type PhpLayout } from './layout.ts';
import { classNameAt, textAt } from './texts.ts';

const MOST_KNOWN = 65_536;
/** Closures in closures. */
const MOST_DEPTH = 8;
/** Classes of one trait that are looked at. */
const MOST_SHARING = 16;

/** The functions of a process, as far as they were met. */
export class PhpFunctions {
  readonly #memory: Memory;
  readonly #layout: PhpLayout;
  readonly #known = new Map<number, FunctionHead>();
  #sorted: FunctionHead[] | undefined;

  constructor(memory: Memory, layout: PhpLayout) {
    this.#memory = memory;
    this.#layout = layout;
  }

  /** Learns the function at an address, and the closures in it. False if it is none of the program. */
  learn(address: number, depth = 0): boolean {
    const { closures = [], head } = readFunction(this.#memory, this.#layout, address) ?? {};
    if (head === undefined) return false;
    const known = this.#known.get(address);
    if (known !== undefined && isSame(known, head)) return true;
    if (this.#known.size >= MOST_KNOWN) return true;
    this.#known.set(address, head);
    this.#sorted = undefined;
    if (depth < MOST_DEPTH) for (const closure of closures) this.learn(closure, depth + 1);
    return true;
  }

  /** What an instruction stands for; `undefined` if its function is not known, or is not there any more. */
  frameAt(opline: number): Frame | undefined {
    const [head, ...others] = this.#sharing(opline).filter((one) => this.#isStill(one));
    if (head === undefined || (opline - head.start) % OP.bytes !== 0) return undefined;
    const line = readWhole(this.#memory, opline, OP.bytes)?.readUInt32LE(OP.line);
    const file = textAt(this.#memory, head.fileAt);
    const isOneClass = others.every(({ scope }) => scope === head.scope);
    const name = this.#nameOf(head, isOneClass);
    const isInside = line !== undefined && line >= head.firstLine && line <= head.lastLine;
    return !isInside || file === undefined || name === undefined ? undefined : { function: name, file, line };
  }

  /** Where several classes share a method, its class is not told. */
  #nameOf({ firstLine, isEval, nameAt, scope }: FunctionHead, isOneClass: boolean): string | undefined {
    if (nameAt === 0) return isEval ? 'eval' : 'main';
    // Until 8.3 all functions without a name are called the same; 8.4 tells them apart in this way.
    const name = textAt(this.#memory, nameAt)?.replace(/\{closure\}$/, `{closure:${firstLine}}`);
    if (scope === 0 || !isOneClass || name === undefined) return name;
    const owner = classNameAt(this.#memory, scope);
    return owner === undefined ? undefined : `${owner}::${name}`;
  }

  #isStill(head: FunctionHead): boolean {
    if (isSame(head, readFunction(this.#memory, this.#layout, head.address)?.head)) return true;
    this.#known.delete(head.address);
    this.#sorted = undefined;
    return false;
  }

  /** Functions with this instruction. */
  #sharing(opline: number): readonly FunctionHead[] {
    this.#sorted ??= [...this.#known.values()].sort((a, b) => a.start - b.start);
    const sorted = this.#sorted;
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle] as FunctionHead).start <= opline) low = middle + 1;
      else high = middle;
    }
    const start = sorted[low - 1]?.start;
    const found: FunctionHead[] = [];
    for (let index = low - 1; sorted[index]?.start === start && found.length < MOST_SHARING; index -= 1) {
      const head = sorted[index];
      if (head === undefined) break;
      if (opline < head.end) found.push(head);
    }
    return found;
  }
}
