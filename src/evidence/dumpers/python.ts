import type { Frame } from '../../core/stack.ts';
import type { Memory, MemoryWindow } from '../native/memory.ts';
import type { Modules } from '../native/modules.ts';
import { BYTES, DEBUG_OFFSETS_BYTES, layoutOf, type PythonLayout, readDebugOffsets, TEXT } from '../python/layout.ts';
import { lineOf } from '../python/lines.ts';
import { StackTrie } from '../stackTrie.ts';

const MOST_INTERPRETERS = 64;
const MOST_THREADS = 200_000;
const MOST_FRAMES = 512;
const MOST_TEXT = 1_024;
const MOST_TABLE = 1 << 20;
/** Of `struct pthread`: glibc's field `tid` on x86-64 and arm64, and musl's. */
const TID_IN_PTHREAD = [0x2d0, 0xd0, 0x30];

/** Addresses of thread states by the kernel's ids. */
export type PythonThreads = ReadonlyMap<number, number>;

/** An interpreter that was found in a process. */
export interface Python {
  readonly version: string;
  /** Where the interpreter keeps each thread, by the kernel's id. */
  readonly threads: PythonThreads;
  /** Frames of a thread as they are now, the leaf first; none for a thread that is not its own. */
  framesOf(tid: number): readonly Frame[];
}

/**
 * Walks the interpreters of a CPython process through its memory: nothing of it runs for that, so it works on one that
 * is stopped, frozen or at its limits. `undefined` when there is no interpreter that is known. `goesOn` is asked before
 * each thread of the list: that of 10,000 is long.
 */
export function openPython(
  memory: Memory,
  modules: Modules,
  tids: ReadonlySet<number>,
  goesOn: () => boolean = () => true,
): Python | undefined {
  const found = findRuntime(memory, modules);
  if (found === undefined) return undefined;
  const { layout, runtime } = found;
  const window = memory.window(0, 256);
  const threads = new Map<number, number>();
  let interpreter = window.readWord(runtime + layout.runtime.interpretersHead);
  for (let count = 0; interpreter && count < MOST_INTERPRETERS; count += 1) {
    let thread = window.readWord(interpreter + layout.interpreter.threadsHead);
    for (let seen = 0; thread && seen < MOST_THREADS && goesOn(); seen += 1) {
      const tid = nativeId(window, thread, layout, tids);
      if (tid !== undefined) threads.set(tid, thread);
      thread = window.readWord(thread + layout.thread.next);
    }
    interpreter = window.readWord(interpreter + layout.interpreter.next);
  }
  return threads.size === 0 ? undefined : pythonOf(memory, layout, threads);
}

/** The same interpreter once more: its threads are where they were. */
export function reopenPython(memory: Memory, modules: Modules, threads: PythonThreads): Python | undefined {
  const found = findRuntime(memory, modules);
  return found === undefined ? undefined : pythonOf(memory, found.layout, threads);
}

function pythonOf(memory: Memory, layout: PythonLayout, threads: PythonThreads): Python {
  const reader = new FrameReader(memory, layout);
  const window = memory.window(0, 256);
  return {
    version: layout.version,
    threads,
    framesOf: (tid) => {
      const thread = threads.get(tid);
      window.refresh();
      return thread === undefined ? [] : reader.framesOf(window, thread);
    },
  };
}

function findRuntime(memory: Memory, modules: Modules): { runtime: number; layout: PythonLayout } | undefined {
  for (const { bias, path, symbols } of modules.all()) {
    if (!/python/i.test(path.slice(path.lastIndexOf('/') + 1))) continue;
    const address = symbols().addressOf('_PyRuntime');
    if (address === undefined) continue;
    const runtime = address + bias;
    const head = memory.read(runtime, DEBUG_OFFSETS_BYTES);
    const described = head === undefined ? undefined : readDebugOffsets(head);
    const layout = described ?? layoutOf(/python(3\.\d+)/.exec(path)?.[1] ?? '');
    if (layout !== undefined) return { runtime, layout };
  }
  return undefined;
}

function nativeId(
  window: MemoryWindow,
  thread: number,
  { thread: at }: PythonLayout,
  tids: ReadonlySet<number>,
): number | undefined {
  if (at.nativeThreadId !== undefined) {
    const tid = window.readWord(thread + at.nativeThreadId);
    return tid !== undefined && tids.has(tid) ? tid : undefined;
  }
  const pthread = window.readWord(thread + at.threadId);
  if (pthread === undefined) return undefined;
  return TID_IN_PTHREAD.map((offset) => window.readInt32(pthread + offset)).find(
    (tid) => tid !== undefined && tids.has(tid),
  );
}

interface Code {
  readonly name: string;
  readonly file: string;
  readonly firstLine: number;
  readonly table: Buffer;
  readonly start: number;
  readonly frames: Map<number, Frame>;
}

/** Reads frames; code objects are few and read once. */
class FrameReader {
  readonly #memory: Memory;
  readonly #layout: PythonLayout;
  /** Frames of a thread follow each other in a chunk of memory, the callers below: they are read downwards. */
  readonly #window: MemoryWindow;
  readonly #codes = new Map<number, Code | undefined>();
  readonly #stacks = new StackTrie<Frame>();

  constructor(memory: Memory, layout: PythonLayout) {
    this.#memory = memory;
    this.#layout = layout;
    this.#window = memory.window(2_048, 512);
  }

  framesOf(threads: MemoryWindow, thread: number): readonly Frame[] {
    const { frame: at, thread: of } = this.#layout;
    const [first, ...steps] = of.frame as [number, ...number[]];
    let frame = threads.readWord(thread + first);
    this.#window.refresh();
    for (const step of steps) frame = frame ? this.#window.readWord(frame + step) : undefined;
    const frames: Frame[] = [];
    for (let count = 0; frame && count < MOST_FRAMES; count += 1) {
      const found = this.#frameAt(frame);
      if (found !== undefined) frames.push(found);
      frame = this.#window.readWord(frame + at.previous);
    }
    return this.#stacks.framesOf(frames, () => frames);
  }

  #frameAt(frame: number): Frame | undefined {
    const { frame: at, code: of, unit } = this.#layout;
    const window = this.#window;
    if (at.owner !== undefined && (window.readByte(frame + at.owner.at) ?? 255) >= at.owner.notPython) return undefined;
    const tagged = window.readWord(frame + at.code);
    // From 3.14 on the low bits of a reference are flags.
    const address = tagged === undefined ? 0 : tagged - (tagged % 8);
    const code = this.#codeAt(address);
    if (code === undefined) return undefined;
    const offset =
      of.instructions === undefined
        ? (window.readInt32(frame + at.instruction) ?? 0) * unit
        : (window.readWord(frame + at.instruction) ?? 0) - code.start;
    let known = code.frames.get(offset);
    if (known === undefined) {
      const line = lineOf(this.#layout.lineTable, code.table, code.firstLine, Math.max(0, offset));
      known = { function: code.name, file: code.file, line: line ?? code.firstLine };
      code.frames.set(offset, known);
    }
    return known;
  }

  #codeAt(address: number): Code | undefined {
    if (this.#codes.has(address)) return this.#codes.get(address);
    const code = address < 4096 ? undefined : this.#readCode(address);
    this.#codes.set(address, code);
    return code;
  }

  #readCode(address: number): Code | undefined {
    const { code: at } = this.#layout;
    const window = this.#memory.window(0, 256);
    const pointerAt = (offset: number): number => window.readWord(address + offset) ?? 0;
    const firstLine = window.readInt32(address + at.firstLine);
    const name = this.#text(pointerAt(at.name));
    const file = this.#text(pointerAt(at.filename));
    const table = this.#bytes(pointerAt(at.lines));
    // What is no code object would give no names: then nothing is better than a guess.
    if (firstLine === undefined || name === undefined || file === undefined || table === undefined) return undefined;
    return { name, file, firstLine, table, start: address + (at.instructions ?? 0), frames: new Map() };
  }

  #text(address: number): string | undefined {
    const head = this.#memory.read(address, 48);
    if (head === undefined || head.length < 40) return undefined;
    const length = head.readUInt32LE(TEXT.length);
    const state = head.readUInt32LE(TEXT.state);
    const shape = shapeOf(state);
    if (length > MOST_TEXT || shape === undefined) return undefined;
    const { isAscii, width } = shape;
    const { ascii, compact } = this.#layout.text;
    const data = this.#memory.read(address + (isAscii ? ascii : compact), length * width);
    if (length === 0) return '';
    if (data === undefined || data.length < length * width) return undefined;
    if (width === 1) return data.toString('latin1');
    if (width === 2) return data.toString('utf16le');
    return String.fromCodePoint(
      ...Array.from({ length }, (_, index) => Math.min(0x10ffff, data.readUInt32LE(index * 4))),
    );
  }

  #bytes(address: number): Buffer | undefined {
    const head = this.#memory.read(address, BYTES.data);
    if (head === undefined || head.length < BYTES.data) return undefined;
    const length = head.readUInt32LE(BYTES.length);
    if (length > MOST_TABLE) return undefined;
    return length === 0 ? Buffer.alloc(0) : this.#memory.read(address + BYTES.data, length);
  }
}

/**
 * How a text is stored (PEP 393): after the bits of interning (2, in newer builds 8 or 16) come three of the width of a
 * character, one each of compact and ascii. `undefined` when it is no compact text.
 */
function shapeOf(state: number): { width: number; isAscii: boolean } | undefined {
  for (const shift of [2, 8, 16]) {
    const width = (state >> shift) & 7;
    const isCompact = ((state >> (shift + 3)) & 1) === 1;
    if (isCompact && (width === 1 || width === 2 || width === 4))
      return { width, isAscii: ((state >> (shift + 4)) & 1) === 1 };
  }
  return undefined;
}
