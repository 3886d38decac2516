import { describe, expect, it } from 'vitest';
import { unwind } from '../../../src/evidence/native/unwind.ts';
import { elfImage, type SymbolSpec, symbolSections } from '../builders/elfImage.ts';
import { FakeMemory } from '../builders/fakeMemory.ts';
import { processOf } from '../builders/program.ts';

const APP = 0x5555_5555_0000;
const SP = 0x7ffc_0000_0000;
const READ = 0;

/** A program without a single unwind rule, as musl and what is linked with it. */
const SYMBOLS: readonly SymbolSpec[] = [
  { name: 'syscall_cp_c', start: 0x1100, size: 0x20 },
  { name: 'syscall_cp', start: 0x1140, size: 0x20 },
  { name: 'read', start: 0x1180, size: 0x40 },
  { name: 'cond_wait', start: 0x11c0, size: 0x10 },
  { name: 'start', start: 0x1200, size: 0x40 },
  { name: 'clone', start: 0x1300, size: 0x40 },
  { name: 'other', start: 0x1400, size: 0x40 },
];
const RETURNS = {
  read: APP + 0x1195,
  start: APP + 0x1212,
  clone: APP + 0x1313,
  other: APP + 0x1415,
  main: APP + 0x1505,
};
const EXIT = [0x89, 0xc7, 0x31, 0xc0, 0xb0, 0x3c, 0x0f, 0x05];

const jump = (from: number, to: number): number[] => [0xe9, ...rel32(to - from - 5)];
const call = (from: number, to: number): number[] => [0xe8, ...rel32(to - from - 5)];
function rel32(distance: number): number[] {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(distance);
  return [...bytes];
}

const code = (): FakeMemory =>
  new FakeMemory()
    .write(APP + 0x1140, Buffer.from(jump(0x1140, 0x1100)))
    .write(APP + 0x1190, Buffer.from(call(0x1190, 0x1140)))
    // xor %edx,%edx, then on to another function.
    .write(APP + 0x11c0, Buffer.from([0x31, 0xd2, ...jump(0x11c2, 0x1180)]))
    .write(APP + 0x1210, Buffer.from([0xff, 0xd0]))
    .write(APP + 0x1310, Buffer.from([0x41, 0xff, 0xd1, ...EXIT]))
    .write(APP + 0x1410, Buffer.from(call(0x1410, 0x1300)))
    .write(APP + 0x1500, Buffer.from(call(0x1500, 0x1180)));

function walk(memory: FakeMemory, symbols: readonly SymbolSpec[] = SYMBOLS, entry = 0) {
  const text = { name: '.text', bytes: Buffer.alloc(0x1000, 0x90), address: 0x1000 };
  const image = elfImage([text, ...symbolSections(symbols)], { entry });
  const native = processOf([{ path: '/app/server', base: APP, image }], memory);
  const { isWhole, pcs } = unwind({ pc: APP + 0x1117, sp: SP, call: READ }, native.source);
  return { isWhole, names: pcs.map((pc, index) => native.frameAt(pc, index > 0).function) };
}
const WHOLE = { isWhole: true, names: ['syscall_cp_c', 'read', 'start', 'clone'] };

describe('code without any rule', () => {
  it('each caller stands behind a call of that very function, or of one that jumps to it', () => {
    const memory = code().words(SP, RETURNS.read, 0, 0, RETURNS.start, 0, RETURNS.clone);
    expect(walk(memory)).toEqual(WHOLE);
  });
  it('an old word of another call is passed over', () => {
    const memory = code().words(SP, RETURNS.other, RETURNS.read, RETURNS.other, RETURNS.start, 0, RETURNS.clone);
    expect(walk(memory)).toEqual(WHOLE);
  });
  it('a call of a function that sets a register and jumps on', () => {
    const memory = code()
      .write(APP + 0x1500, Buffer.from(call(0x1500, 0x11c0)))
      .words(SP, RETURNS.read, RETURNS.main);
    expect(walk(memory).names.slice(0, 2)).toEqual(['syscall_cp_c', 'read']);
    expect(walk(memory).names).toHaveLength(3);
  });
  it('a program begins at its entry', () => {
    const memory = code().words(SP, RETURNS.read, 0, RETURNS.main);
    expect(walk(memory, SYMBOLS, 0x14f0)).toEqual({ isWhole: true, names: ['syscall_cp_c', 'read', '_start'] });
  });
  it('the place where a thread begins is no caller of what stands far below it', () => {
    const memory = code()
      .words(SP, RETURNS.read)
      .word(SP + 0x400, RETURNS.clone);
    expect(walk(memory)).toEqual({ isWhole: false, names: ['syscall_cp_c', 'read'] });
  });
  it('without symbols: calls to code a little before it, if they lead to the bottom', () => {
    const memory = code().words(SP, RETURNS.read, 0, RETURNS.start, RETURNS.clone);
    const { isWhole, names } = walk(memory, []);
    expect([isWhole, names]).toEqual([true, ['server+0x1117', 'server+0x1194', 'server+0x1211', 'server+0x1312']]);
    // Where they do not, nothing is guessed.
    expect(walk(code().words(SP, RETURNS.read, 0, RETURNS.start), []).names).toEqual(['server+0x1117']);
  });
  it('a stack full of what looks like callers: it ends', () => {
    const memory = code();
    for (let at = 0; at < 0x8000; at += 8) memory.word(SP + at, RETURNS.start);
    expect(walk(memory, []).isWhole).toBe(false);
    expect(walk(memory).names.length).toBeLessThanOrEqual(256);
  });
});
