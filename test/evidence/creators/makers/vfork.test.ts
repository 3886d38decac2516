import { expect, it } from 'vitest';
import { walkMaker } from '../../../../src/evidence/creators/makers/makerStack.ts';
import { RA, REGISTERS, RSP, type UnwindRule } from '../../../../src/evidence/elf/unwindRule.ts';

const RDI = 5;
const SP = 0x7ffc_0000_0000;
const [VFORK, CALLER, MAIN] = [0x1000, 0x2000, 0x3000];

/** vfork of glibc pops its return address into RDI before the system call (sysdeps/unix/sysv/linux/x86_64/vfork.S). */
const RULES: Readonly<Record<number, UnwindRule>> = {
  [VFORK]: rule(VFORK, 0, { kind: 'register', register: RDI }),
  [CALLER]: rule(CALLER, 32, { kind: 'offset', offset: -8 }),
};

function rule(functionStart: number, offset: number, back: UnwindRule['registers'][number][1]): UnwindRule {
  const place = { functionStart, functionEnd: functionStart + 0x100, isBottom: false, isSignal: false };
  return { ...place, cfa: { kind: 'register', register: RSP, offset }, registers: [[RA, back]] };
}

function walk(rdi: number): readonly number[] {
  const registers = new Float64Array(REGISTERS).fill(0);
  registers[RSP] = SP;
  registers[RA] = VFORK + 0x10;
  registers[RDI] = rdi;
  const { steps } = walkMaker(registers, {
    ruleAt: (pc) => RULES[pc - (pc % 0x1000)],
    isCode: (address) => address >= VFORK && address < 0x4000,
    readWord: (address) => (address === SP + 24 ? MAIN + 0x10 : undefined),
  });
  return steps.map(({ pc }) => pc);
}

it('a vfork: its caller has the same stack pointer, and the return address is in a register', () => {
  expect(walk(CALLER + 0x10)).toEqual([VFORK + 0x10, CALLER + 0x10, MAIN + 0x10]);
});

it('only the innermost frame may be so: what leads back to itself ends', () => {
  expect(walk(VFORK + 0x10)).toEqual([VFORK + 0x10, VFORK + 0x10]);
});
