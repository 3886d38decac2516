import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { walkMaker } from '../../../../src/evidence/creators/makers/makerStack.ts';
import { StackMemo } from '../../../../src/evidence/creators/makers/stackMemo.ts';
import { RA, RBP, RSP } from '../../../../src/evidence/elf/unwindRule.ts';
import { FakeMemory } from '../../builders/fakeMemory.ts';
import { registersAt } from '../../builders/perfRecords.ts';
import { type FakeFunction, namesOf, programOf } from '../../builders/stacks.ts';

const SP = 0x7ffc_0000_0000;
/** Behind the system call glibc has no rule, on purpose. */
const CLONE3: FakeFunction = { name: 'clone3', start: 0x1000, end: 0x1100, frame: 'none' };
const CREATE: FakeFunction = { name: 'pthread_create', start: 0x2000, end: 0x2100, frame: 24 };
const SITE: FakeFunction = { name: 'site', start: 0x3000, end: 0x3100, frame: 'pointer' };
const MAIN: FakeFunction = { name: 'main', start: 0x4000, end: 0x4100, frame: 8 };
const START: FakeFunction = { name: '_start', start: 0x5000, end: 0x5100, frame: 0, isBottom: true };
const ALL = [CLONE3, CREATE, SITE, MAIN, START];

/** clone3 ← pthread_create ← site (by its frame pointer, `locals` above) ← main ← _start */
function stackOf(locals = 64, noise = 0): { readonly memory: FakeMemory; readonly bp: number } {
  const create = SP + 8;
  const site = create + 24 + 8;
  const bp = site + locals;
  const memory = new FakeMemory()
    .word(SP, 0x2010)
    .word(SP + 16, noise)
    .word(create + 24, 0x3010)
    .words(bp, 0x5555, 0x4010)
    .word(bp + 16 + 8, 0x5010);
  return { memory, bp };
}
const walk = (memory: FakeMemory, bp: number, functions = ALL) =>
  walkMaker(registersAt({ [RA]: 0x1010, [RSP]: SP, [RBP]: bp }), programOf(functions, memory));

describe('the stack of a maker', () => {
  it('from the system call without a rule to its bottom, also by a frame pointer', () => {
    const { bp, memory } = stackOf();
    const { isWhole, steps } = walk(memory, bp);
    const pcs = steps.map(({ pc }) => pc);
    expect(namesOf(pcs, ALL)).toEqual(['clone3', 'pthread_create', 'site', 'main', '_start']);
    expect(isWhole).toBe(true);
  });
  it('has the registers of each frame', () => {
    const { bp, memory } = stackOf();
    const { steps } = walk(memory, bp);
    expect(steps.map(({ registers }) => registers[RBP])).toEqual([bp, bp, bp, 0x5555, 0x5555]);
    expect(steps.at(-1)?.registers[RSP]).toBe(bp + 16 + 16);
  });
  it('ends where a return address is no code, where memory ends, and in a circle', () => {
    const { bp, memory } = stackOf();
    expect(walk(memory.word(bp + 8, 0x99), bp).isWhole).toBe(false);
    expect(walk(new FakeMemory(), bp).steps).toHaveLength(1);
    const looping: FakeFunction = { ...MAIN, rule: { cfa: { kind: 'register', register: RSP, offset: -64 } } };
    expect(walk(stackOf().memory, bp, [CLONE3, CREATE, SITE, looping]).steps).toHaveLength(4);
  });
  it('is no longer than 128 frames, whatever the target says', () => {
    const self: FakeFunction = { name: 'self', start: 0x2000, end: 0x2100, frame: 8 };
    const memory = new FakeMemory().word(SP, 0x2010);
    for (let at = SP + 16; at < SP + 16_000; at += 16) memory.word(at, 0x2010);
    expect(walk(memory, 0, [CLONE3, self]).steps).toHaveLength(128);
  });
});

describe('a stack that was seen before', () => {
  const copyOf = (memory: FakeMemory, bp: number) => ({
    registers: registersAt({ [RA]: 0x1010, [RSP]: SP, [RBP]: bp }),
    stack: memory.open().read(SP, 4096) ?? Buffer.alloc(0),
  });
  const remembered = () => {
    const memo = new StackMemo<string>();
    const { bp, memory } = stackOf();
    memo.keep(copyOf(memory, bp), walk(memory, bp).checks, 'the first');
    return memo;
  };
  it('is known again, whatever else stands in its frames', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 }), (noise) => {
        const { bp, memory } = stackOf(64, noise);
        expect(remembered().find(copyOf(memory, bp))).toBe('the first');
      }),
    );
  });
  it('is known at another place in memory', () => {
    const { memory } = stackOf();
    const { registers, stack } = copyOf(memory, SP + 8 + 24 + 8 + 64);
    const moved = registers.slice();
    moved[RSP] = SP + 0x10_0000;
    moved[RBP] = (registers[RBP] as number) + 0x10_0000;
    expect(remembered().find({ registers: moved, stack })).toBe('the first');
  });
  it('is another one with another caller, another frame, another place in the code', () => {
    const memo = remembered();
    const { bp, memory } = stackOf();
    expect(memo.find(copyOf(memory.word(SP + 8 + 24, 0x3020), bp))).toBeUndefined();
    const larger = stackOf(128);
    expect(memo.find(copyOf(larger.memory, larger.bp))).toBeUndefined();
    const { registers, stack } = copyOf(stackOf().memory, bp);
    registers[RA] = 0x1020;
    expect(memo.find({ registers, stack })).toBeUndefined();
  });
  it('is not kept if the copy lacks a word that counted', () => {
    const { bp, memory } = stackOf();
    const memo = new StackMemo<string>();
    const short = { ...copyOf(memory, bp), stack: Buffer.alloc(32) };
    memo.keep(short, walk(memory, bp).checks, 'too short');
    expect(memo.find(short)).toBeUndefined();
  });
  it('is not kept if it hung on an expression', () => {
    const plt: FakeFunction = { ...CREATE, rule: { cfa: { kind: 'expression', code: Buffer.from([0x77, 0x20]) } } };
    const { bp, memory } = stackOf();
    expect(walk(memory, bp, [CLONE3, plt, SITE, MAIN, START]).checks).toBeUndefined();
  });
});
