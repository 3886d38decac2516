import { describe, expect, it } from 'vitest';
import { openMemory } from '../../../src/evidence/native/processMemory.ts';
import { readMaps } from '../../../src/procfs/maps.ts';
import { kernelRoot } from '../../../src/procfs/root.ts';
import { FakeMemory } from '../builders/fakeMemory.ts';

const AT = 0x7f00_0000_1000;

describe('read', () => {
  const memory = new FakeMemory().write(AT, Buffer.from('hello')).open();
  it('so many bytes', () => {
    expect(memory.read(AT, 5)?.toString()).toBe('hello');
  });
  it('fewer at the end of what is mapped', () => {
    expect(memory.read(AT + 4096 - 3, 10)).toHaveLength(3);
  });
  it.for([
    ['nothing is mapped', 0x1000],
    ['below zero', -8],
    ['no address', Number.NaN],
    ['an address that a double cannot hold', 2 ** 60],
  ] as const)('%s: undefined', ([, address]) => {
    expect(memory.read(address, 8)).toBeUndefined();
  });
});

describe('a window', () => {
  it('many small values cost one read', () => {
    const fake = new FakeMemory().words(AT, 1, 2, 3, 0x7fff_ffff_f000);
    const window = fake.open().window(0, 256);
    expect([0, 8, 16, 24].map((at) => window.readWord(AT + at))).toEqual([1, 2, 3, 0x7fff_ffff_f000]);
    expect(fake.reads).toBe(1);
  });
  it('words, numbers and bytes, at any place', () => {
    const window = new FakeMemory()
      .int32(AT, -2)
      .byte(AT + 4, 7)
      .word(AT + 9, 0x1234_5678_9abc)
      .open()
      .window(0, 64);
    expect([window.readInt32(AT), window.readByte(AT + 4), window.readWord(AT + 9)]).toEqual([-2, 7, 0x1234_5678_9abc]);
  });
  it('reads backwards too', () => {
    const fake = new FakeMemory().words(AT, 1, 2, 3);
    const window = fake.open().window(64, 64);
    expect([16, 8, 0].map((at) => window.readWord(AT + at))).toEqual([3, 2, 1]);
  });
  it('at the start of a map, where nothing lies before', () => {
    const window = new FakeMemory().word(AT, 42).open().window(2048, 512);
    expect(window.readWord(AT)).toBe(42);
  });
  it('and what follows there is in the window, too', () => {
    const fake = new FakeMemory().words(AT, 1, 2, 3);
    const window = fake.open().window(2048, 512);
    expect([0, 8, 16].map((at) => window.readWord(AT + at))).toEqual([1, 2, 3]);
    // Once in vain below the map, once from its start on.
    expect(fake.reads).toBe(2);
  });
  it('at the end of a map, where nothing follows', () => {
    const window = new FakeMemory()
      .word(AT + 4088, 42)
      .open()
      .window(0, 512);
    expect(window.readWord(AT + 4088)).toBe(42);
  });
  it('a value of which a part is not mapped is none', () => {
    const window = new FakeMemory().word(AT, 1).open().window(0, 512);
    expect([window.readWord(AT + 4092), window.readInt32(AT + 4094)]).toEqual([undefined, undefined]);
  });
  it.for([0x1000, -1, Number.NaN, 2 ** 60])('nothing at %s', (address) => {
    const window = new FakeMemory().word(AT, 1).open().window(16, 16);
    expect([window.readWord(address), window.readInt32(address), window.readByte(address)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
  it('keeps what it has until it is told to forget it', () => {
    const fake = new FakeMemory().word(AT, 1);
    const window = fake.open().window(0, 64);
    expect(window.readWord(AT)).toBe(1);
    fake.word(AT, 2);
    expect(window.readWord(AT)).toBe(1);
    window.refresh();
    expect(window.readWord(AT)).toBe(2);
  });
});

describe('the memory of a real process', () => {
  it('this one: its executable begins as every ELF file does', () => {
    const memory = openMemory(kernelRoot(), process.pid);
    const first = readMaps(kernelRoot(), process.pid)?.find(({ offset, path }) => path !== '' && offset === 0);
    expect(memory?.read(first?.start ?? 0, 4)?.toString('latin1')).toBe('\x7fELF');
    expect(memory?.window(0, 64).readInt32(first?.start ?? 0)).toBe(0x464c457f);
    expect(memory?.read(0, 8)).toBeUndefined();
    memory?.close();
  });
  it('one that is gone', () => {
    expect(openMemory(kernelRoot(), 4_194_000)).toBeUndefined();
  });
});
