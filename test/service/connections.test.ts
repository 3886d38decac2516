import { describe, expect, it } from 'vitest';
import { Connections, mostConnections } from '../../src/service/connections.ts';

/** A few connections that note who was ended. */
function scene(most: number) {
  const ended: string[] = [];
  const connections = new Connections<{ destroy(): void }>(most);
  const made = new Map<string, { destroy(): void }>();
  const one = (name: string) => {
    const known = made.get(name) ?? { destroy: () => void ended.push(name) };
    made.set(name, known);
    return known;
  };
  return {
    connections,
    ended,
    add: (...names: string[]) => {
      for (const name of names) connections.add(one(name));
    },
    asks: (name: string) => connections.asks(one(name)),
    rests: (name: string) => connections.rests(one(name)),
    remove: (name: string) => connections.remove(one(name)),
  };
}

describe('one connection too many', () => {
  it('ends nothing as long as there is room', () => {
    const { add, connections, ended } = scene(3);
    add('a', 'b', 'c');
    expect([connections.size, ended]).toEqual([3, []]);
  });
  it('ends the one that has said nothing for longest', () => {
    const { add, connections, ended } = scene(3);
    add('a', 'b', 'c', 'd', 'e');
    expect([connections.size, ended]).toEqual([3, ['a', 'b']]);
  });
  it('ends the longest idle before one that is about to ask', () => {
    const { add, asks, ended, rests } = scene(3);
    add('new', 'a', 'b');
    for (const name of ['a', 'b']) asks(name);
    for (const name of ['b', 'a']) rests(name);
    add('x', 'y');
    expect(ended).toEqual(['b', 'a']);
  });
  it('leaves one that waits for its answer alone as long as there are others', () => {
    const { add, asks, ended } = scene(2);
    add('a');
    asks('a');
    for (let count = 0; count < 1_000; count += 1) add(`x${count}`);
    expect(ended).not.toContain('a');
    expect(ended).toHaveLength(999);
  });
  it('ends the one that has waited for longest where all wait', () => {
    const { add, asks, connections, ended } = scene(2);
    for (const name of ['a', 'b', 'c']) {
      add(name);
      asks(name);
    }
    expect([connections.size, ended]).toEqual([2, ['a']]);
  });
  it('one that has gone by itself is not ended, and has no place any more', () => {
    const { add, asks, connections, ended, remove, rests } = scene(2);
    add('a', 'b');
    expect([remove('a'), remove('a')]).toEqual([true, false]);
    asks('a');
    rests('a');
    add('c');
    expect([connections.size, ended]).toEqual([2, []]);
  });
});

describe('how many connections fit', () => {
  it.each([
    [undefined, 16],
    [0, 16],
    [128, 16],
    [256, 40],
    [1_024, 232],
    [1 << 20, 256],
    [Number.POSITIVE_INFINITY, 256],
  ])('with %s open files: %i', (openFiles, want) => {
    expect(mostConnections(openFiles)).toBe(want);
  });
  it('always leaves the guard as many files as it needs', () => {
    for (let openFiles = 128; openFiles < 5_000; openFiles += 1)
      expect(openFiles - mostConnections(openFiles)).toBeGreaterThanOrEqual(96);
  });
});
