import { describe, expect, it } from 'vitest';
import { readDebugOffsets } from '../../src/evidence/python/debugOffsets.ts';
import { layoutOf } from '../../src/evidence/python/knownLayouts.ts';
import { lineOf } from '../../src/evidence/python/lines.ts';

const bytes = (...values: number[]) => Buffer.from(values.map((value) => value & 0xff));

describe('lineOf', () => {
  // def f(): (1) / a = 1 (2) / b = 2 (4), as each version's compiler writes it.
  it.for([
    ['lnotab: the first line', 'lnotab', bytes(0, 1, 4, 2), 0, 2],
    ['lnotab: the last instruction of a line', 'lnotab', bytes(0, 1, 4, 2), 3, 2],
    ['lnotab: the next one', 'lnotab', bytes(0, 1, 4, 2), 4, 4],
    ['lnotab: backwards, as loops are', 'lnotab', bytes(0, 3, 4, -2), 6, 2],
    ['pairs: the first range', 'pairs', bytes(4, 1, 8, 2), 0, 2],
    ['pairs: its end is not in it', 'pairs', bytes(4, 1, 8, 2), 4, 4],
    ['pairs: no line', 'pairs', bytes(4, 1, 2, -128, 8, 2), 5, undefined],
    ['pairs: after a range without one', 'pairs', bytes(4, 1, 2, -128, 8, 2), 6, 4],
    ['locations: one line form', 'locations', bytes(0x80 | (11 << 3) | 1, 0, 0), 2, 2],
    ['locations: short form', 'locations', bytes(0x80 | (11 << 3), 0, 0, 0x80 | (3 << 3) | 3, 0x11), 6, 2],
    ['locations: long form, line back by 3', 'locations', bytes(0x80 | (14 << 3), 7, 0, 0, 0), 0, -2],
    ['locations: no column', 'locations', bytes(0x80 | (13 << 3), ((2 * 30) & 0x3f) | 0x40, 0), 0, 31],
    ['locations: none', 'locations', bytes(0x80 | (15 << 3)), 0, undefined],
    ['locations: past the end', 'locations', bytes(0x80 | (11 << 3), 0, 0), 100, undefined],
    ['locations: cut short', 'locations', bytes(0x80 | (14 << 3), 0x40), 0, undefined],
    ['an empty table', 'pairs', bytes(), 0, undefined],
  ] as const)('%s', ([, kind, table, offset, want]) => {
    expect(lineOf(kind, table, 1, offset)).toBe(want);
  });
});

describe('layouts', () => {
  it.for(['3.8', '3.9', '3.10', '3.11', '3.12'])('%s is known', (version) => {
    expect(layoutOf(version)?.version).toBe(version);
  });
  it.for(['2.7', '3.7', '3.13', ''])('%s has no table of its own', (version) => {
    expect(layoutOf(version)).toBeUndefined();
  });
  it('3.13 describes itself', () => {
    // The offsets of 3.13.0, as its headers give them.
    const words = [
      0x030d00f0n,
      0n,
      400_000n,
      600n,
      632n,
      250_000n,
      7256n,
      7264n,
      7344n,
      0n,
      0n,
      0n,
      0n,
      0n,
      0n,
      0n,
      0n,
      0n,
      700n,
      0n,
      8n,
      16n,
      72n,
      152n,
      160n,
      200n,
      40n,
      80n,
      8n,
      0n,
      56n,
      72n,
      70n,
      216n,
      112n,
      120n,
      128n,
      136n,
      68n,
      52n,
      96n,
      104n,
      200n,
    ];
    const head = Buffer.alloc(512);
    head.write('xdebugpy', 'latin1');
    for (const [index, word] of words.entries()) head.writeBigUInt64LE(word, 8 + 8 * index);
    expect(readDebugOffsets(head)).toMatchObject({
      version: '3.13',
      runtime: { interpretersHead: 632 },
      interpreter: { next: 7264, threadsHead: 7344 },
      thread: { next: 8, threadId: 152, nativeThreadId: 160, frame: [72] },
      frame: { previous: 8, code: 0, instruction: 56 },
      code: { filename: 112, name: 128, firstLine: 68, lines: 136, instructions: 200 },
    });
    head.writeBigUInt64LE(1n, 16);
    expect(readDebugOffsets(head), 'without the GIL').toBeUndefined();
  });
  it('no cookie, or offsets outside of their structures: not understood', () => {
    expect(readDebugOffsets(Buffer.alloc(512))).toBeUndefined();
    const head = Buffer.alloc(512, 0xff);
    head.write('xdebugpy', 'latin1');
    expect(readDebugOffsets(head)).toBeUndefined();
  });
});
