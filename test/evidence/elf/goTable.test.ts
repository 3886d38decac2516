import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GoTable, readGoTable } from '../../../src/evidence/elf/goTable.ts';
import { RA } from '../../../src/evidence/elf/unwindRule.ts';
import { elfImage, elfOf } from '../builders/elfImage.ts';
import { type GoFunctionSpec, type GoVersion, goImage, goTableBytes } from '../builders/goTableImage.ts';

const FILES = ['/app/server.go', '/app/pool.go'];
const FUNCTIONS: readonly GoFunctionSpec[] = [
  {
    name: 'main.serve',
    start: 0x1000,
    length: 0x40,
    // The frame is made after 4 bytes and is gone for the last 8.
    stack: [
      [0x04, 0],
      [0x34, 0x28],
      [0x08, 0],
    ],
    // From 0x20 to 0x30 it is code of another file that was inlined.
    file: [
      [0x20, 0],
      [0x10, 1],
      [0x10, 0],
    ],
    line: [
      [0x10, 16],
      [0x10, 18],
      [0x10, 99],
      [0x10, 17],
    ],
  },
  { name: 'runtime.goexit.abi0', start: 0x1040, length: 0x10, file: [[0x10, 0]], line: [[0x10, 7]] },
  { name: 'runtime.sigreturn', start: 0x1050, length: 0x10 },
];
const tableOf = (
  functions: readonly GoFunctionSpec[] = FUNCTIONS,
  version: GoVersion = '1.20',
  change: (bytes: Buffer) => Buffer = (bytes) => bytes,
): GoTable | undefined => readGoTable(elfOf(goImage(change(goTableBytes(functions, FILES, version)))));

describe.each<GoVersion>(['1.16', '1.18', '1.20'])('the table of Go %s', (version) => {
  const table = tableOf(FUNCTIONS, version);
  it('function, file and line of an address', () => {
    expect(table?.find(0x1012)).toEqual({ name: 'main.serve', start: 0x1000, file: '/app/server.go', line: 18 });
    expect(table?.find(0x103f)).toMatchObject({ name: 'main.serve', line: 17 });
    expect(table?.find(0x1045)).toMatchObject({ name: 'runtime.goexit.abi0', line: 7 });
  });
  it('inlined code has the line of where the function begins', () => {
    expect(table?.find(0x1025)).toMatchObject({ file: '/app/server.go', line: 16 });
  });
  it('a function without tables has a name only', () => {
    expect(table?.find(0x1055)).toEqual({
      name: 'runtime.sigreturn',
      start: 0x1050,
      file: undefined,
      line: undefined,
    });
  });
  it.for([0xfff, 0x1060, 0, Number.NaN])('no Go code at %s', (address) => {
    expect(table?.find(address)).toBeUndefined();
    expect(table?.ruleAt(address)).toBeUndefined();
  });
  it('the frame is as large as the table says there', () => {
    const offsets = [0x1000, 0x1003, 0x1004, 0x1037, 0x1038].map((address) => table?.ruleAt(address)?.cfa);
    expect(offsets.map((cfa) => (cfa?.kind === 'register' ? cfa.offset : undefined))).toEqual([8, 8, 0x30, 0x30, 8]);
    expect(table?.ruleAt(0x1010)).toMatchObject({
      functionStart: 0x1000,
      functionEnd: 0x1040,
      registers: [[RA, { kind: 'offset', offset: -8 }]],
      isBottom: false,
      isSignal: false,
    });
  });
  it('a goroutine begins at goexit; a signal returns through sigreturn', () => {
    expect(table?.ruleAt(0x1040)).toMatchObject({ isBottom: true, functionEnd: 0x1050 });
    expect(table?.ruleAt(0x1050)).toMatchObject({ isSignal: true });
  });
});

describe('what is no table of Go', () => {
  it('a file without the section', () => {
    expect(readGoTable(elfOf(elfImage([{ name: '.text', bytes: Buffer.alloc(16), address: 0x1000 }])))).toBeUndefined();
  });
  it.for([
    ['another magic number', (bytes: Buffer) => bytes.writeUInt32LE(0x12345678, 0)],
    ['Go 1.2 to 1.15', (bytes: Buffer) => bytes.writeUInt32LE(0xfffffffb, 0)],
    ['pointers of four bytes', (bytes: Buffer) => bytes.writeUInt8(4, 7)],
    ['more functions than bytes', (bytes: Buffer) => bytes.writeUInt32LE(0x7fffffff, 8)],
  ] as const)('%s', ([, damage]) => {
    const found = tableOf(FUNCTIONS, '1.20', (bytes) => {
      damage(bytes);
      return bytes;
    });
    expect(found).toBeUndefined();
  });
  it('a header that is cut', () => {
    expect(tableOf(FUNCTIONS, '1.20', (bytes) => bytes.subarray(0, 30))).toBeUndefined();
  });
  it('the loader fills in where the code begins: until then the section says it', () => {
    const table = tableOf(FUNCTIONS, '1.20', (bytes) => {
      bytes.writeUInt32LE(0, 24);
      return bytes;
    });
    expect(table?.find(0x1012)?.name).toBe('main.serve');
  });
});

describe('damage', () => {
  it('a table that is cut after its index: no address is found in it', () => {
    const whole = goTableBytes(FUNCTIONS, FILES);
    const table = readGoTable(elfOf(goImage(whole.subarray(0, whole.length - 100))));
    expect(table?.find(0x1012)?.file).toBeUndefined();
  });
  it('a table of values without an end gives no value', () => {
    const endless: GoFunctionSpec = { ...(FUNCTIONS[0] as GoFunctionSpec), line: [[0x10, 1]] };
    expect(tableOf([endless])?.find(0x1038)).toMatchObject({ name: 'main.serve', line: undefined });
  });
  it('a number of a file that there is not: no file', () => {
    const odd: GoFunctionSpec = { ...(FUNCTIONS[0] as GoFunctionSpec), file: [[0x40, 100_000]] };
    expect(tableOf([odd])?.find(0x1012)).toMatchObject({ file: undefined });
  });
  it('any bytes in it: an answer or none, never an error or a loop', () => {
    const whole = goTableBytes(FUNCTIONS, FILES);
    const flips = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(flips, fc.nat(whole.length), (changes, length) => {
        const bytes = Buffer.from(whole.subarray(0, Math.max(80, length)));
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        const table = readGoTable(elfOf(goImage(bytes)));
        for (let address = 0xff0; address < 0x1070; address += 0x10) {
          table?.find(address);
          table?.ruleAt(address);
        }
      }),
      { numRuns: 300, seed: 4 },
    );
  });
});
