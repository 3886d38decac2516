import { expect, it } from 'vitest';
import { walkMaker } from '../../../../src/evidence/creators/makers/makerStack.ts';
import { RA, RBP, REGISTERS, RSP } from '../../../../src/evidence/elf/unwindRule.ts';
import { FakeMemory } from '../../builders/fakeMemory.ts';
import { processOf } from '../../builders/program.ts';

const APP = 0x5555_0000_0000;
const MADE = 0x7f00_0000_1400;
const SP = 0x7ffc_0000_0000;

it('says where code is that no map has, so that the maps can be read again', () => {
  const memory = new FakeMemory();
  const app = { path: '', base: APP, image: Buffer.alloc(0) };
  const { source } = processOf([app], memory);
  // The bare call, then a frame of made code.
  memory.words(SP, APP + 0x1200).words(SP + 64, 0, MADE);
  const registers = new Float64Array(REGISTERS).fill(Number.NaN);
  registers[RSP] = SP;
  registers[RBP] = SP + 64;
  registers[RA] = APP + 0x1100;
  const known = (address: number) => address === MADE || source.isCode(address);
  const { isWhole, lostAt, steps } = walkMaker(registers, source);
  expect({ isWhole, lostAt, count: steps.length }).toEqual({ isWhole: false, lostAt: MADE, count: 2 });
  expect(walkMaker(registers, { ...source, isCode: known }).lostAt).toBeUndefined();
});
