import { describe, expect, it } from 'vitest';
import { ElfFiles } from '../../../src/evidence/native/elfFiles.ts';
import { openNativeProcess } from '../../../src/evidence/native/nativeProcess.ts';
import { unwind } from '../../../src/evidence/native/unwind.ts';
import { kernelRoot } from '../../../src/procfs/root.ts';
import { elfImage, symbolSections } from '../builders/elfImage.ts';
import { FakeMemory } from '../builders/fakeMemory.ts';
import { goImage, goTableBytes } from '../builders/goTableImage.ts';
import { processOf } from '../builders/program.ts';
import { cfi, elfWithRules } from '../builders/unwindTables.ts';

const APP = 0x5555_5555_0000;
const LIBC = 0x7f00_0000_0000;
const SP = 0x7ffc_0000_0000;

const symbols = (...names: readonly [string, number, number][]) =>
  symbolSections(names.map(([name, start, size]) => ({ name, start, size })));
const app = {
  path: '/app/server',
  base: APP,
  image: elfWithRules(
    [
      { functions: [{ start: 0x1100, length: 0x100, code: cfi.defCfaOffset(32) }] },
      { functions: [{ start: 0x1200, length: 0x100, code: [...cfi.defCfa(6, 16), ...cfi.offset(6, 2)] }] },
    ],
    symbols(['serve', 0x1100, 0x100], ['_ZN4Pool4workEv', 0x1200, 0x100]),
  ),
};
const libc = {
  path: '/lib/libc.so.6',
  base: LIBC,
  image: elfWithRules([
    { functions: [{ start: 0x1000, length: 0x100 }] },
    { functions: [{ start: 0x1800, length: 0x100, code: cfi.undefinedRule(16) }] },
    { augmentation: 'zRS', functions: [{ start: 0x1a00, length: 0x10 }] },
  ]),
};

describe('what a program counter stands for', () => {
  const native = processOf([app, libc], new FakeMemory());
  it.for([
    ['a symbol', APP + 0x1110, false, { function: 'serve', module: 'server' }],
    ['a C++ symbol', APP + 0x1210, false, { function: 'Pool::work()', module: 'server' }],
    [
      'the last instruction of a function, as a return address',
      APP + 0x1200,
      true,
      { function: 'serve', module: 'server' },
    ],
    [
      'a function without a symbol: where it begins',
      LIBC + 0x1050,
      false,
      { function: 'libc.so.6+0x1000', module: 'libc.so.6' },
    ],
    [
      'where a signal handler returns to: its rule begins a byte before it',
      LIBC + 0x1a01,
      true,
      { function: '[signal]', module: 'libc.so.6' },
    ],
    [
      'code that nothing describes: its own place',
      LIBC + 0x1700,
      false,
      { function: 'libc.so.6+0x1700', module: 'libc.so.6' },
    ],
    ['code that was made at run time', 0x1234_0000, false, { function: '[generated code]' }],
  ] as const)('%s', ([, pc, isReturn, want]) => {
    expect(native.frameAt(pc, isReturn)).toEqual(want);
  });
  it('is one object each time: stacks are compared by it', () => {
    expect(native.frameAt(APP + 0x1110, true)).toBe(native.frameAt(APP + 0x1110, true));
  });
  it('Go has its own table, also without symbols', () => {
    const table = goTableBytes(
      [{ name: 'main.serve', start: 0x1100, length: 0x100, file: [[0x100, 0]], line: [[0x100, 16]] }],
      ['/app/server.go'],
    );
    const program = processOf([{ path: '/app/gopher', base: APP, image: goImage(table) }], new FakeMemory());
    expect(program.frameAt(APP + 0x1110, false)).toEqual({
      function: 'main.serve',
      file: '/app/server.go',
      line: 16,
      module: 'gopher',
    });
    expect(program.source.ruleAt(APP + 0x1110)).toMatchObject({
      functionStart: APP + 0x1100,
      functionEnd: APP + 0x1200,
    });
  });
});

describe('rules and calls', () => {
  it('rules have the addresses of the process', () => {
    const { source } = processOf([app], new FakeMemory());
    expect(source.ruleAt(APP + 0x1150)).toMatchObject({ functionStart: APP + 0x1100, functionEnd: APP + 0x1200 });
    expect(source.ruleAt(APP + 0x1010)).toBeUndefined();
  });
  it('another processor has none: only x86-64 is unwound', () => {
    const image = elfImage([{ name: '.text', bytes: Buffer.alloc(0x100), address: 0x1000 }], { machine: 183 });
    expect(
      processOf([{ path: '/app/arm', base: APP, image }], new FakeMemory()).source.ruleAt(APP + 0x1010),
    ).toBeUndefined();
  });
  it('what stands before a return address', () => {
    const call = (from: number, to: number) =>
      Buffer.from([0xe8, ...new Uint8Array(new Int32Array([to - from]).buffer)]);
    const memory = new FakeMemory()
      .write(APP + 0x1300, call(APP + 0x1305, APP + 0x1100))
      .write(APP + 0x1320, call(APP + 0x1325, APP + 0x1180))
      .write(APP + 0x1340, Buffer.from([0x90, 0x90, 0x90, 0x90, 0x90, 0xff, 0xd0]));
    const { source } = processOf([app], memory);
    expect(source.callsBefore(APP + 0x1305, APP + 0x1100)).toBe('yes');
    expect(source.callsBefore(APP + 0x1305, APP + 0x1200)).toBe('no');
    // Into the middle of a function: a stub or a jump on the way.
    expect(source.callsBefore(APP + 0x1325, APP + 0x1100)).toBe('maybe');
    expect(source.callsBefore(APP + 0x1347, APP + 0x1100)).toBe('maybe');
    expect(source.callsBefore(APP + 0x1390, APP + 0x1100)).toBe('no');
  });
  it('code is what is mapped as code', () => {
    const { source } = processOf([app], new FakeMemory());
    expect([APP + 0x1000, APP + 0x1fff, APP + 0x2000, SP].map(source.isCode)).toEqual([true, true, false, false]);
  });
});

it('a whole stack, from the bytes of the files and of the memory', () => {
  // libc's function is in a system call; serve called it; the thread begins in libc.
  const memory = new FakeMemory().word(SP, APP + 0x1150).word(SP + 8 + 24, LIBC + 0x1850);
  const native = processOf([app, libc], memory);
  const { isWhole, pcs } = unwind({ pc: LIBC + 0x1010, sp: SP, call: 0 }, native.source);
  expect(pcs.map((pc, index) => native.frameAt(pc, index > 0).function)).toEqual([
    'libc.so.6+0x1000',
    'serve',
    'libc.so.6+0x1800',
  ]);
  expect(isWhole).toBe(true);
});

it('the stack of another thread is read anew', () => {
  const memory = new FakeMemory().word(SP, APP + 0x1150);
  const native = processOf([app, libc], memory);
  expect(native.source.readWord(SP)).toBe(APP + 0x1150);
  memory.word(SP, 7);
  native.refresh();
  expect(native.source.readWord(SP)).toBe(7);
  native.close();
  expect(memory.isClosed).toBe(true);
});

describe('openNativeProcess', () => {
  it('this process: its modules, among them itself', () => {
    const files = new ElfFiles();
    const native = openNativeProcess(kernelRoot(), process.pid, files);
    expect(native?.modules.all().some(({ path }) => path === process.execPath)).toBe(true);
    native?.close();
    files.close();
  });
  it('one that is gone', () => {
    expect(openNativeProcess(kernelRoot(), 4_194_000, new ElfFiles())).toBeUndefined();
  });
});
