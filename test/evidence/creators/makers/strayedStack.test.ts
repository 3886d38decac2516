import { describe, expect, it } from 'vitest';
import { walkMaker } from '../../../../src/evidence/creators/makers/makerStack.ts';
import { RA, REGISTERS, RSP } from '../../../../src/evidence/elf/unwindRule.ts';
import { FakeMemory } from '../../builders/fakeMemory.ts';
import { programOf } from '../../builders/stacks.ts';

const SP = 0x7ffc_0000_0000;

describe('whether the maps of a maker are too old', () => {
  it.for([
    ['its caller is known', 0x2010, 2, false],
    ['its caller lies where no code was', 0x9000, 1, true],
    ['it was called by nobody', 0, 1, false],
    ['code without rules leads anywhere', 0x3010, 2, false],
  ] as const)('%s', ([, caller, frames, want]) => {
    const functions = [
      { name: 'clone', start: 0x1000, end: 0x1100, frame: 8 },
      { name: 'main', start: 0x2000, end: 0x2100, frame: 0, isBottom: true },
      { name: 'generated', start: 0x3000, end: 0x3100, frame: 'none' },
    ] as const;
    const memory = new FakeMemory().words(SP, 0, caller, 0, 0x9000);
    const registers = new Float64Array(REGISTERS).fill(Number.NaN);
    registers[RA] = 0x1010;
    registers[RSP] = SP;
    const { hasStrayed, steps } = walkMaker(registers, programOf(functions, memory));
    expect({ hasStrayed, frames: steps.length }).toEqual({ hasStrayed: want, frames });
  });
});
