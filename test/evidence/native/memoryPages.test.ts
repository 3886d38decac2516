import { expect, it } from 'vitest';
import { openPages } from '../../../src/evidence/native/memoryPages.ts';
import { FakeMemory } from '../builders/fakeMemory.ts';

const AT = 0x7e00_0000_0000;

it('values of one page are read at once, and again after a refresh', () => {
  const memory = new FakeMemory().words(AT, 7, 2 ** 47 - 8).int32(AT + 16, -5);
  const pages = openPages(memory.open());
  const values = () => [
    pages.readWord(AT),
    pages.readWord(AT + 8),
    pages.readInt32(AT + 16),
    pages.readByte(AT + 16),
    memory.reads,
  ];
  expect(values()).toEqual([7, 2 ** 47 - 8, -5, 0xfb, 1]);
  memory.word(AT, 8);
  expect(pages.readWord(AT)).toBe(7);
  pages.refresh();
  expect([pages.readWord(AT), memory.reads]).toEqual([8, 2]);
});

it.for([
  ['where nothing is mapped', AT + 4096],
  ['across the end of a page', AT + 4092],
  ['what is no address', -8],
  ['what no double holds', 2 ** 60],
  ['no number', Number.NaN],
] as const)('nothing %s', ([, address]) => {
  const memory = new FakeMemory().word(AT, 7);
  expect(openPages(memory.open()).readWord(address)).toBeUndefined();
});

it('however many pages are asked for, few are kept', () => {
  const memory = new FakeMemory();
  for (let page = 0; page < 100; page += 1) memory.word(AT + page * 4096, page);
  const pages = openPages(memory.open());
  for (let page = 0; page < 100; page += 1) expect(pages.readWord(AT + page * 4096)).toBe(page);
});
