import { describe, expect, it } from 'vitest';
import { JsFrames } from '../../../src/evidence/v8/frames.ts';
import { type FakeClosure, V8Image } from '../builders/v8Heap.ts';
import { positionTable, V8_LAYOUT } from '../builders/v8Layout.ts';

const FP = 0x7ffc_0000_1000;
const SOURCE = 'function serve() {\n  spawn();\n  return 1;\n}\n';
const RANGE = [14, 43] as const;
/** Of three instructions, the last of which has a byte: see the sizes of the layout. */
const CODE = Buffer.from([2, 1, 2, 7, 2, 2, 2]);
const POSITIONS = positionTable([
  { at: 0, position: 14, isStatement: false },
  { at: 2, position: 21, isStatement: true },
]);
const JIT = 0x7f00_0000_1000;

function setUp(positions: Buffer | undefined = POSITIONS) {
  const image = new V8Image();
  const script = image.script({ name: '/app/server.js', source: SOURCE });
  const bytecodes = image.bytecodes(CODE, positions);
  const made = image.function({ name: 'serve', script, range: RANGE, locals: ['x', 'y'] }, { bytecodes });
  const reader = new JsFrames(image.memory.open(), V8_LAYOUT);
  const memory = image.memory.open();
  const read = (address: number) => {
    const bytes = memory.read(address, 8);
    return bytes === undefined ? undefined : Number(bytes.readBigUInt64LE());
  };
  const frameAt = (isInFile: boolean, pc = JIT + 10) => {
    const frame = reader.frameAt({ pc, framePointer: FP, isInFile }, read);
    if (frame === 'none' || frame === undefined) return frame;
    const { inlined, line, source } = frame;
    return { name: source.name, file: source.script?.file, line, inlined: inlined?.map(({ name }) => name) };
  };
  return { image, made, script, frameAt };
}

const serve = (line: number | undefined, inlined: readonly string[] | undefined = []) => {
  return { name: 'serve', file: '/app/server.js', line, inlined };
};

describe('the interpreter', () => {
  it('has the function and the line', () => {
    const { frameAt, image, made } = setUp();
    image.frame(FP, made, image.offset(4));
    expect(frameAt(true)).toEqual(serve(2));
  });
  it.for([
    ['without a table of positions', undefined, 4],
    ['with an empty one', Buffer.alloc(0), 4],
    ['behind the end of the function', POSITIONS, 7],
    ['before its start', POSITIONS, -1],
    ['at a position outside of it', positionTable([{ at: 0, position: 44, isStatement: true }]), 4],
  ] as const)('has no line %s', ([, positions, offset]) => {
    const { frameAt, image, made } = setUp(positions);
    if (positions === undefined) image.memory.word(made.bytecodes - 1 + 32, image.undefined());
    image.frame(FP, made, image.offset(offset));
    expect(frameAt(true)).toEqual(serve(undefined));
  });
  it('knows a function by its bytecodes when its closure was moved', () => {
    const { frameAt, image, made } = setUp();
    image.frame(FP, made, image.offset(4));
    frameAt(true);
    image.memory.word(made.closure - 1, 0xdead);
    expect(frameAt(true)).toEqual(serve(2));
  });
  it('does not take another closure for it', () => {
    const { frameAt, image, made, script } = setUp();
    const other = image.function({ name: 'other', script }, { bytecodes: image.bytecodes(CODE, POSITIONS) });
    image.frame(FP, { ...made, closure: other.closure }, image.offset(4));
    expect(frameAt(true)).toBeUndefined();
  });
  it('is not told where something else than a script has its place', () => {
    const { frameAt, image, made } = setUp();
    image.memory.word(made.shared - 1 + V8_LAYOUT.shared.script, image.array());
    image.frame(FP, made, image.offset(4));
    expect(frameAt(true)).toBeUndefined();
  });
  it('follows a young closure to where it was moved', () => {
    const { frameAt, image, made } = setUp();
    const old = image.array();
    image.memory.word(old - 1, made.closure - 1);
    image.frame(FP, { ...made, closure: old }, image.offset(4));
    expect(frameAt(true)).toEqual(serve(2));
  });
  it('takes a function of the language for none', () => {
    const { frameAt, image, made } = setUp();
    image.frame(FP, image.function({ name: 'forEach' }, made));
    expect(frameAt(true)).toBe('none');
  });
  it('does not know a function of a script without its bytecodes', () => {
    const { frameAt, image, made } = setUp();
    image.frame(FP, made);
    expect(frameAt(true)).toBeUndefined();
  });
});

describe('the baseline compiler', () => {
  /** The prologue has 100 bytes of machine code, each instruction 10. */
  const baseline = (image: V8Image, { bytecodes, shared }: FakeClosure) => {
    const code = image.code(bytecodes, image.bytes(Buffer.from([100, 10, 10, 10])), JIT, 130);
    image.memory.word(shared - 1 + V8_LAYOUT.shared.data, code);
  };
  it.for([
    ['prologue', 100, undefined],
    ['first', 105, 1],
    ['second', 111, 2],
    ['outside', 131, undefined],
  ] as const)('has the line of its return address: %s', ([name, pc, line]) => {
    const { frameAt, image, made } = setUp();
    baseline(image, made);
    image.frame(FP, made, image.array());
    expect(frameAt(false, JIT + pc)).toEqual({ ...serve(line), inlined: name === 'outside' ? undefined : [] });
  });
  it('is found also if it was made later', () => {
    const { frameAt, image, made } = setUp();
    image.frame(FP, made, image.offset(0));
    frameAt(true);
    baseline(image, made);
    expect(frameAt(false, JIT + 111)).toEqual(serve(2));
  });
});

describe('optimised code', () => {
  it('has the function, and those that were inlined', () => {
    const { frameAt, image, made, script } = setUp();
    const helper = image.function({ name: 'helper', script }, { bytecodes: made.bytecodes });
    image.optimise(made, JIT, 64, [helper]);
    image.frame(FP, made);
    expect(frameAt(false)).toEqual(serve(undefined, ['helper']));
  });
  it('may have inlined anything if it is not the code that is known', () => {
    const { frameAt, image, made } = setUp();
    image.optimise(made, JIT + 0x1000, 64);
    image.frame(FP, made);
    expect(frameAt(false)).toEqual({ ...serve(undefined), inlined: undefined });
  });
  it('is not told by a closure with other variables around it', () => {
    const { frameAt, image, made } = setUp();
    image.frame(FP, { ...made, context: image.array() });
    expect(frameAt(false)).toBeUndefined();
  });
});

describe('names', () => {
  it.for([
    ['its own', { name: 'serve', inferred: 'exports.serve' }, 'serve'],
    ['guessed from the source', { name: '', inferred: 'exports.serve' }, 'exports.serve'],
    ['none', { name: '' }, ''],
  ] as const)('%s', ([, names, want]) => {
    const { frameAt, image, made, script } = setUp();
    const named = image.function({ ...names, script, range: RANGE }, { bytecodes: made.bytecodes });
    image.frame(FP, named, image.offset(4));
    expect(frameAt(true)).toMatchObject({ name: want, line: 2 });
  });
});

describe('what is no frame of JavaScript', () => {
  it.for(['context', 'closure'] as const)('has a number for its %s', (field) => {
    const { frameAt, image, made } = setUp();
    image.frame(FP, { ...made, [field]: 0x22 }, image.offset(4));
    expect([frameAt(true), frameAt(false)]).toEqual(['none', 'none']);
  });
  it('is not mapped', () => {
    const { frameAt } = setUp();
    expect(frameAt(true)).toBe('none');
  });
});

it('survives a heap that is gone', () => {
  const { frameAt, image, made } = setUp();
  image.frame(FP, made, image.offset(4));
  frameAt(true);
  image.memory.unmap();
  image.frame(FP, made, image.offset(4));
  expect([undefined, 'none']).toContain(frameAt(true));
});
