import { expect, it } from 'vitest';
import { onlineProcessors, parseProcessors } from '../../src/procfs/processors.ts';
import { kernelRoot } from '../../src/procfs/root.ts';

it.each([
  ['0\n', [0]],
  ['0-3\n', [0, 1, 2, 3]],
  ['0-1,4,6-7\n', [0, 1, 4, 6, 7]],
  ['', []],
  ['nonsense', []],
  ['0-99999999', []],
])('%j: the processors %j', (text, want) => {
  expect(parseProcessors(text)).toEqual(want);
});

it('one at least, where it cannot be read', () => {
  expect(onlineProcessors(kernelRoot('/nowhere'))).toEqual([0]);
  expect(onlineProcessors(kernelRoot())).toContain(0);
});
