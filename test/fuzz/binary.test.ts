import fc from 'fast-check';
import { describe } from 'vitest';
import { debugPaths } from '../../src/evidence/elf/debugNames.ts';
import { PT_GNU_EH_FRAME, parseElf, readAt } from '../../src/evidence/elf/elf.ts';
import { readGoTable } from '../../src/evidence/elf/goTable.ts';
import { readSymbols } from '../../src/evidence/elf/symbols.ts';
import { RA, RBP } from '../../src/evidence/elf/unwindRule.ts';
import { findUnwindRule } from '../../src/evidence/elf/unwindTable.ts';
import { threadStarts } from '../../src/evidence/jfr/threadStarts.ts';
import { unwind } from '../../src/evidence/native/unwind.ts';
import { CreationNotes } from '../../src/evidence/python/creations/creationNotes.ts';
import { HeapFrames } from '../../src/evidence/python/creations/heapFrames.ts';
import { openStackFrames } from '../../src/evidence/python/creations/stackFrames.ts';
import { openPython } from '../../src/evidence/python/interpreter.ts';
import { layoutOf } from '../../src/evidence/python/knownLayouts.ts';
import type { PythonLayout } from '../../src/evidence/python/layout.ts';
import { kernelRoot } from '../../src/procfs/root.ts';
import { BpfKernel } from '../evidence/builders/bpfKernel.ts';
import { elfImage, sourceOf, symbolSections } from '../evidence/builders/elfImage.ts';
import { FakeMemory } from '../evidence/builders/fakeMemory.ts';
import { goImage, goTableBytes } from '../evidence/builders/goTableImage.ts';
import { hotSpotScene, openHotSpotReader, STACK_AREAS } from '../evidence/builders/hotSpotScene.ts';
import {
  ARRAY,
  CONSTANT,
  chunkOf,
  type Element,
  field,
  type as jfrType,
  metadata,
  record,
} from '../evidence/builders/jfrChunk.ts';
import { modulesFrom } from '../evidence/builders/program.ts';
import { PythonHeap, pythonFile, TYPES } from '../evidence/builders/pythonHeap.ts';
import { caughtOf, makerOf, runtimeOf } from '../evidence/builders/pythonMaker.ts';
import { type FakeFunction, programOf } from '../evidence/builders/stacks.ts';
import { elfWithRules, FRAMES_AT, HEADER_AT } from '../evidence/builders/unwindTables.ts';
import { fuzz, oddNumber, overwritten } from './fuzz.ts';

const width = fc.constantFrom(1, 2, 4, 8) as fc.Arbitrary<1 | 2 | 4 | 8>;
/** Some fields of an image, each with a number at which readers go wrong. */
const changesOf = (image: Buffer, from = 0, to = image.length) =>
  fc.array(fc.tuple(fc.integer({ min: from, max: to - 1 }), oddNumber, width), { maxLength: 12 });

/** Reads all that is ever read of a file. */
function readAll(image: Buffer): void {
  const elf = parseElf(sourceOf(image));
  if ('error' in elf) return;
  const symbols = readSymbols(elf);
  const go = readGoTable(elf);
  // As a static program is, and one without section headers.
  const segments = elf.segments.filter(({ type }) => type !== PT_GNU_EH_FRAME);
  const bare = [
    { ...elf, segments },
    { ...elf, segments, sections: [] },
  ];
  debugPaths(elf, '/usr/bin/app');
  for (const address of [0, 0x1000, 0x1010, 0x1110, 0x1234, 0x4000, 0x7fff_ffff, 2 ** 40, 2 ** 53]) {
    symbols.find(address);
    go?.find(address);
    go?.ruleAt(address);
    findUnwindRule(elf, address);
    for (const one of bare) findUnwindRule(one, address);
    readAt(elf, address, 64);
  }
  symbols.addressOf('_PyRuntime');
}

describe('ELF', () => {
  const names = ['main', 'serve', '_PyRuntime', '_ZN3foo3barEv', ''];
  const symbols = names.map((name, index) => ({ name, start: 0x1000 + 0x40 * index, size: 0x40 }));
  const image = elfImage([
    { name: '.text', bytes: Buffer.alloc(0x400, 0x90), address: 0x1000 },
    ...symbolSections(symbols),
  ]);
  const headers = Number(image.readBigUInt64LE(40));
  // Headers are hit far more often than code.
  const changes = fc.tuple(
    changesOf(image, 0, 64),
    changesOf(image, 64, 200),
    changesOf(image, headers),
    changesOf(image),
  );
  fuzz('headers and tables of symbols', changes, (all) => readAll(overwritten(image, all.flat())));

  const rule = fc.array(fc.oneof(fc.nat(255), fc.constantFrom(0x0a, 0x0b, 0x0c, 0x0e, 0x0f, 0x10, 0x16, 0x2e)), {
    maxLength: 120,
  });
  const unit = fc.record({
    augmentation: fc.constantFrom('', 'z', 'zR', 'zPLR', 'zRS', 'zX', 'eh'),
    functions: fc.array(
      fc.record({ start: fc.constantFrom(0x1100, 0x1200, 0x1000), length: fc.constantFrom(0, 1, 0x100), code: rule }),
      { minLength: 1, maxLength: 3 },
    ),
  });
  const frames = fc.tuple(
    fc.array(unit, { minLength: 1, maxLength: 3 }),
    fc.array(fc.tuple(fc.constantFrom(HEADER_AT, FRAMES_AT), fc.nat(200), oddNumber, width), { maxLength: 6 }),
  );
  fuzz('rules of call frames', frames, ([units, changes]) => {
    const bytes = elfWithRules(units);
    readAll(
      overwritten(
        bytes,
        changes.map(([at, more, value, size]) => [at + more, value, size]),
      ),
    );
  });

  const table = goTableBytes(
    ['main.main', 'main.serve', 'runtime.goexit'].map((name, index) => ({
      name,
      start: 0x1000 + 0x100 * index,
      length: 0x100,
      stack: [[0x80, 8]],
      file: [[0x100, 0]],
      line: [[0x80, 3]],
    })) as never,
    ['/src/main.go'],
  );
  fuzz('the table of Go', changesOf(table), (changes) => readAll(goImage(overwritten(table, changes))));
});

describe('stacks', () => {
  const SP = 0x7ffc_0000_0000;
  const functions: FakeFunction[] = [
    { name: 'plain', start: 0x1000, end: 0x1100, frame: 24 },
    { name: 'pointer', start: 0x2000, end: 0x2100, frame: 'pointer' },
    { name: 'none', start: 0x3000, end: 0x3100, frame: 'none' },
    { name: 'empty', start: 0x4000, end: 0x4100, frame: 0 },
    {
      name: 'lost',
      start: 0x5000,
      end: 0x5100,
      frame: 'pointer',
      rule: {
        registers: [
          [RA, { kind: 'offset', offset: -8 }],
          [RBP, { kind: 'undefined' }],
        ],
      },
    },
  ];
  const word = fc.constantFrom(0, 8, 0x1010, 0x2010, 0x3010, 0x4010, 0x5010, SP, SP + 64, SP + 4096, 2 ** 50, 2 ** 53);
  const stack = fc.tuple(
    fc.constantFrom(0x1010, 0x2010, 0x3010, 0x4010, 0x5010),
    fc.array(word, { minLength: 1, maxLength: 64 }),
    fc.constantFrom(1, 16, 400),
    fc.constantFrom('yes', 'maybe', 'no'),
  );
  fuzz('of any words', stack, ([pc, words, times, calls]) => {
    const memory = new FakeMemory();
    for (let index = 0; index < times; index += 1) memory.words(SP + 8 * words.length * index, ...words);
    unwind(
      { pc, sp: SP, call: 0 },
      programOf(functions, memory, () => calls as 'yes'),
    );
  });
});

describe('a flight recording', () => {
  const id = fc.integer({ min: 10, max: 18 });
  const more = fc.constantFrom({}, CONSTANT, ARRAY, { ...CONSTANT, ...ARRAY });
  const fields = fc.array(
    fc.tuple(fc.constantFrom('stackTrace', 'frames', 'method', 'type', 'name', 'string', 'x'), id, more),
    { maxLength: 5 },
  );
  const types = fc.array(
    fc.tuple(id, fc.constantFrom('long', 'int', 'java.lang.String', 'jdk.ThreadStart', 'a.B'), fields),
    {
      maxLength: 9,
    },
  );
  const body = fc.array(fc.oneof(fc.nat(255), fc.constantFrom(0xff, 0x80, 0, 1, 5, 3)), { maxLength: 200 });
  const records = fc.array(fc.tuple(fc.oneof(id, fc.constantFrom(0, 1)), body), { maxLength: 8 });
  fuzz('of any types and records', fc.tuple(types, records, fc.option(oddNumber)), ([kinds, all, size]) => {
    const described = kinds.map(
      ([number, name, list]): Element => jfrType(number, name, ...list.map(([one, of, how]) => field(one, of, how))),
    );
    const bytes = chunkOf([...metadata(described), ...all.flatMap(([number, one]) => record(number, one))]);
    threadStarts(size === null ? bytes : overwritten(bytes, [[8, size, 8]]));
  });
});

describe('CPython', () => {
  const version = fc.constantFrom('3.8', '3.9', '3.10', '3.11', '3.12');
  const pointers = fc.array(fc.tuple(fc.nat(0xfff), fc.nat(40)), { maxLength: 200 });
  fuzz(
    'a heap of any pointers',
    fc.tuple(version, pointers, fc.array(fc.tuple(fc.nat(0x3fff), oddNumber), { maxLength: 40 })),
    ([name, links, numbers]) => {
      const heap = new PythonHeap(layoutOf(name) as PythonLayout);
      const [code] = [heap.code({ name: 'f', file: '/f.py', firstLine: 1 })];
      const leaf = heap.frames([
        { code, offset: 0 },
        { code, offset: 10 },
      ]);
      const thread = heap.thread(101, leaf, heap.thread(102, leaf));
      const interpreter = heap.interpreter(thread);
      heap.run(interpreter).hold(interpreter, thread);
      const base = 0x7e00_0000_0000;
      // Words of the heap become pointers into the heap, of the runtime too.
      for (const [at, slot] of links) heap.memory.word(base + 8 * at, base + 0x400 * slot);
      for (const [at, value] of numbers) heap.memory.write(base + 8 * at, wordOf(value));
      const python = openPython(
        heap.memory.open(),
        modulesFrom([pythonFile(`/usr/bin/python${name}`)]),
        new Set([101, 102]),
      );
      for (const tid of [101, 102, 103]) {
        python?.stackOf(tid);
        python?.steadyStackOf(tid);
      }
      readMaker(heap, code);
    },
  );
});

/** A maker whose frames are read: from words that are any by now, and from what the kernel noted. */
function readMaker(heap: PythonHeap, code: number): void {
  const bpf = new BpfKernel();
  const maker = makerOf(heap, kernelRoot('/nowhere'), new CreationNotes(bpf.kernel));
  const words = Array.from({ length: 64 }, (_, index) => heap.word(0x7e00_0000_0000 + 0x400 * index) % 2 ** 53);
  const loop = { pc: TYPES._PyEval_EvalFrameDefault + 0x40, words: [...words, code], registers: { 15: code } };
  const caught = caughtOf([loop, loop, { pc: 1, words: [] }]);
  if (heap.layout.code.instructions === undefined) {
    const rule = {
      functionStart: TYPES._PyEval_EvalFrameDefault,
      functionEnd: 2 ** 47,
      isBottom: false,
      isSignal: false,
    };
    const cfa = { kind: 'register', register: 7, offset: 384 } as const;
    const source = { ...maker.native.source, ruleAt: () => ({ ...rule, cfa, registers: [] }) };
    openStackFrames({ ...maker, native: { ...maker.native, source } }, runtimeOf(heap))?.framesOf(caught);
    return;
  }
  const reader = new HeapFrames(maker, runtimeOf(heap));
  bpf.create({ pid: 101, tid: 101, task: 202, atNs: 1e9, memory: heap.memory });
  reader.framesOf(caught);
  reader.framesOf({ ...caught, record: { ...caught.record, task: 203 } });
}

function wordOf(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

describe('HotSpot', () => {
  const version = fc.constantFrom(8, 17, 24, 25);
  const changes = fc.array(fc.tuple(fc.constantFrom(...STACK_AREAS), fc.nat(0xffff), oddNumber), { maxLength: 40 });
  fuzz('tables, code, methods and stacks', fc.tuple(version, changes), ([java, all]) => {
    const { caught, heap } = hotSpotScene(java);
    const reader = openHotSpotReader(heap);
    for (const [area, at, value] of all) heap.memory.write(area + at, wordOf(value));
    reader.framesOf(caught());
    reader.framesOf(caught(64));
  });
});
