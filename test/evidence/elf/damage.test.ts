import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseElf, readAt } from '../../../src/evidence/elf/elf.ts';
import { readSymbols } from '../../../src/evidence/elf/symbols.ts';
import { findUnwindRule } from '../../../src/evidence/elf/unwindTable.ts';
import { sourceOf } from '../builders/elfImage.ts';
import { cfi, elfWithRules, FRAMES_AT, HEADER_AT } from '../builders/unwindTables.ts';

/** Reads all that is read of a file. */
function readAll(bytes: Buffer, from: number, to: number, step: number): void {
  const elf = parseElf(sourceOf(bytes));
  if ('error' in elf) return;
  const symbols = readSymbols(elf);
  symbols.find(from);
  symbols.addressOf('main');
  readAt(elf, from, 64);
  for (let at = from; at < to; at += step) {
    const rule = findUnwindRule(elf, at);
    // What is given is what was asked for, however the file looks.
    if (rule !== undefined) expect(rule.functionStart <= at && at < rule.functionEnd).toBe(true);
  }
}

const changed = (bytes: Buffer, changes: readonly (readonly [at: number, value: number])[]): Buffer => {
  const copy = Buffer.from(bytes);
  for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
  return copy;
};

describe('a damaged ELF file gives an answer or none, never an error or a loop', () => {
  it('a program of this machine, with bytes changed and its end cut off', () => {
    const small = readFileSync('/bin/true');
    const flips = fc.array(fc.tuple(fc.nat(small.length - 1), fc.nat(255)), { minLength: 1, maxLength: 64 });
    fc.assert(
      fc.property(flips, fc.nat(small.length), (changes, length) => {
        const bytes = changed(small.subarray(0, Math.max(64, length)), changes);
        // Headers are hit far more often than code.
        for (const [at, value] of changes) bytes.writeUInt8((bytes[16 + (at % 48)] ?? 0) ^ (value & 1), 16 + (at % 48));
        readAll(bytes, 0x1000, 0x5000, 512);
      }),
      { numRuns: 250, seed: 5 },
    );
  });
  it('a small file where every byte is a table', () => {
    const code = [...cfi.advance(4), ...cfi.remember, ...cfi.defCfaOffset(16), ...cfi.offset(6, 2), ...cfi.recall];
    const image = elfWithRules([
      { functions: [{ start: 0x1100, length: 0x100, code }] },
      { augmentation: 'zPLR', functions: [{ start: 0x1300, length: 0x100, code: cfi.defCfaExpression(0x77, 8) }] },
    ]);
    const at = fc.oneof(
      fc.integer({ min: HEADER_AT, max: HEADER_AT + 0x20 }),
      fc.integer({ min: FRAMES_AT, max: FRAMES_AT + 0x90 }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(at, fc.nat(255)), { minLength: 1, maxLength: 8 }), (changes) => {
        readAll(changed(image, changes), 0x1100, 0x1400, 0x10);
      }),
      { numRuns: 500, seed: 6 },
    );
  });
  it('any instructions', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(255), { maxLength: 60 }), (code) => {
        readAll(elfWithRules([{ functions: [{ start: 0x1100, length: 0x100, code }] }]), 0x1100, 0x1200, 0x40);
      }),
      { numRuns: 300, seed: 7 },
    );
  });
});
