import fc from 'fast-check';
import { describe } from 'vitest';
import { JsFrames } from '../../src/evidence/v8/frames.ts';
import { readLayout } from '../../src/evidence/v8/layout.ts';
import { elfOf } from '../evidence/builders/elfImage.ts';
import { V8_CONSTANTS, v8File } from '../evidence/builders/v8File.ts';
import { HEAP_AT, V8Image } from '../evidence/builders/v8Heap.ts';
import { positionTable, V8_LAYOUT } from '../evidence/builders/v8Layout.ts';
import { fuzz, oddNumber } from './fuzz.ts';

const FP = 0x7ffc_0000_1000;
const JIT = 0x7f00_0000_0000;

/** A heap with one of each: the baseline code and the optimised code of a function, and others. */
function heapOf(): { image: V8Image; framePointers: readonly number[] } {
  const image = new V8Image();
  const source = image.cons(image.text('function f() {\n'), image.sliced(image.text('xx g();\n}'), 2, 7), 22);
  const script = image.script({ name: 'file:///f.mjs', source: 'function f() {\n g();\n}' });
  image.memory.word(script - 1 + V8_LAYOUT.script.source, source);
  const code = Buffer.from([2, 1, 2, 7, 0, 2, 0, 0, 0, 2]);
  const bytecodes = image.bytecodes(code, positionTable([{ at: 0, position: 16, isStatement: true }]));
  const baseline = image.code(bytecodes, image.bytes(Buffer.from([16, 8, 8, 8, 8])), JIT, 256);
  const f = image.function({ name: 'f', script, range: [10, 22], locals: ['a'] }, { bytecodes, data: baseline });
  const g = image.function({ name: '', inferred: 'g', script, range: [10, 22] }, { bytecodes });
  image.optimise(g, JIT, 256, [f]);
  image.frame(FP, f, image.offset(2));
  image.frame(FP + 0x100, f, image.array());
  image.frame(FP + 0x200, g);
  return { image, framePointers: [FP, FP + 0x100, FP + 0x200] };
}

describe('the heap of V8', () => {
  const words = Math.floor((heapOf().image.end - HEAP_AT) / 8);
  const place = fc.integer({ min: 0, max: words - 1 });
  const change = fc.record({
    links: fc.array(fc.tuple(place, place), { maxLength: 12 }),
    numbers: fc.array(fc.tuple(place, oddNumber), { maxLength: 12 }),
  });
  fuzz('objects', change, ({ links, numbers }) => {
    const { framePointers, image } = heapOf();
    // Words become tagged pointers into the heap.
    for (const [at, to] of links) image.memory.word(HEAP_AT + 8 * at, HEAP_AT + 8 * to + 1);
    for (const [at, value] of numbers) image.memory.write(HEAP_AT + 8 * at, wordOf(value));
    const reader = new JsFrames(image.memory.open(), V8_LAYOUT);
    const memory = image.memory.open();
    const readWord = (address: number) => {
      const bytes = memory.read(address, 8);
      return bytes?.length === 8 ? Number(bytes.readBigUInt64LE()) : undefined;
    };
    // What is remembered of the first time is used the second time.
    for (const framePointer of [...framePointers, ...framePointers]) {
      for (const isInFile of [true, false]) {
        const found = reader.frameAt({ pc: JIT + 30, framePointer, isInFile }, readWord);
        if (found === undefined || found === 'none') continue;
        for (const position of [0, 16, 1e9]) found.source.script?.lineAt(position);
      }
    }
  });

  const names = Object.keys(V8_CONSTANTS);
  const constants = fc.array(fc.tuple(fc.constantFrom(...names), fc.integer({ min: -80, max: 200 })), { maxLength: 4 });
  fuzz('constants for debuggers', constants, (changes) => {
    const layout = readLayout(elfOf(v8File('/node', { ...V8_CONSTANTS, ...Object.fromEntries(changes) }).image));
    if (layout === undefined) return;
    const { framePointers, image } = heapOf();
    const reader = new JsFrames(image.memory.open(), layout);
    const memory = image.memory.open();
    const readWord = (address: number) => {
      const bytes = memory.read(address, 8);
      return bytes?.length === 8 ? Number(bytes.readBigUInt64LE()) : undefined;
    };
    for (const framePointer of framePointers) {
      for (const isInFile of [true, false]) reader.frameAt({ pc: JIT + 30, framePointer, isInFile }, readWord);
    }
  });
});

function wordOf(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}
