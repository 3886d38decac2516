import fc from 'fast-check';
import { expect, it } from 'vitest';
import { StackTrie } from '../../src/evidence/stackTrie.ts';

const frames = (keys: readonly number[]) => keys.map((key) => ({ function: `f${key}` }));

it('equal stacks share one array, which is made once', () => {
  const trie = new StackTrie<number>();
  let made = 0;
  const make = () => {
    made += 1;
    return frames([1, 2]);
  };
  expect(trie.framesOf([1, 2], make)).toBe(trie.framesOf([1, 2], make));
  expect(made).toBe(1);
});

it('a stack that is the beginning of another is another one', () => {
  const trie = new StackTrie<number>();
  const short = trie.framesOf([1], () => frames([1]));
  const long = trie.framesOf([1, 2], () => frames([1, 2]));
  expect([short.length, long.length, trie.framesOf([], () => []).length]).toEqual([1, 2, 0]);
});

it('any stacks: the array is that of its keys', () => {
  const trie = new StackTrie<number>();
  fc.assert(
    fc.property(fc.array(fc.nat(4), { maxLength: 6 }), (keys) => {
      expect(trie.framesOf(keys, () => frames(keys))).toEqual(frames(keys));
    }),
    { numRuns: 300, seed: 16 },
  );
});
