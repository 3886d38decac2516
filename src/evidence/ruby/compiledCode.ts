import type { Frame } from '../../core/stack.ts';
import { readWord } from '../creators/trace/record.ts';
import type { Memory } from '../native/processMemory.ts';
import { isAddress, readWhole } from '../native/readWhole.ts';
import { BODY, ISEQ, type RubyLayout } from './layout.ts';
import { lineAt } from './lines.ts';
import { pathAt, textAt } from './texts.ts';

/** The type of an object in five bits, and of an internal one (`imemo_iseq`) in four above the twelfth. */
const ISEQ_MASK = 0xf01f;
const ISEQ_FLAGS = 0x701a;
/** ISEQ_TYPE_PLAIN is the last type: 8. */
const MOST_TYPE = 8;
const MOST_SIZE = 1_000_000;
const MOST_KNOWN = 65_536;

/** Whether the flags of an object say that it is a compiled method, block or file (`rb_iseq_t`). */
export function isIseq(flags: number): boolean {
  return (flags & ISEQ_MASK) === ISEQ_FLAGS;
}

/** One of them: its instructions, which are never moved. */
export interface Iseq {
  readonly address: number;
  readonly start: number;
  readonly end: number;
  readonly body: number;
  /** By program counters; `undefined` where nothing was found. */
  readonly frames: Map<number, Frame | undefined>;
}

/** The compiled code of a process, as far as it was met. */
export class CompiledCode {
  readonly #memory: Memory;
  readonly #layout: RubyLayout;
  readonly #known = new Map<number, Iseq>();
  #sorted: Iseq[] | undefined;

  constructor(memory: Memory, layout: RubyLayout) {
    this.#memory = memory;
    this.#layout = layout;
  }

  /** Addresses of what is known. */
  addresses(): Iterable<number> {
    return this.#known.keys();
  }

  /** What lies at an address, if it is compiled code; it is known from then on. */
  learn(address: number): Iseq | undefined {
    const found = this.#read(address);
    if (found === undefined) return undefined;
    const known = this.#known.get(address);
    if (known !== undefined && known.start === found.start && known.end === found.end) return known;
    if (this.#known.size >= MOST_KNOWN) return undefined;
    this.#known.set(address, found);
    this.#sorted = undefined;
    return found;
  }

  /** The code that a program counter is behind an instruction of. It is looked at once more: it may have been thrown away. */
  holding(pc: number): Iseq | undefined {
    const found = this.#find(pc);
    if (found === undefined || this.learn(found.address) === found) return found;
    this.#known.delete(found.address);
    this.#sorted = undefined;
    return undefined;
  }

  /** What a program counter stands for; `undefined` if its code is not known, or does not tell its place. */
  frameAt(pc: number): Frame | undefined {
    const iseq = this.holding(pc);
    if (iseq === undefined) return undefined;
    if (!iseq.frames.has(pc)) iseq.frames.set(pc, this.#name(iseq, pc));
    return iseq.frames.get(pc);
  }

  #name({ body, start }: Iseq, pc: number): Frame | undefined {
    const bytes = readWhole(this.#memory, body, BODY.bytes);
    if (bytes === undefined) return undefined;
    const { lines } = this.#layout;
    const table = {
      at: readWord(bytes, lines.at),
      count: bytes.readUInt32LE(lines.count),
      index: readWord(bytes, lines.index),
    };
    // The counter is behind the instruction that runs.
    const line = lineAt(this.#memory, this.#layout, table, (pc - start) / 8 - 1);
    const name = textAt(this.#memory, this.#layout, readWord(bytes, BODY.label));
    const file = pathAt(this.#memory, this.#layout, readWord(bytes, BODY.path));
    return line === undefined || name === undefined || file === undefined ? undefined : { function: name, file, line };
  }

  #read(address: number): Iseq | undefined {
    const head = readWhole(this.#memory, address, ISEQ.bytes);
    if (head === undefined || !isIseq(head.readUInt32LE(0))) return undefined;
    const at = readWord(head, ISEQ.body);
    const body = readWhole(this.#memory, at, BODY.code + 8);
    if (body === undefined) return undefined;
    const size = body.readUInt32LE(BODY.size);
    const start = readWord(body, BODY.code);
    if (body.readUInt32LE(BODY.type) > MOST_TYPE || size === 0 || size > MOST_SIZE || !isAddress(start))
      return undefined;
    return { address, start, end: start + 8 * size, body: at, frames: new Map() };
  }

  /** The last one that begins below it. The first word is none: a counter is behind an instruction. */
  #find(pc: number): Iseq | undefined {
    if (pc % 8 !== 0) return undefined;
    this.#sorted ??= [...this.#known.values()].sort((a, b) => a.start - b.start);
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle] as Iseq).start < pc) low = middle + 1;
      else high = middle;
    }
    const found = this.#sorted[low - 1];
    return found !== undefined && pc < found.end ? found : undefined;
  }
}
