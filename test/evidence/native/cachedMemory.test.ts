import { expect, it } from 'vitest';
import { cachedMemory } from '../../../src/evidence/native/cachedMemory.ts';
import { FakeMemory } from '../builders/fakeMemory.ts';

it('a page is read once; what lies in two of them, or in none, as it is', () => {
  const memory = new FakeMemory().words(0x1000, 1, 2).words(0x1ff8, 3, 4);
  const cached = cachedMemory(memory.open());
  expect(cached.read(0x1000, 8)?.readUInt32LE(0)).toBe(1);
  expect(cached.read(0x1008, 8)?.readUInt32LE(0)).toBe(2);
  expect(memory.reads).toBe(1);
  expect(cached.read(0x1ff8, 16)?.readUInt32LE(8)).toBe(4);
  for (const address of [0x8000, -8, 2 ** 60, Number.NaN]) expect(cached.read(address, 8)).toBeUndefined();
});
