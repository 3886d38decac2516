import { describe, expect, it } from 'vitest';
import { nodeFrames } from '../../../../src/evidence/creators/makers/nodeFrames.ts';
import { RA, RBP, REGISTERS, type UnwindRule } from '../../../../src/evidence/elf/unwindRule.ts';
import { kernelRoot } from '../../../../src/procfs/root.ts';
import { processOf } from '../../builders/program.ts';
import { cfi, elfWithRules } from '../../builders/unwindTables.ts';
import { NODE_BASE, ONCE_AT, v8File } from '../../builders/v8File.ts';
import { type FakeClosure, V8Image } from '../../builders/v8Heap.ts';
import { positionTable } from '../../builders/v8Layout.ts';

const STACK = 0x7ffc_0000_0000;
const STACK_BYTES = 8192;
const INTERPRETER = NODE_BASE + 0x1400;
const JIT_BASE = 0x7f00_0000_0000;
const JIT = JIT_BASE + 0x1400;
const LIBC = 0x7e00_0000_0000;
const CODE = Buffer.from([2, 1, 2, 7]);

const libc = {
  path: '/lib/libc.so.6',
  base: LIBC,
  image: elfWithRules([{ functions: [{ start: 0x1100, length: 0x100, code: cfi.defCfaOffset(8) }] }]),
};

interface FrameSpec {
  readonly of: FakeClosure;
  /** The interpreter at this offset, or optimised code. */
  readonly at?: number;
  readonly pc?: number;
}

function setUp() {
  const image = new V8Image();
  const source = 'function serve(n) {\n  spawn();\n  return n;\n}\nconst short = () => spawn();\n';
  const script = image.script({ name: 'file:///app/server.mjs', source });
  const internal = image.script({ name: 'node:child_process', source: 'function spawn() {\n\n}' });
  const positions = positionTable([{ at: 0, position: 22, isStatement: true }]);
  const make = (name: string, of: number, range: readonly [number, number], table?: Buffer) =>
    image.function({ name, script: of, range }, { bytecodes: image.bytecodes(CODE, table) });
  const functions = {
    serve: make('serve', script, [14, 45], positions),
    unknown: make('unknown', script, [14, 45]),
    short: make('short', script, [59, 73]),
    spawn: make('spawn', internal, [14, 21]),
    evald: make('evald', image.script({ name: '', source }), [14, 45], positions),
  };
  const native = processOf([v8File(), libc, { path: '', base: JIT_BASE, image: Buffer.alloc(0) }], image.memory);
  const reader = nodeFrames.open({ root: kernelRoot(), pid: 1, runtimes: ['node'], native });
  const framesOf = (specs: readonly FrameSpec[], from = 0x100) => {
    const steps = specs.map(({ at, of, pc }, index) => {
      const framePointer = STACK + from + 0x100 * index;
      image.frame(framePointer, of, at === undefined ? undefined : image.offset(at));
      const registers = new Float64Array(REGISTERS).fill(Number.NaN);
      registers[RBP] = framePointer;
      registers[RA] = pc ?? (at === undefined ? JIT : INTERPRETER);
      return { pc: registers[RA] as number, registers };
    });
    const memory = image.memory.open();
    const record = {
      ...{ kind: 'task' as const, atMs: 0, pid: 1, tid: 1, task: 2, isThread: true, name: 'node', weight: 1 },
      ...{ registers: undefined, stackStart: STACK, stack: Buffer.alloc(STACK_BYTES) },
    };
    const readWord = (address: number) => {
      const bytes = memory.read(address, 8);
      return bytes === undefined ? undefined : Number(bytes.readBigUInt64LE());
    };
    const entry = { pc: LIBC + 0x1110, registers: new Float64Array(REGISTERS).fill(Number.NaN) };
    return reader?.framesOf({ record, steps: [entry, ...steps], readWord });
  };
  return { image, framesOf, native, ...functions };
}

const FILE = '/app/server.mjs';

describe('frames of Node', () => {
  it('has function, file and line, with the frames of its library', () => {
    const { framesOf, serve, short, spawn } = setUp();
    expect(
      framesOf([
        { of: spawn, at: 2 },
        { of: serve, at: 2 },
        { of: short, at: 2 },
      ]),
    ).toEqual({
      runtime: 'node',
      certainty: 'exact',
      frames: [
        { function: 'spawn', file: 'node:child_process', line: 1 },
        { function: 'serve', file: FILE, line: 2 },
        { function: 'short', file: FILE, line: 5 },
      ],
    });
  });
  it('a function on one line needs no table of positions; any other is known by its first line', () => {
    const { framesOf, short, unknown } = setUp();
    expect(framesOf([{ of: short, at: 2 }])?.certainty).toBe('exact');
    expect(framesOf([{ of: unknown, at: 2 }])).toMatchObject({
      certainty: 'function',
      frames: [{ function: 'unknown', file: FILE, line: 1 }],
    });
  });
  it('code without a file has no line', () => {
    const { evald, framesOf } = setUp();
    expect(framesOf([{ of: evald, at: 2 }])).toEqual({
      runtime: 'node',
      certainty: 'function',
      frames: [{ function: 'evald' }],
    });
  });
  it('optimised code has its function, and hides what was inlined', () => {
    const { framesOf, image, serve, short, spawn, unknown } = setUp();
    image.optimise(unknown, JIT - 16, 64, [spawn]);
    expect(framesOf([{ of: unknown }])?.certainty).toBe('function');
    image.optimise(serve, JIT - 16, 64, [short]);
    expect(framesOf([{ of: serve }])?.certainty).toBe('called from');
    expect(framesOf([{ of: serve, pc: JIT + 0x100 }])?.certainty).toBe('called from');
  });
  it('a frame that cannot be read makes the next one where it was called from', () => {
    const { framesOf, image, serve, short } = setUp();
    expect(
      framesOf([
        { of: { ...short, closure: image.array() }, at: 2 },
        { of: serve, at: 2 },
      ]),
    ).toMatchObject({
      certainty: 'called from',
      frames: [{ function: 'serve', line: 2 }],
    });
  });
  it('native code without rules may have hidden a frame', () => {
    const { framesOf, serve, spawn } = setUp();
    const addon = { of: spawn, at: 2, pc: LIBC + 0x1f00 };
    expect(framesOf([addon, { of: serve, at: 2 }])).toMatchObject({
      certainty: 'called from',
      frames: [{ function: 'serve' }],
    });
  });
  it('believes no frame above the copy of the stack: it may have changed', () => {
    const { framesOf, serve } = setUp();
    expect(framesOf([{ of: serve, at: 2 }], STACK_BYTES)).toBeUndefined();
    expect(framesOf([{ of: serve, at: 2 }], STACK_BYTES - 16)?.frames).toHaveLength(1);
  });
  it('what only Node itself does is told by its native frames', () => {
    const { framesOf, spawn } = setUp();
    expect(framesOf([{ of: spawn, at: 2 }])).toBeUndefined();
    expect(framesOf([])).toBeUndefined();
  });
  it('what libuv does once is not what its caller asked for', () => {
    const { framesOf, native, serve, spawn } = setUp();
    const frames = [
      { of: spawn, at: 2, pc: NODE_BASE + ONCE_AT + 4 },
      { of: serve, at: 2 },
    ];
    expect(framesOf(frames)?.frames).toHaveLength(2);
    const { ruleAt } = native.source;
    const once = { functionStart: NODE_BASE + ONCE_AT, functionEnd: NODE_BASE + ONCE_AT + 16 };
    native.source.ruleAt = (pc) =>
      pc >= once.functionStart && pc < once.functionEnd
        ? { ...(ruleAt(LIBC + 0x1110) as UnwindRule), ...once }
        : ruleAt(pc);
    expect(framesOf(frames)).toBeUndefined();
  });
  it('reads as many frames as are enough', () => {
    const { framesOf, serve } = setUp();
    expect(framesOf(Array.from({ length: 20 }, () => ({ of: serve, at: 2 })))?.frames).toHaveLength(4);
  });
  it('is not for a process without V8', () => {
    const native = processOf([libc], new V8Image().memory);
    expect(nodeFrames.open({ root: kernelRoot(), pid: 1, runtimes: ['node'], native })).toBeUndefined();
  });
});
