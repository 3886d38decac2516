import { describe, expect, it } from 'vitest';
import type { Caught, MakerFrames } from '../../../../src/evidence/creators/makers/frameReader.ts';
import { RSP, type UnwindRule } from '../../../../src/evidence/elf/unwindRule.ts';
import { openStackFrames } from '../../../../src/evidence/python/creations/stackFrames.ts';
import { kernelRoot } from '../../../../src/procfs/root.ts';
import { type PythonHeap, TYPES } from '../../builders/pythonHeap.ts';
import { caughtOf, type FakeStep, heapOf, makerOf, runtimeOf } from '../../builders/pythonMaker.ts';

const LOOP = TYPES._PyEval_EvalFrameDefault;
const R15 = 15;
const OTHER = { pc: 0x1000, words: [0, 0] };

/** Rules of the loop, of a part of it that lies elsewhere, and of other code. */
function ruleAt(pc: number): UnwindRule {
  const of = (functionStart: number, offset: number): UnwindRule => ({
    ...{ functionStart, functionEnd: functionStart + 0x100, isBottom: false, isSignal: false },
    cfa: { kind: 'register', register: RSP, offset },
    registers: [[R15, { kind: 'offset', offset: -16 }]],
  });
  if (pc >= LOOP && pc < LOOP + 0x100) return of(LOOP, 384);
  if (pc >= 0x5000 && pc < 0x5100) return of(0x5000, 384);
  return of(0x1000, pc === 0x1000 ? 8 : 64);
}

function framesOf(heap: PythonHeap, caught: Caught): MakerFrames | undefined {
  const process = makerOf(heap, kernelRoot('/nowhere'));
  const native = { ...process.native, source: { ...process.native.source, ruleAt } };
  return openStackFrames({ ...process, native }, runtimeOf(heap))?.framesOf(caught);
}

/** A frame of the loop that runs the instruction at an offset: `next_instr` in a register, the code object on the stack. */
const loop = (heap: PythonHeap, code: number, offset: number, more: Partial<FakeStep> = {}): FakeStep => ({
  pc: LOOP + 0x40,
  words: [heap.instruction(code, 0), code, 0],
  registers: { [R15]: heap.instruction(code, offset + 2) },
  ...more,
});

function program(heap: PythonHeap): Record<'start' | 'serve' | 'main', number> {
  return {
    start: heap.code({ name: 'start', file: '/usr/lib/python3.9/threading.py', firstLine: 800 }),
    serve: heap.code({ name: 'serve', file: '/app/server.py', firstLine: 100 }),
    main: heap.code({ name: '<module>', file: '/app/main.py', firstLine: 1 }),
  };
}
const END = { pc: 0x1010, words: [] };

describe.each(['3.8', '3.9', '3.10'])('the copied stack of CPython %s', (version) => {
  it('function, file and line of each frame', () => {
    const heap = heapOf(version);
    const { main, serve, start } = program(heap);
    const stack = [OTHER, loop(heap, start, 30), OTHER, loop(heap, serve, 54), OTHER, loop(heap, main, 12), END];
    expect(framesOf(heap, caughtOf(stack))).toEqual({
      runtime: 'python',
      certainty: 'exact',
      frames: [
        { function: 'start', file: '/usr/lib/python3.9/threading.py', line: 803 },
        { function: 'serve', file: '/app/server.py', line: 105 },
        { function: '<module>', file: '/app/main.py', line: 2 },
      ],
    });
  });
  it('a function that calls itself has a frame for each call', () => {
    const heap = heapOf(version);
    const { serve } = program(heap);
    const frames = framesOf(heap, caughtOf([OTHER, loop(heap, serve, 54), loop(heap, serve, 54), END]))?.frames;
    expect(frames).toHaveLength(2);
  });
  it('the next instruction on the stack, where no register has it', () => {
    const heap = heapOf(version);
    const { serve } = program(heap);
    const words = [heap.instruction(serve, 0), serve, heap.instruction(serve, 56)];
    const step = { pc: LOOP + 0x40, words, registers: {} };
    expect(framesOf(heap, caughtOf([OTHER, step, END]))?.frames.map(({ line }) => line)).toEqual([105]);
  });
  it('a part of the loop that a compiler has put elsewhere', () => {
    const heap = heapOf(version);
    const { main, serve } = program(heap);
    const stack = [OTHER, loop(heap, serve, 54), loop(heap, main, 12, { pc: 0x5040 }), END];
    expect(framesOf(heap, caughtOf(stack))?.frames.map(({ line }) => line)).toEqual([105, 2]);
  });
});

describe('what is not sure is not told', () => {
  const heap = heapOf('3.9');
  const { main, serve, start } = program(heap);
  const lines = (stack: readonly FakeStep[], more = {}): unknown =>
    framesOf(heap, caughtOf(stack, more))?.frames.map(({ line }) => line);
  it('two instructions of one function, none of them in a register', () => {
    const words = [serve, heap.instruction(serve, 12), heap.instruction(serve, 56)];
    expect(lines([OTHER, { pc: LOOP + 0x40, words }, END])).toBeUndefined();
  });
  it('two functions that both have an instruction there', () => {
    const words = [serve, heap.instruction(serve, 12), main, heap.instruction(main, 12)];
    expect(lines([OTHER, { pc: LOOP + 0x40, words }, END])).toBeUndefined();
  });
  it.for([
    ['an instruction between two', 13],
    ['the first instruction: nothing has run', -2],
    ['behind the last', 400],
  ] as const)('%s', ([, offset]) => {
    expect(lines([OTHER, loop(heap, serve, offset), END])).toBeUndefined();
  });
  it('code that was freed: behind the program, nothing more; behind the library, only what called it', () => {
    const freed = loop(heap, 0x7e00_1234_0000, 0);
    expect(lines([loop(heap, start, 30), loop(heap, serve, 54), freed, loop(heap, main, 12), END])).toEqual([803, 105]);
    const outer = framesOf(heap, caughtOf([loop(heap, start, 30), freed, loop(heap, main, 12), END]));
    expect(outer).toMatchObject({ certainty: 'called from', frames: [{ function: '<module>' }] });
  });
  it('what lies above the copy', () => {
    const caught = caughtOf([loop(heap, serve, 54), loop(heap, main, 12), END]);
    const record = { ...caught.record, stack: caught.record.stack.subarray(0, 32) };
    expect(framesOf(heap, { ...caught, record })?.frames.map(({ line }) => line)).toEqual([105]);
  });
  it('no frame of the loop, and no memory', () => {
    expect(lines([OTHER, END])).toBeUndefined();
    const gone = heapOf('3.9');
    const stack = [OTHER, loop(gone, program(gone).serve, 54), END];
    gone.memory.unmap();
    expect(framesOf(gone, caughtOf(stack))).toBeUndefined();
  });
});

/** A reader that has told `serve` once. */
function knowing(): { heap: PythonHeap; serve: number; told: (atMs: number) => string | undefined } {
  const heap = heapOf('3.9');
  const { serve } = program(heap);
  const process = makerOf(heap, kernelRoot('/nowhere'));
  const native = { ...process.native, source: { ...process.native.source, ruleAt } };
  const reader = openStackFrames({ ...process, native }, runtimeOf(heap));
  const stack = [OTHER, loop(heap, serve, 54), END];
  const told = (atMs: number): string | undefined => reader?.framesOf(caughtOf(stack, { atMs }))?.frames[0]?.function;
  expect(told(1_000)).toBe('serve');
  return { heap, serve, told };
}

it('another function at the address of one that was freed', () => {
  const { heap, serve, told } = knowing();
  heap.memory.word(serve + heap.layout.code.name, heap.text('handle'));
  expect(told(1_100)).toBe('handle');
});

it('an object at that address that is no code', () => {
  const { heap, serve, told } = knowing();
  heap.memory.word(serve + 8, TYPES.PyFunction_Type);
  expect(told(1_100)).toBeUndefined();
});

it('the last records of a process that has ended: what was known of it is told', () => {
  const { heap, told } = knowing();
  heap.memory.unmap();
  expect(told(1_100)).toBe('serve');
});
