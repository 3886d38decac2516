import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { demangle } from '../../src/evidence/demangle.ts';
import { Cursor } from '../../src/evidence/elf/bytes.ts';
import { addressOf, type ByteSource, type Elf, PT_LOAD, parseElf, readAt } from '../../src/evidence/elf/elf.ts';
import { evaluate } from '../../src/evidence/elf/expression.ts';
import { readSymbols } from '../../src/evidence/elf/symbols.ts';
import { RA } from '../../src/evidence/elf/unwindRule.ts';
import { findUnwindRule } from '../../src/evidence/elf/unwindTable.ts';
import { parseThreadDump } from '../../src/evidence/jvm/threadDump.ts';
import { calledBefore } from '../../src/evidence/native/callSite.ts';
import { lineOf } from '../../src/evidence/python/lines.ts';

const source = (bytes: Buffer): ByteSource => ({
  read: (offset, length) =>
    offset >= 0 && offset < bytes.length ? bytes.subarray(offset, Math.min(bytes.length, offset + length)) : undefined,
});
const isElf = (found: ReturnType<typeof parseElf>): found is Elf => !('error' in found);

/** A small program of this machine with an unwind table. */
const SMALL = readFileSync('/bin/true');

describe('parseElf', () => {
  it.for([
    ['nothing', Buffer.alloc(0), /too short/],
    ['a script', Buffer.from(`#!/bin/sh\n${' '.repeat(64)}`), /no ELF/],
    ['32 bits', Buffer.from(`\x7fELF\x01\x01${'\0'.repeat(64)}`, 'latin1'), /64-bit/],
    ['big-endian', Buffer.from(`\x7fELF\x02\x02${'\0'.repeat(64)}`, 'latin1'), /little-endian/],
  ] as const)('%s is refused in words', ([, bytes, message]) => {
    expect(parseElf(source(bytes))).toEqual({ error: expect.stringMatching(message) });
  });
  it('this Node: its own functions by address, from a file of 100 MB that is never read whole', () => {
    const fd = openSync(process.execPath, 'r');
    let most = 0;
    const elf = parseElf({
      read: (offset, length) => {
        const bytes = Buffer.alloc(Math.min(length, fstatSync(fd).size - offset));
        most = Math.max(most, bytes.length);
        return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, offset));
      },
    });
    if (!isElf(elf)) throw new Error(elf.error);
    const segment = elf.segments.find(({ isExecutable, type }) => type === PT_LOAD && isExecutable);
    expect(addressOf(elf, segment?.offset ?? -1)).toBe(segment?.address);
    const start = readSymbols(elf).addressOf('_ZN4node5StartEiPPc') ?? 0;
    const rule = findUnwindRule(elf, start);
    expect(rule).toMatchObject({
      functionStart: start,
      isBottom: false,
      cfa: { kind: 'register', register: 7, offset: 8 },
    });
    expect(readSymbols(elf).find(start + 1)?.start).toBe(start);
    expect(most).toBeLessThan(fstatSync(fd).size);
    closeSync(fd);
  });
});

describe('findUnwindRule', () => {
  it('a small program: every function that the table names has a rule with a return address', () => {
    const elf = parseElf(source(SMALL));
    if (!isElf(elf)) throw new Error(elf.error);
    const code = elf.segments.find(({ isExecutable, type }) => type === PT_LOAD && isExecutable);
    let rules = 0;
    for (let at = code?.address ?? 0; at < (code?.address ?? 0) + (code?.fileSize ?? 0); at += 16) {
      const rule = findUnwindRule(elf, at);
      if (rule === undefined) continue;
      rules += 1;
      expect(at).toBeGreaterThanOrEqual(rule.functionStart);
      expect(at).toBeLessThan(rule.functionEnd);
      expect(rule.isBottom || rule.registers.some(([register]) => register === RA)).toBe(true);
    }
    expect(rules).toBeGreaterThan(100);
  });
});

describe('evaluate', () => {
  const machine = { register: (number: number) => (number === 7 ? 1000 : undefined), read: (at: number) => at + 1 };
  it.for([
    ['breg7 +8', [0x77, 8], 1008],
    ['breg7 -8', [0x77, 0x78], 992],
    ['deref', [0x77, 0, 0x06], 1001],
    ['plus_uconst', [0x31, 0x23, 4], 5],
    // What the linker writes for a PLT: rsp + 8 + ((rip & 15) >= 11) << 3, here with rsp for rip.
    ['a PLT', [0x77, 8, 0x77, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22], 1008],
    ['an address rounded down', [0x77, 5, 0x09, 0xf0, 0x1a], 992],
    ['a register that is not known', [0x76, 0], undefined],
    ['an operation that is not known', [0xff], undefined],
    ['an empty stack', [0x22], undefined],
    ['cut short', [0x0c, 1], undefined],
  ] as const)('%s', ([, code, want]) => {
    expect(evaluate(Buffer.from(code), machine)).toBe(want);
  });
});

it.for([
  ['call rel32', [0x90, 0x90, 0xe8, 0x10, 0, 0, 0], 0x1010],
  ['call rel32 backwards', [0x90, 0x90, 0xe8, 0xf0, 0xff, 0xff, 0xff], 0xff0],
  ['call *%rax', [0x90, 0x90, 0x90, 0x90, 0x90, 0xff, 0xd0], 'maybe'],
  ['call *8(%rax)', [0x90, 0x90, 0x90, 0x90, 0xff, 0x50, 8], 'maybe'],
  ['call *got(%rip)', [0x90, 0xff, 0x15, 1, 2, 3, 4], 'maybe'],
  ['no call', [0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0xc3], 'no'],
  ['jmp *%rax', [0x90, 0x90, 0x90, 0x90, 0x90, 0xff, 0xe0], 'no'],
] as const)('before a return address: %s', ([, bytes, want]) => {
  expect(calledBefore(Buffer.from(bytes), 0x1000)).toBe(want);
});

it.for([
  ['_ZN6Server5serveEi', 'Server::serve(int)'],
  ['_ZN4core3ptr13drop_in_place17h0123456789abcdefE', 'core::ptr::drop_in_place'],
  ['_RNvCs15kBYyAo9fc_7mycrate7example', 'mycrate::example'],
  ['main', 'main'],
  ['_Z', '_Z'],
] as const)('%s', ([name, want]) => {
  expect(demangle(name)).toBe(want);
});

describe('corrupted input is an error value, never a throw or a loop', () => {
  const flips = fc.array(fc.tuple(fc.nat(SMALL.length - 1), fc.nat(255)), { minLength: 1, maxLength: 64 });
  it('ELF files, their symbols and unwind tables', () => {
    fc.assert(
      fc.property(flips, fc.nat(SMALL.length), (changes, length) => {
        const bytes = Buffer.from(SMALL.subarray(0, Math.max(64, length)));
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        // Headers and tables are hit far more often than code.
        for (const [at, value] of changes) bytes.writeUInt8((bytes[16 + (at % 48)] ?? 0) ^ (value & 1), 16 + (at % 48));
        const elf = parseElf(source(bytes));
        if (!isElf(elf)) return;
        readSymbols(elf).find(0x2000);
        readAt(elf, 0x2000, 64);
        for (let at = 0x1000; at < 0x5000; at += 512) findUnwindRule(elf, at);
      }),
      { numRuns: 500 },
    );
  });
  it('expressions, line tables, thread dumps and numbers', () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(bytes, fc.nat(1000), (raw, offset) => {
        const buffer = Buffer.from(raw);
        evaluate(buffer, { register: () => 4096, read: () => 8 });
        for (const kind of ['lnotab', 'pairs', 'locations'] as const) lineOf(kind, buffer, 1, offset);
        const cursor = new Cursor(buffer);
        while (!cursor.isDone) {
          cursor.uleb();
          cursor.sleb();
          cursor.text();
        }
      }),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            '"a" nid=0x1 ',
            '\tat a.b(c:1)',
            '"',
            '   java.lang.Thread.State: X',
            'JNI global refs:',
            'x',
          ),
        ),
        (lines) => {
          parseThreadDump(lines.join('\n'));
        },
      ),
    );
  });
});
