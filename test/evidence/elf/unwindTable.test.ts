import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Elf, PT_LOAD } from '../../../src/evidence/elf/elf.ts';
import { RA, RBP, type RegisterRule } from '../../../src/evidence/elf/unwindRule.ts';
import { findUnwindRule } from '../../../src/evidence/elf/unwindTable.ts';
import { elfOf } from '../builders/elfImage.ts';
import { cfi, elfWithRules, FRAMES_AT, HEADER_AT, type UnitSpec, USUAL } from '../builders/unwindTables.ts';

const one = (code: readonly number[], unit: Partial<UnitSpec> = {}): Buffer =>
  elfWithRules([{ ...unit, functions: [{ start: 0x1100, length: 0x100, code }] }]);
const ruleAt = (image: Buffer, address: number) => findUnwindRule(elfOf(image), address);
const registerAt = (code: readonly number[], register: number): RegisterRule | undefined =>
  new Map(ruleAt(one(code), 0x1110)?.registers).get(register);

describe('which function', () => {
  const image = elfWithRules([
    { functions: [{ start: 0x1100, length: 0x20 }] },
    {
      functions: [
        { start: 0x1300, length: 0x10 },
        { start: 0x1200, length: 0x40 },
      ],
    },
  ]);
  it.for([
    ['its first byte', 0x1100, 0x1100],
    ['its last byte', 0x111f, 0x1100],
    ['between functions', 0x1150, undefined],
    ['of another unit', 0x1210, 0x1200],
    ['the last of all', 0x130f, 0x1300],
    ['before all', 0x1000, undefined],
    ['behind all', 0x1fff, undefined],
    ['no address', Number.NaN, undefined],
  ] as const)('%s', ([, address, want]) => {
    expect(ruleAt(image, address)?.functionStart).toBe(want);
  });
});

describe('the frame address', () => {
  it.for([
    ['what all functions of the unit begin with', [], { kind: 'register', register: 7, offset: 8 }],
    ['another register and offset', cfi.defCfa(RBP, 16), { kind: 'register', register: 6, offset: 16 }],
    ['only the register', cfi.defCfaRegister(RBP), { kind: 'register', register: 6, offset: 8 }],
    ['only the offset', cfi.defCfaOffset(48), { kind: 'register', register: 7, offset: 48 }],
    ['signed, in units of the data', cfi.defCfaSf(RBP, -2), { kind: 'register', register: 6, offset: 16 }],
    ['a signed offset', cfi.defCfaOffsetSf(-3), { kind: 'register', register: 7, offset: 24 }],
    ['an expression', cfi.defCfaExpression(0x77, 8), { kind: 'expression', code: Buffer.from([0x77, 8]) }],
  ] as const)('%s', ([, code, want]) => {
    expect(ruleAt(one(code), 0x1110)?.cfa).toEqual(want);
  });
  it.for([
    ['advance: before', cfi.advance(0x10), 0x110f, 8],
    ['advance: from there on', cfi.advance(0x10), 0x1110, 32],
    ['one byte', cfi.advance1(0x80), 0x1180, 32],
    ['two bytes', cfi.advance2(0x0081), 0x1180, 8],
    ['four bytes', cfi.advance4(0x20), 0x1120, 32],
  ] as const)('changes within the function: %s', ([, move, address, offset]) => {
    expect(ruleAt(one([...move, ...cfi.defCfaOffset(32)]), address)?.cfa).toMatchObject({ offset });
  });
  it('set_loc moves to an address', () => {
    // Relative to its own place in the record: 8 bytes of head, 8 of the function, its augmentation, the opcode.
    const at = FRAMES_AT + 0x18 + 4 + 4 + 8 + 1 + 1;
    const code = [0x01, ...new Uint8Array(new Int32Array([0x1150 - at]).buffer), ...cfi.defCfaOffset(64)];
    const image = one(code);
    expect(ruleAt(image, 0x1149)?.cfa).toMatchObject({ offset: 8 });
    expect([ruleAt(image, 0x1150)?.cfa, ruleAt(image, 0x114f)?.cfa]).toMatchObject([{ offset: 64 }, { offset: 8 }]);
  });
});

describe('registers', () => {
  it.for([
    ['offset', cfi.offset(RBP, 2), { kind: 'offset', offset: -16 }],
    ['offset_extended', cfi.offsetExtended(RBP, 3), { kind: 'offset', offset: -24 }],
    ['offset_extended_sf', cfi.offsetExtendedSf(RBP, -1), { kind: 'offset', offset: 8 }],
    ['negative_offset_extended', cfi.negativeOffset(RBP, 2), { kind: 'offset', offset: 16 }],
    ['undefined', cfi.undefinedRule(RBP), { kind: 'undefined' }],
    ['same_value', cfi.sameValue(RBP), { kind: 'same' }],
    ['register', cfi.inRegister(RBP, 3), { kind: 'register', register: 3 }],
    ['val_offset', cfi.valOffset(RBP, 2), { kind: 'valueOffset', offset: -16 }],
    ['val_offset_sf', cfi.valOffsetSf(RBP, -2), { kind: 'valueOffset', offset: 16 }],
    ['expression', cfi.expression(RBP, 0x77, 0), { kind: 'expression', code: Buffer.from([0x77, 0]) }],
    ['val_expression', cfi.valExpression(RBP, 0x31), { kind: 'valueExpression', code: Buffer.from([0x31]) }],
    ['padding and the size of arguments change nothing', [...cfi.nop, ...cfi.argsSize(300)], undefined],
  ] as const)('%s', ([, code, want]) => {
    expect(registerAt(code, RBP)).toEqual(want);
  });
  it('restore goes back to what the unit says', () => {
    expect(registerAt([...cfi.offset(RA, 5), ...cfi.restore(RA)], RA)).toEqual({ kind: 'offset', offset: -8 });
    expect(registerAt([...cfi.offset(RBP, 2), ...cfi.restoreExtended(RBP)], RBP)).toBeUndefined();
  });
  it('what is remembered comes back, with the frame address', () => {
    const code = [...cfi.remember, ...cfi.offset(RBP, 2), ...cfi.defCfaOffset(80), ...cfi.recall];
    expect(registerAt(code, RBP)).toBeUndefined();
    expect(ruleAt(one(code), 0x1110)?.cfa).toMatchObject({ offset: 8 });
  });
  it('vector registers are of no interest', () => {
    expect(ruleAt(one(cfi.offsetExtended(99, 1)), 0x1110)?.registers.map(([number]) => number)).toEqual([RA]);
  });
});

describe('what a unit says of its functions', () => {
  it('no return address: the bottom of a stack', () => {
    expect(ruleAt(one(cfi.undefinedRule(RA)), 0x1110)).toMatchObject({ isBottom: true, isSignal: false });
  });
  it.for([
    ['zRS', true],
    ['zPLR', false],
    ['zR', false],
    ['zRB', false],
  ] as const)('%s: a signal frame? %s', ([augmentation, want]) => {
    expect(ruleAt(one([], { augmentation }), 0x1110)).toMatchObject({ isSignal: want, functionStart: 0x1100 });
  });
  it('version 3 has a longer number for the return address', () => {
    expect(ruleAt(one([], { version: 3 }), 0x1110)?.functionStart).toBe(0x1100);
  });
});

describe('damage gives no rule', () => {
  it.for([
    ['an instruction that there is not', [0x3f]],
    ['a frame address that was never in a register', [...cfi.defCfaExpression(0x77, 8), ...cfi.defCfaOffset(8)]],
    ['a frame register of an expression', [...cfi.defCfaExpression(0x77, 8), ...cfi.defCfaRegister(6)]],
    ['more is recalled than remembered', cfi.recall],
    ['an expression that is longer than its record', [0x0f, ...[0xff, 0x7f]]],
    ['a number of more bytes than there are', [0x0c, ...new Array(11).fill(0xff)]],
    ['remembering without an end', new Array(2_000).fill(0x0a)],
    ['a hundred thousand instructions', new Array(110_000).fill(0)],
  ] as const)('%s', ([, code]) => {
    expect(ruleAt(one(code), 0x1110)).toBeUndefined();
  });
  it('no frame address at all', () => {
    expect(ruleAt(one([], { code: cfi.offset(RA, 1) }), 0x1110)).toBeUndefined();
  });
  it.for([
    ['an unknown version of the table', HEADER_AT, 2],
    ['another format of the table', HEADER_AT + 3, 0x1b],
    ['a unit of an unknown version', FRAMES_AT + 8, 9],
    ['a record whose length is 0', FRAMES_AT + 0x18, 0],
    ['a record that is longer than the file', FRAMES_AT + 0x1a, 0x7f],
    ['a record that claims to be a unit', FRAMES_AT + 0x1c, 0],
    ['a function whose unit is another function', FRAMES_AT + 0x1c, 4],
  ] as const)('%s', ([, at, value]) => {
    const image = one([]);
    expect(ruleAt(image, 0x1110)?.functionStart).toBe(0x1100);
    image.writeUInt8(value, at);
    expect(ruleAt(image, 0x1110)).toBeUndefined();
  });
  it('a table of more entries than the file has: it ends', () => {
    const image = one([]);
    image.writeUInt32LE(0xffffffff, HEADER_AT + 8);
    expect(ruleAt(image, 0x1110)).toBeUndefined();
  });
});

/** As gcc links a static program. */
const withoutTable = (image: Buffer): Elf => {
  const elf = elfOf(image);
  return { ...elf, segments: elf.segments.filter(({ type }) => type === PT_LOAD) };
};
const THREE = [
  { start: 0x1300, length: 0x20, code: [...cfi.defCfaOffset(24)] },
  { start: 0x1100, length: 0x20 },
  { start: 0x1200, length: 0x20, code: [...cfi.defCfaOffset(16)] },
];

describe('a static program: no search table', () => {
  it('its records are listed, in whatever order they are', () => {
    const elf = withoutTable(elfWithRules([{ functions: THREE }]));
    const found = [0x1110, 0x1210, 0x1310].map((address) => findUnwindRule(elf, address));
    expect(found.map((rule) => [rule?.functionStart, rule?.cfa])).toEqual([
      [0x1100, { kind: 'register', register: 7, offset: 8 }],
      [0x1200, { kind: 'register', register: 7, offset: 16 }],
      [0x1300, { kind: 'register', register: 7, offset: 24 }],
    ]);
    expect([0x10ff, 0x1120, 0x1320, Number.NaN].map((address) => findUnwindRule(elf, address))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
  it('without section headers they are found by their bytes', () => {
    const elf = { ...withoutTable(elfWithRules([{ functions: THREE }])), sections: [] };
    expect(findUnwindRule(elf, 0x1210)?.functionStart).toBe(0x1200);
  });
  it('one record alone may be chance', () => {
    const elf = { ...withoutTable(elfWithRules([{ functions: THREE.slice(0, 1) }])), sections: [] };
    expect(findUnwindRule(elf, 0x1310)).toBeUndefined();
  });
  it('a section that is a hole, or has only ends, gives none, and it ends', () => {
    const image = elfWithRules([{ functions: THREE }]);
    image.fill(0, FRAMES_AT, FRAMES_AT + 0x40);
    expect(findUnwindRule(withoutTable(image), 0x1210)).toBeUndefined();
  });
  it('a record that reaches out of the section ends the list', () => {
    const image = elfWithRules([{ functions: THREE }]);
    image.writeUInt32LE(0x000f_0000, FRAMES_AT);
    expect(findUnwindRule(withoutTable(image), 0x1210)).toBeUndefined();
  });
  it('a section that the time does not reach for is not read', () => {
    const elf = withoutTable(elfWithRules([{ functions: THREE }]));
    const limits = { isOver: () => false, mayLoad: () => false };
    expect(findUnwindRule({ ...elf, source: { ...elf.source, limits } }, 0x1210)).toBeUndefined();
  });
});

it('a small program of this machine: every function that the table names has a rule with a return address', () => {
  const elf = elfOf(readFileSync('/bin/true'));
  const code = elf.segments.find(({ isExecutable, type }) => type === PT_LOAD && isExecutable);
  const start = code?.address ?? 0;
  let rules = 0;
  for (let at = start; at < start + (code?.fileSize ?? 0); at += 16) {
    const rule = findUnwindRule(elf, at);
    if (rule === undefined) continue;
    rules += 1;
    expect(at).toBeGreaterThanOrEqual(rule.functionStart);
    expect(at).toBeLessThan(rule.functionEnd);
    expect(rule.isBottom || rule.registers.some(([register]) => register === RA)).toBe(true);
  }
  expect(rules).toBeGreaterThan(100);
});

it('the usual start of a unit is what compilers write', () => {
  expect(USUAL).toEqual([0x0c, 7, 8, 0x90, 1]);
});
