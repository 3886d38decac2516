import { BYTES, type LineTable, type PythonLayout, TEXT } from '../../../src/evidence/python/layout.ts';
import { ByteWriter } from './byteWriter.ts';
import { elfImage, symbolSections } from './elfImage.ts';
import { FakeMemory } from './fakeMemory.ts';
import type { Mapped } from './program.ts';

export interface FakeCode {
  readonly name: string;
  readonly file: string;
  readonly firstLine: number;
}

/** A frame: where it is in its code, and how many lines behind the first of the function. */
export interface FakeFrame {
  readonly code: number;
  readonly offset: number;
  /** Made by the interpreter itself, not for a function. */
  readonly isShim?: boolean;
  /** Its first local variable. */
  readonly self?: number;
}

export const PYTHON_BASE = 0x7f00_0000_0000;
const RUNTIME_IN_FILE = 0x1800;
export const RUNTIME_AT: number = PYTHON_BASE + RUNTIME_IN_FILE;
const HEAP_AT = 0x7e00_0000_0000;
const SLOT = 0x400;
const TID_IN_PTHREAD = 0x2d0;
/** Of an object: its type. Of a code object: its size (3.11 on), or where its instructions are. */
const TYPE = 8;
const SIZE = 16;
const CO_CODE = 48;
/** Of a function, of a bound method: what it is made of. */
const FUNCTION_CODE = 48;
const METHOD = { function: 16, self: 24 };
const CODE_BYTES = 200;

/** Where the interpreter exports its types, and the loop that interprets. */
export const TYPES: Readonly<
  Record<'PyCode_Type' | 'PyMethod_Type' | 'PyFunction_Type' | '_PyEval_EvalFrameDefault', number>
> = {
  PyCode_Type: RUNTIME_AT + 0x10_0000,
  PyMethod_Type: RUNTIME_AT + 0x10_1000,
  PyFunction_Type: RUNTIME_AT + 0x10_2000,
  _PyEval_EvalFrameDefault: PYTHON_BASE + 0x1100,
};

/** The executable of an interpreter: all that is read of it is where `_PyRuntime` lies. */
export function pythonFile(path: string, symbol = '_PyRuntime'): Mapped {
  const text = { name: '.text', bytes: Buffer.alloc(0x1000), address: 0x1000 };
  const image = elfImage([text, ...symbolSections([{ name: symbol, start: RUNTIME_IN_FILE, size: 64, type: 1 }])]);
  return { path, base: PYTHON_BASE, image };
}

/** Objects of CPython as one layout has them, in a memory that is made up. */
export class PythonHeap {
  readonly memory: FakeMemory = new FakeMemory();
  readonly layout: PythonLayout;
  #next = HEAP_AT;

  constructor(layout: PythonLayout) {
    this.layout = layout;
    this.memory.write(RUNTIME_AT, Buffer.alloc(0x800));
  }

  /** Room for an object; what is not written is zero. */
  take(bytes: number = SLOT): number {
    const at = this.#next;
    this.#next += Math.ceil(bytes / SLOT) * SLOT;
    this.memory.write(at, Buffer.alloc(this.#next - at));
    return at;
  }

  text(text: string): number {
    const points = [...text].map((char) => char.codePointAt(0) ?? 0);
    const most = Math.max(0, ...points);
    const width = most < 0x100 ? 1 : most < 0x10000 ? 2 : 4;
    const isAscii = most < 0x80;
    const data = Buffer.alloc(points.length * width);
    for (const [index, point] of points.entries()) data.writeUIntLE(point, index * width, width);
    const at = this.take(64 + data.length);
    const { ascii, compact } = this.layout.text;
    this.memory.int32(at + TEXT.length, points.length);
    this.memory.int32(at + TEXT.state, (width << 2) | (1 << 5) | (isAscii ? 1 << 6 : 0));
    this.memory.write(at + (isAscii ? ascii : compact), data);
    return at;
  }

  bytes(bytes: Buffer): number {
    const at = this.take(64 + bytes.length);
    this.memory.int32(at + BYTES.length, bytes.length);
    this.memory.write(at + BYTES.data, bytes);
    return at;
  }

  /** A function whose n-th ten bytes of code are its n-th line. */
  code({ file, firstLine, name }: FakeCode): number {
    const { code: at, lineTable } = this.layout;
    const code = this.take();
    this.memory.word(code + at.name, this.text(name)).word(code + at.filename, this.text(file));
    this.memory.int32(code + at.firstLine, firstLine).word(code + at.lines, this.bytes(tenBytesALine(lineTable)));
    this.memory.word(code + TYPE, TYPES.PyCode_Type);
    if (at.instructions === undefined) this.memory.word(code + CO_CODE, this.bytes(Buffer.alloc(CODE_BYTES)));
    else this.memory.word(code + SIZE, CODE_BYTES / 2);
    return code;
  }

  /** Where an instruction of a function is. */
  instruction(code: number, offset: number): number {
    const { instructions } = this.layout.code;
    const start = instructions === undefined ? this.word(code + CO_CODE) + BYTES.data : code + instructions;
    return start + offset;
  }

  /** A function object. */
  function(code: number): number {
    const at = this.take();
    this.memory.word(at + TYPE, TYPES.PyFunction_Type).word(at + FUNCTION_CODE, code);
    return at;
  }

  /** A method of an object, bound to it. */
  method(code: number, self: number): number {
    const at = this.take();
    this.memory.word(at + TYPE, TYPES.PyMethod_Type).word(at + METHOD.function, this.function(code));
    this.memory.word(at + METHOD.self, self);
    return at;
  }

  word(address: number): number {
    return Number(this.memory.open().read(address, 8)?.readBigUInt64LE(0) ?? 0);
  }

  /** The frames of a stack, the leaf first; the address of the leaf. */
  frames(frames: readonly FakeFrame[]): number {
    const { code: inCode, frame: at, unit } = this.layout;
    let previous = 0;
    for (const { code, isShim = false, offset, self } of frames.toReversed()) {
      const frame = this.take();
      this.memory.word(frame + at.previous, previous).word(frame + at.code, code);
      if (inCode.instructions === undefined) this.memory.int32(frame + at.instruction, offset / unit);
      else this.memory.word(frame + at.instruction, code + inCode.instructions + offset);
      if (at.owner !== undefined) this.memory.byte(frame + at.owner.at, isShim ? at.owner.notPython : 0);
      if (self !== undefined && this.layout.instance !== undefined) {
        this.memory.word(frame + this.layout.instance.locals, self);
      }
      previous = frame;
    }
    return previous;
  }

  /** A thread that stands in a frame; `next` is the one after it in the list. */
  thread(tid: number, leaf: number, next = 0): number {
    const { thread: at } = this.layout;
    const thread = this.take();
    this.memory.word(thread + at.next, next);
    this.stand(thread, leaf);
    if (at.nativeThreadId === undefined) {
      const pthread = this.take();
      this.memory.word(thread + at.threadId, pthread).int32(pthread + TID_IN_PTHREAD, tid);
    } else this.memory.word(thread + at.nativeThreadId, tid);
    return thread;
  }

  /** Puts a thread into a frame. */
  stand(thread: number, leaf: number): void {
    const [first, ...steps] = this.layout.thread.frame;
    let at = thread + (first ?? 0);
    for (const step of steps) {
      const middle = this.take();
      this.memory.word(at, middle);
      at = middle + step;
    }
    this.memory.word(at, leaf);
  }

  /** An interpreter with its first thread; `next` is another interpreter. */
  interpreter(firstThread: number, next = 0): number {
    const { interpreter: at } = this.layout;
    const interpreter = this.take(0x4000);
    this.memory.word(interpreter + at.threadsHead, firstThread).word(interpreter + at.next, next);
    return interpreter;
  }

  /** A thread has the GIL of an interpreter. */
  hold(interpreter: number, thread: number): void {
    const { holder } = this.layout;
    if (holder?.from === 'runtime') this.memory.word(RUNTIME_AT + holder.at, thread);
    if (holder?.from !== 'gil') return;
    const gil = this.take();
    this.memory.words(gil, 5_000, thread).int32(gil + 16, 1);
    this.memory.word(interpreter + (holder.gil ?? 384), gil);
  }

  /** Makes it the interpreter of the process. */
  run(interpreter: number): this {
    this.memory.word(RUNTIME_AT + this.layout.runtime.interpretersHead, interpreter);
    return this;
  }
}

/** The line table of a function where line n (from 0) has ten bytes of code; two hundred bytes of them. */
function tenBytesALine(kind: LineTable): Buffer {
  const lines = Array.from({ length: 20 }, (_, index) => index);
  const writer = new ByteWriter();
  for (const line of lines) {
    if (kind === 'lnotab') writer.bytes(line === 0 ? 0 : 10, line === 0 ? 0 : 1);
    if (kind === 'pairs') writer.bytes(10, line === 0 ? 0 : 1);
    // No columns, five units of two bytes; the line by a signed number: 2 is +1.
    if (kind === 'locations') writer.bytes(0x80 | (13 << 3) | 4, line === 0 ? 0 : 2);
  }
  return writer.done();
}
