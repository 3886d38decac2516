import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../src/evidence/elf/expression.ts';

const machine = { register: (number: number) => (number === 7 ? 1000 : undefined), read: (at: number) => at + 1 };
const run = (code: readonly number[], initial?: number) => evaluate(Buffer.from(code), machine, initial);

it.for([
  ['lit0', [0x30], 0],
  ['lit31', [0x4f], 31],
  ['breg7 +8', [0x77, 8], 1008],
  ['breg7 -8', [0x77, 0x78], 992],
  ['bregx', [0x92, 7, 16], 1016],
  ['const1u', [0x08, 0xff], 255],
  ['const1s', [0x09, 0xff], -1],
  ['const2u', [0x0a, 0x34, 0x12], 0x1234],
  ['const4u', [0x0c, 0xff, 0xff, 0xff, 0xff], 0xffffffff],
  ['const4s', [0x0d, 0xff, 0xff, 0xff, 0xff], -1],
  ['constu', [0x10, 0x80, 0x01], 128],
  ['consts', [0x11, 0x7f], -1],
  ['deref', [0x77, 0, 0x06], 1001],
  ['dup', [0x33, 0x12, 0x22], 6],
  ['plus_uconst', [0x31, 0x23, 4], 5],
  ['plus', [0x33, 0x34, 0x22], 7],
  ['minus: the upper one is taken off', [0x34, 0x31, 0x1c], 3],
  ['mul', [0x33, 0x34, 0x1e], 12],
  ['shl', [0x33, 0x34, 0x24], 48],
  ['and', [0x3f, 0x3a, 0x1a], 10],
  ['ge: yes', [0x34, 0x34, 0x2a], 1],
  ['ge: no', [0x33, 0x34, 0x2a], 0],
  ['gt: no', [0x34, 0x34, 0x2b], 0],
  // What the linker writes for a PLT: rsp + 8 + ((rip & 15) >= 11) << 3, here with rsp for rip.
  ['a PLT', [0x77, 8, 0x77, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22], 1008],
  ['an address rounded down', [0x77, 5, 0x09, 0xf0, 0x1a], 992],
] as const)('%s', ([, code, want]) => {
  expect(run(code)).toBe(want);
});

it('begins with what it is given: the frame address', () => {
  expect(run([0x23, 8], 4096)).toBe(4104);
  expect(run([], 4096)).toBe(4096);
});

describe('what cannot be followed has no value', () => {
  it.for([
    ['a register that is not known', [0x76, 0]],
    ['one by its number', [0x92, 6, 0]],
    ['an operation that is not known', [0xff]],
    ['an operation on an empty stack', [0x22]],
    ['one value for two', [0x31, 0x22]],
    ['an address that is not there', [0x06]],
    ['nothing to double', [0x12]],
    ['nothing to add to', [0x23, 1]],
    ['cut short', [0x0c, 1]],
    ['nothing', []],
    ['numbers beyond 2^53', [0x10, ...new Array(8).fill(0xff), 0x7f, 0x31, 0x22]],
    ['more operations than anybody writes', new Array(1_001).fill(0x30)],
  ] as const)('%s', ([, code]) => {
    expect(run(code)).toBeUndefined();
  });
  it('memory that is not mapped', () => {
    expect(evaluate(Buffer.from([0x31, 0x06]), { ...machine, read: () => undefined })).toBeUndefined();
  });
});

it('any bytes end, with a number or nothing', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (raw) => {
      const value = evaluate(Buffer.from(raw), { register: () => 4096, read: () => 8 });
      expect(['number', 'undefined']).toContain(typeof value);
    }),
    { numRuns: 1_000, seed: 3 },
  );
});
