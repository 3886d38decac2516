import { describe, expect, it } from 'vitest';
import { ColdTrack } from '../../src/engine/coldTrack.ts';

function scene(over: { line: number | undefined } = { line: 10_000 }) {
  const now: { tasks: number | 'gone'; refused: number | undefined } = { tasks: 10, refused: 0 };
  const woken: ColdTrack[] = [];
  const problems: string[] = [];
  const meter = { tasks: () => now.tasks, refused: () => now.refused, close: () => {} };
  const open = (): never => {
    throw new Error('a cold one opens nothing');
  };
  const cold = new ColdTrack(
    { id: 'unit:a.service', ...over, meter, open },
    { wake: (one) => void woken.push(one), problem: (problem) => void problems.push(problem) },
  );
  const look = (nowMs: number, change: Partial<typeof now> = {}) => {
    Object.assign(now, change);
    return cold.look(nowMs);
  };
  return { cold, look, woken, problems };
}

describe('what wakes it', () => {
  it.each<[string, number, number, number]>([
    ['64 more', 10, 74, 1],
    ['not 63', 10, 73, 0],
    ['a quarter more of many', 1_000, 1_250, 1],
    ['and not less', 1_000, 1_249, 0],
    ['half of its line', 4_990, 5_000, 1],
    ['not just below it', 4_990, 4_999, 0],
  ])('%s', (_, before, after, times) => {
    const { look, woken } = scene();
    look(0, { tasks: before });
    look(1, { tasks: after });
    expect(woken).toHaveLength(times);
  });
  it('one refusal, but not those from before the first look', () => {
    const { cold, look, woken } = scene();
    look(0, { refused: 900 });
    look(100);
    expect(woken).toEqual([]);
    look(200, { refused: 901 });
    expect(woken).toEqual([cold]);
  });
  it('a first look at one that stands at its line', () => {
    const { look, woken } = scene();
    look(0, { tasks: 9_000 });
    expect(woken).toHaveLength(1);
  });
  it('a level that it has held for hours is its own', () => {
    const { look, woken } = scene();
    look(0, { tasks: 10 });
    look(1_000, { tasks: 60 });
    look(36_000_000, { tasks: 60 });
    look(36_001_000, { tasks: 110 });
    expect(woken).toEqual([]);
  });
});

it.each<[number | undefined, number, number]>([
  [undefined, 10, 5_000],
  [1_000_000, 10, 5_000],
  [10_000, 1_000, 1_000],
  [10_000, 4_999, 100],
  [10_000, 9_999, 100],
])('with a line of %s and %d tasks the next glance is in %d ms', (line, tasks, ms) => {
  const { look } = scene({ line });
  expect(look(0, { tasks })).toBe(ms);
});

it('one that is gone is not woken', () => {
  const { look, woken } = scene();
  look(0);
  expect([look(100, { tasks: 'gone', refused: 9 }), woken]).toEqual(['gone', []]);
});

describe('a look that threw', () => {
  const eio = Object.assign(new Error('read'), { code: 'EIO' });
  it('is tried again in a second, and said once', () => {
    const { cold, problems } = scene();
    expect([cold.failed(eio), cold.failed(eio)]).toEqual([1_000, 1_000]);
    expect(problems).toEqual(['unit:a.service could not be looked at (EIO); it is tried again']);
  });
  it('another reason is said too, and the same one again after a good look', () => {
    const { cold, look, problems } = scene();
    cold.failed(eio);
    cold.failed(new Error('odd'));
    look(0);
    cold.failed(new Error('odd'));
    expect(problems.map((one) => /\((.*)\)/.exec(one)?.[1])).toEqual(['EIO', 'odd', 'odd']);
  });
});
