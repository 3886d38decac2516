import { describe, expect, it } from 'vitest';
import { type MapEntry, pairedStacks, stackShape } from '../../src/core/stackShape.ts';

const PAGE = 4096;
const map = (start: number, pages: number, perms: string, path = ''): MapEntry => ({
  start,
  end: start + pages * PAGE,
  perms,
  path,
});
/** `count` stacks of 64 pages, each above a guard of one page, 16 MiB apart. */
const guarded = (count: number) =>
  Array.from({ length: count }, (_, index) => [
    map(index * (1 << 24), 1, '---p'),
    map(index * (1 << 24) + PAGE, 64, 'rw-p'),
  ]).flat();
const pointers = (count: number) => Array.from({ length: count }, (_, index) => index * (1 << 24) + PAGE + 100);

describe('stackShape', () => {
  it('a stack and its guard are two maps', () => {
    expect(stackShape(guarded(10), pointers(10))).toMatchObject({
      mapsPerThread: 2,
      stackBytes: 64 * PAGE,
      guardBytes: PAGE,
    });
  });
  it('stacks without a guard that merged cost none, and nobody knows how long each is', () => {
    const merged = [map(PAGE, 1000, 'rw-p')];
    expect(
      stackShape(
        merged,
        [1, 2, 3, 4, 5, 6].map((page) => page * PAGE + 8),
      ),
    ).toMatchObject({
      mapsPerThread: 0,
      stackBytes: 0,
      guardBytes: 0,
    });
  });
  it('a file below a stack is no guard', () => {
    const maps = guarded(5).map((entry) => (entry.perms === '---p' ? { ...entry, path: '/lib/x.so' } : entry));
    expect(stackShape(maps, pointers(5))?.mapsPerThread).toBe(1);
  });
  it('the main thread says nothing, nor do three others or pointers into nowhere', () => {
    expect(stackShape([map(0, 9, 'rw-p', '[stack]')], [1, 2, 3, 4, 5])).toBeUndefined();
    expect(stackShape(guarded(3), pointers(3))).toBeUndefined();
    expect(stackShape([], [1, 2, 3, 4])).toBeUndefined();
  });
});

describe('pairedStacks', () => {
  it('finds what most threads own', () => {
    expect(pairedStacks([...guarded(10), map(1 << 30, 3, 'rw-p')], 11)).toMatchObject({
      mapsPerThread: 2,
      stackBytes: 64 * PAGE,
      guardBytes: PAGE,
    });
  });
  it('does not take a few pairs for the stacks of many threads', () => {
    expect(pairedStacks(guarded(5), 100)).toBeUndefined();
  });
});
