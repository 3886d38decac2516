import type { Frame } from '../../../core/stack.ts';
import type { MemoryWindow } from '../../native/memoryWindow.ts';
import type { Memory } from '../../native/processMemory.ts';
import type { HotSpotLayout } from './layout.ts';
import { type LineRow, lineAt, parseLineTable } from './lineTable.ts';

/** A method of Java. */
export interface Method {
  /** Where its bytecodes are. A native one has none. */
  readonly code: number;
  readonly codeBytes: number;
  /** Its frame at a bytecode. */
  frameAt(bytecode: number): Frame;
}

const MOST_KNOWN = 2048;
/** Places in one method that make tasks, or wait for what does. */
const MOST_FRAMES = 64;
const MOST_NAME_BYTES = 1024;
const MOST_LINE_BYTES = 1 << 16;
/** Line tables up to this size are kept for when the process has ended. */
const KEPT_LINE_BYTES = 4096;
/** No object of the JVM lies below it. */
const LEAST_ADDRESS = 4096;
const WORD = 8;

interface Known {
  readonly constMethod: number;
  readonly method: Method;
}

/** Methods by their addresses. No garbage collection moves them, so each is read once, as long as it is the same. */
export class Methods {
  readonly #memory: Memory;
  readonly #window: MemoryWindow;
  readonly #layout: HotSpotLayout;
  readonly #known = new Map<number, Known>();

  constructor(memory: Memory, window: MemoryWindow, layout: HotSpotLayout) {
    this.#memory = memory;
    this.#window = window;
    this.#layout = layout;
  }

  /** `undefined` for what is no `Method*`. */
  at(address: number | undefined): Method | undefined {
    if (!isObject(address)) return undefined;
    const known = this.#known.get(address);
    const constMethod = this.#window.readWord(address + this.#layout.method.constMethod);
    // A process that has ended is not read any more.
    if (known !== undefined && (constMethod === undefined || constMethod === known.constMethod)) return known.method;
    if (!isObject(constMethod)) return undefined;
    const method = this.#read(constMethod);
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    if (method !== undefined) this.#known.set(address, { constMethod, method });
    return method;
  }

  #read(constMethod: number): Method | undefined {
    const { method: at } = this.#layout;
    const pool = this.#window.readWord(constMethod + at.constants);
    const size = this.#window.readInt32(constMethod + at.size);
    const codeBytes = this.#short(constMethod + at.codeSize);
    const name = this.#entry(pool, this.#short(constMethod + at.nameIndex));
    const hasLines = ((this.#window.readInt32(constMethod + at.flags) ?? 0) & at.hasLines) !== 0;
    const holder = isObject(pool) ? this.#window.readWord(pool + at.holder) : undefined;
    if (!isObject(pool) || !isObject(holder) || name === undefined || codeBytes === undefined) return undefined;
    const className = this.#symbol(this.#window.readWord(holder + at.className));
    if (className === undefined) return undefined;
    const fileIndex =
      at.fileInPool === undefined
        ? this.#short(holder + (at.fileInClass ?? at.className))
        : this.#short(pool + at.fileInPool);
    // The dumps of a JVM say of native methods nothing but that.
    const file = codeBytes === 0 ? undefined : this.#entry(pool, fileIndex);
    const code = constMethod + at.header;
    const lines = this.#lines(code + codeBytes, hasLines ? constMethod + (size ?? 0) * WORD : 0);
    return methodOf(`${externalName(className)}.${name}`, file, { code, codeBytes, lines });
  }

  #lines(start: number, end: number): () => readonly LineRow[] {
    if (!(end > start && end - start <= MOST_LINE_BYTES)) return () => [];
    const read = (): Buffer => this.#memory.read(start, end - start) ?? Buffer.alloc(0);
    const kept = end - start <= KEPT_LINE_BYTES ? read() : undefined;
    return () => parseLineTable(kept ?? read(), this.#layout.excluded);
  }

  /** The name that an entry of a pool of constants refers to. The lowest bit of a reference is a flag in old versions. */
  #entry(pool: number | undefined, index: number | undefined): string | undefined {
    if (!isObject(pool) || index === undefined || index === 0) return undefined;
    const entry = this.#window.readWord(pool + this.#layout.method.poolHeader + index * WORD);
    return entry === undefined ? undefined : this.#symbol(entry - (entry % 2));
  }

  #symbol(address: number | undefined): string | undefined {
    if (address === undefined || address < LEAST_ADDRESS) return undefined;
    const { symbolBody, symbolLength } = this.#layout.method;
    const length = this.#short(address + symbolLength);
    if (length === undefined || length === 0 || length > MOST_NAME_BYTES) return undefined;
    const bytes = this.#memory.read(address + symbolBody, length);
    return bytes?.length === length ? bytes.toString('utf8') : undefined;
  }

  #short(address: number): number | undefined {
    const value = this.#window.readInt32(address);
    return value === undefined ? undefined : value & 0xffff;
  }
}

function methodOf(
  name: string,
  file: string | undefined,
  parts: { readonly code: number; readonly codeBytes: number; readonly lines: () => readonly LineRow[] },
): Method {
  const { code, codeBytes, lines } = parts;
  const frames = new Map<number, Frame>();
  return {
    code,
    codeBytes,
    frameAt: (bytecode) => {
      let frame = frames.get(bytecode);
      if (frame === undefined) {
        const line = file === undefined ? undefined : lineAt(lines(), bytecode);
        frame = { function: name, ...(file === undefined ? {} : { file }), ...(line === undefined ? {} : { line }) };
        if (frames.size >= MOST_FRAMES) frames.clear();
        frames.set(bytecode, frame);
      }
      return frame;
    },
  };
}

/** As the JVM prints it: `java/lang/Thread` has dots, and the number of a hidden class (`Main$$Lambda+0x12`) a slash. */
function externalName(name: string): string {
  const dotted = name.replaceAll('/', '.');
  const at = dotted.lastIndexOf('+0x');
  return at < 0 ? dotted : `${dotted.slice(0, at)}/${dotted.slice(at + 1)}`;
}

function isObject(address: number | undefined): address is number {
  return address !== undefined && address >= LEAST_ADDRESS && address % WORD === 0;
}
