import { describe, expect, it } from 'vitest';
import { oldestFirst } from '../../src/evidence/sampler.ts';

describe('oldestFirst', () => {
  it.for([
    ['the first thread leads', 100, [102, 100, 101], [100, 101, 102]],
    // A directory sorted as text hid the thread that made all others behind 256 that waited.
    ['a directory is sorted as text', 8215, [10_895, 10_896, 8215, 9000], [8215, 9000, 10_895, 10_896]],
    ['numbers begin again at the bottom', 32_000, [301, 302, 32_000, 32_767], [32_000, 32_767, 301, 302]],
    ['nobody', 1, [], []],
  ] as const)('%s', ([, pid, tids, sorted]) => {
    expect(oldestFirst(pid, tids)).toEqual(sorted);
  });
});
