import { expect, it } from 'vitest';
import { Cursor } from '../../../src/evidence/elf/bytes.ts';
import { runProgram } from '../../../src/evidence/elf/cfiProgram.ts';
import { CfiState } from '../../../src/evidence/elf/cfiState.ts';
import { limitsUntil, NO_LIMITS } from '../../../src/evidence/elf/readLimits.ts';

it('a table is loaded if the time and the memory reach for it', () => {
  let now = 0;
  const limits = limitsUntil(100, () => now, 1_000);
  // At ten bytes a millisecond.
  expect(limits.mayLoad(600, 10)).toBe(true);
  expect(limits.mayLoad(500, 10)).toBe(false);
  expect(limits.mayLoad(400, 10)).toBe(true);
  expect(limits.mayLoad(1, 10)).toBe(false);
  expect(limits.isOver()).toBe(false);
  now = 100;
  expect(limits.isOver()).toBe(true);
});
it('one that would take longer than what is left is not begun', () => {
  const limits = limitsUntil(100, () => 60, 1_000_000);
  expect(limits.mayLoad(401, 10)).toBe(false);
  expect(limits.mayLoad(400, 10)).toBe(true);
  expect(limits.mayLoad(Number.NaN, 10)).toBe(false);
  expect(limits.mayLoad(0, 10)).toBe(true);
});
it('what is trusted is not limited', () => {
  expect([NO_LIMITS.isOver(), NO_LIMITS.mayLoad(1e12, 1)]).toEqual([false, true]);
});
it('a program of call frames ends when the time is up', () => {
  const nops = Buffer.alloc(90_000);
  const common = { codeAlign: 1, dataAlign: 1, returnRegister: 16, encoding: 0, hasAugmentation: false };
  const state = () => new CfiState({ ...common, isSignal: false, program: new Cursor(nops), address: 0 }, 0, 1);
  let looks = 0;
  const isOver = () => {
    looks += 1;
    return looks === 3;
  };
  expect(runProgram(state(), new Cursor(nops), { ...NO_LIMITS, isOver })).toBe(false);
  expect(looks).toBe(3);
  expect(runProgram(state(), new Cursor(nops))).toBe(true);
});
