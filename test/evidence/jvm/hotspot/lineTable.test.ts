import { describe, expect, it } from 'vitest';
import { lineAt, parseLineTable } from '../../../../src/evidence/jvm/hotspot/lineTable.ts';
import { PackedNumbers } from '../../../../src/evidence/jvm/hotspot/packedNumbers.ts';

describe('packed numbers', () => {
  it.for([
    ['one byte', 0, [191], 191],
    ['two bytes', 0, [192, 0], 192],
    ['two bytes, the second one large', 0, [255, 191], 255 + 191 * 64],
    ['five bytes', 0, [192, 192, 192, 192, 1], 192 + 192 * 64 + 192 * 4096 + 192 * 262_144 + 16_777_216],
    ['one byte, from JDK 20 on', 1, [1], 0],
    ['two bytes, from JDK 20 on', 1, [192, 1], 191],
  ] as const)('%s', ([, excluded, bytes, want]) => {
    expect(new PackedNumbers(Buffer.from(bytes), excluded).unsigned()).toBe(want);
  });
  it('the lowest bit is the sign', () => {
    const numbers = new PackedNumbers(Buffer.from([6, 5]), 0);
    expect([numbers.signed(), numbers.signed()]).toEqual([3, -3]);
  });
  it('past the end', () => {
    const numbers = new PackedNumbers(Buffer.from([200]), 0);
    numbers.unsigned();
    expect(numbers.isBroken).toBe(true);
  });
});

describe('line tables', () => {
  // 0: 17, then bytecode 5: 18, back to line 17 at bytecode 12.
  const rows = parseLineTable(Buffer.from([0xff, 0, 34, (5 << 3) | 1, 0xff, 14, 1, 0]), 0);
  it.for([
    [0, 17],
    [4, 17],
    [5, 18],
    [11, 18],
    [12, 17],
    [999, 17],
  ])('bytecode %i is in line %i', ([bytecode, line]) => {
    expect(lineAt(rows, bytecode as number)).toBe(line);
  });
  it('before the first row there is no line', () => {
    expect(lineAt([{ bytecode: 4, line: 9 }], 3)).toBeUndefined();
  });
  it('a table that is cut off', () => {
    expect(parseLineTable(Buffer.from([(5 << 3) | 1, 0xff, 200]), 0)).toEqual([{ bytecode: 5, line: 1 }]);
  });
});
