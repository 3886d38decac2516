import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RA, RBP, RSP } from '../../../src/evidence/elf/unwindRule.ts';
import { unwind } from '../../../src/evidence/native/unwind.ts';
import { FakeMemory } from '../builders/fakeMemory.ts';
import { type FakeFunction, namesOf, programOf } from '../builders/stacks.ts';

const SP = 0x7ffc_0000_0000;
const READ: FakeFunction = { name: 'read', start: 0x1000, end: 0x1100, frame: 0 };
const SERVE: FakeFunction = { name: 'serve', start: 0x2000, end: 0x2100, frame: 24 };
const WORK: FakeFunction = { name: 'work', start: 0x3000, end: 0x3100, frame: 'pointer' };
const START: FakeFunction = { name: 'start_thread', start: 0x4000, end: 0x4100, frame: 8 };
const CLONE: FakeFunction = { name: 'clone3', start: 0x5000, end: 0x5100, frame: 0, isBottom: true };
/** Its frame hangs on the frame pointer, which is lost: the caller has to be searched for. */
const LOST: FakeFunction = {
  ...WORK,
  rule: {
    registers: [
      [RA, { kind: 'offset', offset: -8 }],
      [RBP, { kind: 'undefined' }],
    ],
  },
};
const ALL = [READ, SERVE, WORK, START, CLONE];
const IN_READ = 0;

/** read ← serve ← start_thread ← clone3 */
const plainStack = () =>
  new FakeMemory()
    .word(SP, 0x2010)
    .word(SP + 8 + 24, 0x4010)
    .word(SP + 8 + 32 + 8, 0x5010);
const unwound = (functions: readonly FakeFunction[], memory: FakeMemory, pc = 0x1010, call = IN_READ) => {
  const { isWhole, pcs } = unwind({ pc, sp: SP, call }, programOf(functions, memory));
  return { names: namesOf(pcs, functions), isWhole };
};

describe('golden stacks', () => {
  it('each frame by its rule, to the bottom', () => {
    expect(unwound(ALL, plainStack())).toEqual({ names: ['read', 'serve', 'start_thread', 'clone3'], isWhole: true });
  });
  it('the thread stands at the bottom itself', () => {
    expect(unwound(ALL, new FakeMemory(), 0x5010)).toEqual({ names: ['clone3'], isWhole: true });
  });
  it('a return address of 0 is the bottom too', () => {
    expect(unwound(ALL, new FakeMemory().word(SP, 0))).toEqual({ names: ['read'], isWhole: true });
  });
  it('a call that is the last instruction: its return address belongs to the next function', () => {
    const noreturn = plainStack().word(SP + 8 + 24, START.end);
    const after: FakeFunction = { name: 'after', start: START.end, end: START.end + 0x100, frame: 400 };
    const { names } = unwound([...ALL, after], noreturn);
    expect(names).toEqual(['read', 'serve', 'start_thread', 'clone3']);
  });
  it('clone3 before its thread runs: the return address lies on top of the stack', () => {
    const bare: FakeFunction = { name: 'syscall', start: 0x6000, end: 0x6100, frame: 'none' };
    const memory = new FakeMemory().word(SP, 0x4010).word(SP + 8 + 8, 0x5010);
    expect(unwound([...ALL, bare], memory, 0x6010, 435).names).toEqual(['syscall', 'start_thread', 'clone3']);
    expect(unwound([...ALL, bare], memory, 0x6010, 202)).toEqual({ names: ['syscall'], isWhole: false });
  });
  it('generated code with frame pointers, once one is known', () => {
    const saves: FakeFunction = {
      ...READ,
      name: 'saves',
      rule: {
        registers: [
          [RA, { kind: 'offset', offset: -8 }],
          [RBP, { kind: 'offset', offset: -16 }],
        ],
      },
      frame: 8,
    };
    const generated: FakeFunction = { name: 'jit', start: 0x7000, end: 0x7100, frame: 'none' };
    const frame = SP + 0x100;
    const memory = new FakeMemory()
      .words(SP, frame, 0x7010)
      .words(frame, 0, 0x4010)
      .word(frame + 16 + 8, 0x5010);
    expect(unwound([saves, generated, START, CLONE], memory).names).toEqual(['saves', 'jit', 'start_thread', 'clone3']);
  });
  it('a signal handler on a stack of its own', () => {
    const other = 0x7ffb_0000_0000;
    const handler: FakeFunction = { name: 'handler', start: 0x8000, end: 0x8100, frame: 0 };
    const restorer: FakeFunction = {
      name: 'restore_rt',
      // Its rules begin a byte early: the return address of the handler is its first instruction.
      start: 0x8fff,
      end: 0x9100,
      frame: 0,
      isSignal: true,
      // The kernel keeps the registers of the interrupted code in the frame.
      rule: {
        cfa: { kind: 'expression', code: Buffer.from([0x77, 0x10, 0x06]) },
        registers: [[RA, { kind: 'expression', code: Buffer.from([0x77, 0x18]) }]],
      },
    };
    const memory = plainStack().words(other, 0x9000, 0, 0, SP, 0x1010);
    const { isWhole, pcs } = unwind(
      { pc: 0x8010, sp: other, call: -1 },
      programOf([handler, restorer, ...ALL], memory),
    );
    expect(namesOf(pcs, [handler, restorer, ...ALL]).slice(2)).toEqual(['read', 'serve', 'start_thread', 'clone3']);
    expect(isWhole).toBe(true);
  });
});

describe('rules of every kind', () => {
  const withRule = (rule: FakeFunction['rule']) =>
    unwound(
      [{ ...READ, ...(rule === undefined ? {} : { rule }) }, START, CLONE],
      new FakeMemory()
        .word(SP, 0x4010)
        .word(SP + 16, 0x5010)
        .word(SP + 48, 0x4010),
    );
  it.for([
    ['value of an offset', { registers: [[RA, { kind: 'valueOffset', offset: 0x4010 - (SP + 8) }]] }, 'start_thread'],
    [
      'value of an expression',
      {
        registers: [
          [RA, { kind: 'valueExpression', code: Buffer.from([0x0a, 0x10, 0x40, 0x22, 0x77, 0, 0x1c, 0x38, 0x1c]) }],
        ],
      },
      'start_thread',
    ],
    ['in another register', { registers: [[RA, { kind: 'register', register: RA }]] }, 'read'],
    ['unchanged', { registers: [[RA, { kind: 'same' }]] }, 'read'],
    ['not to be found', { registers: [[RA, { kind: 'undefined' }]] }, undefined],
    ['no rule for it', { registers: [] }, undefined],
    [
      'at an expression that fails',
      { registers: [[RA, { kind: 'expression', code: Buffer.from([0xff]) }]] },
      undefined,
    ],
    ['a frame at an expression that fails', { cfa: { kind: 'expression', code: Buffer.from([0xff]) } }, undefined],
    ['a frame on a register that nobody knows', { cfa: { kind: 'register', register: 3, offset: 8 } }, undefined],
    ['a frame at an expression', { cfa: { kind: 'expression', code: Buffer.from([0x77, 8]) } }, 'start_thread'],
  ] as const)('the return address: %s', ([, rule, want]) => {
    expect(withRule(rule as FakeFunction['rule']).names[1]).toBe(want);
  });
});

describe('a frame pointer that is not known', () => {
  // work keeps a frame pointer; its frame lies 0x40 above the stack pointer.
  const frame = SP + 0x40;
  const stack = () => new FakeMemory().words(frame, 0, 0x4010).word(frame + 16 + 8, 0x5010);
  const run = (memory: FakeMemory, calls: (back: number, target: number) => 'yes' | 'maybe' | 'no') => {
    const { isWhole, pcs } = unwind({ pc: 0x3010, sp: SP, call: IN_READ }, programOf(ALL, memory, calls));
    return { names: namesOf(pcs, ALL), isWhole };
  };
  it('the return address is the word behind a call of the very function', () => {
    // An old word that looks like a return address lies before it.
    const memory = stack().word(SP + 0x10, 0x2010);
    const calls = (back: number) => (back === 0x4010 ? ('yes' as const) : ('no' as const));
    expect(run(memory, calls)).toEqual({ names: ['work', 'start_thread', 'clone3'], isWhole: true });
  });
  it('behind calls that cannot be told it is the first that leads to the bottom', () => {
    const memory = stack()
      .word(SP + 0x10, 0x2010)
      .word(SP + 0x30, 0x1234);
    expect(run(memory, () => 'maybe')).toEqual({ names: ['work', 'start_thread', 'clone3'], isWhole: true });
  });
  it('a certain one a little above a doubtful one that leads to the bottom is the truth', () => {
    const doubtful = SP + 0x8;
    const memory = stack().word(doubtful, 0x5010);
    const calls = (back: number) => (back === 0x4010 ? ('yes' as const) : ('maybe' as const));
    expect(run(memory, calls).names).toEqual(['work', 'start_thread', 'clone3']);
  });
  it('if none leads to the bottom, the first above what looks like a frame pointer', () => {
    const loose: FakeFunction = { ...START, frame: 0x800 };
    const memory = new FakeMemory().write(SP, Buffer.alloc(0x2000, 0x77));
    memory.word(SP + 0x18, 0x4050).words(frame, frame + 0x100, 0x4010);
    const { isWhole, pcs } = unwind({ pc: 0x3010, sp: SP, call: 0 }, programOf([WORK, loose], memory));
    expect({ pcs, isWhole }).toEqual({ pcs: [0x3010, 0x4010], isWhole: false });
  });
  it('nothing that looks like code: it ends there, and says so', () => {
    expect(run(new FakeMemory().words(SP, 1, 2, 3), () => 'maybe')).toEqual({ names: ['work'], isWhole: false });
  });
});

describe('hostile stacks', () => {
  it('a frame that leads to itself', () => {
    const circle: FakeFunction = { ...READ, frame: -8 };
    expect(unwound([circle], new FakeMemory().word(SP - 8, 0x1010))).toEqual({ names: ['read'], isWhole: false });
  });
  it('a stack without an end is followed so far and no further', () => {
    const memory = new FakeMemory();
    for (let slot = 0; slot < 4096; slot += 8) memory.word(SP + slot, 0x1010);
    const { names, isWhole } = unwound([READ], memory);
    expect({ length: names.length, isWhole }).toEqual({ length: 256, isWhole: false });
  });
  it('a return address into nowhere', () => {
    expect(unwound(ALL, new FakeMemory().word(SP, 0xdead_0000))).toEqual({ names: ['read'], isWhole: false });
  });
  it('a stack that is not mapped', () => {
    expect(unwound(ALL, new FakeMemory())).toEqual({ names: ['read'], isWhole: false });
  });
  it('code without any rule', () => {
    const bare: FakeFunction = { ...READ, frame: 'none' };
    expect(unwound([bare], new FakeMemory().word(SP, 0x1010))).toEqual({ names: ['read'], isWhole: false });
  });
  it('doubtful words everywhere, and no frame pointer to go by: the work for one stack is bounded', () => {
    // Every second word may be a return address, each frame has to be searched for, and none leads to the bottom.
    const memory = new FakeMemory();
    for (let slot = 0; slot < 0x80000; slot += 16) memory.words(SP + slot, 0, 0x3010);
    const program = programOf([LOST], memory);
    expect(unwind({ pc: 0x3010, sp: SP, call: 0 }, program).isWhole).toBe(false);
    expect(program.words).toBeLessThan(300_000);
    // And it ends when the time is up.
    let looks = 0;
    const late = programOf([LOST], memory);
    late.isOver = () => {
      looks += 1;
      return looks === 2;
    };
    expect(unwind({ pc: 0x3010, sp: SP, call: 0 }, late).isWhole).toBe(false);
    expect(late.words).toBeLessThan(5_000);
    expect(looks).toBe(2);
  });
  it('doubtful words that each lead far, and never to the bottom: the frames of all attempts count', () => {
    // Each word is a return address of a plain frame behind a doubtful call, so each attempt goes on to its limit.
    const plain: FakeFunction = { ...SERVE, frame: 0 };
    const memory = new FakeMemory();
    for (let slot = 0; slot < 0x40000; slot += 8) memory.word(SP + slot, 0x2010);
    const program = programOf([LOST, plain], memory);
    let rules = 0;
    const { ruleAt } = program;
    program.ruleAt = (pc) => {
      rules += 1;
      return ruleAt(pc);
    };
    unwind({ pc: 0x3010, sp: SP, call: 0 }, program);
    expect(rules).toBeLessThan(200_100);
  });
  it('any words on it: return addresses are code, and the stack goes up', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(0, 8, 0x1010, 0x2010, 0x3010, 0x4010, SP, SP + 64, 2 ** 50), { maxLength: 200 }),
        (words) => {
          const { pcs } = unwind(
            { pc: 0x1010, sp: SP, call: 0 },
            programOf(ALL.slice(0, 4), new FakeMemory().words(SP, ...words)),
          );
          expect(pcs.every((pc) => pc >= 0x1000 && pc < 0x4100)).toBe(true);
          expect(pcs.length).toBeLessThanOrEqual(256);
        },
      ),
      { numRuns: 300, seed: 8 },
    );
  });
});

it('the numbers of the registers are those of the ABI', () => {
  expect([RBP, RSP, RA]).toEqual([6, 7, 16]);
});
