import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MapsHints } from '../../src/engine/mapsHints.ts';
import { type FakeProc, makeProc } from '../fixtures/procTree.ts';

let proc: FakeProc;
beforeEach(() => {
  proc = makeProc();
});
afterEach(() => proc.remove());

/** A process that ran for so many ms in all, with so many pages. */
const put = (pid: number, ranMs: number, pages = 100): void =>
  proc.put({ pid, files: { schedstat: `${ranMs * 1e6} 0 1\n`, statm: `${pages} 1 1 1 0 1 0\n` } });

/** Each look costs so much. */
function scene(costMs = 0) {
  let nowMs = 0;
  return new MapsHints(proc.root, () => {
    nowMs += costMs;
    return nowMs;
  });
}

describe('who may have made maps', () => {
  it.each<[string, number, number, number[]]>([
    ['one that ran for more than 2 % of the time', 21, 100, [1]],
    ['not one that ran for less', 20, 100, []],
    ['one that gained more than 256 pages without running', 0, 357, [1]],
    ['not one that gained fewer', 0, 356, []],
    ['not one that gave pages back', 0, 1, []],
  ])('%s', (_, ranMs, pages, want) => {
    const hints = scene();
    put(1, 0);
    hints.look(0, () => [1]);
    put(1, ranMs, pages);
    expect(hints.look(1_000, () => [1])).toEqual(want);
  });
  it('the eight busiest, the busiest first', () => {
    const hints = scene();
    const pids = Array.from({ length: 10 }, (_, index) => index + 1);
    for (const pid of pids) put(pid, 0);
    hints.look(0, () => pids);
    for (const pid of pids) put(pid, 100 * pid);
    expect(hints.look(1_000, () => pids)).toEqual([10, 9, 8, 7, 6, 5, 4, 3]);
  });
  it('one that is gone is left out, and one that comes back under its pid begins anew', () => {
    const hints = scene();
    put(1, 0);
    hints.look(0, () => [1, 2]);
    proc.vanish(1);
    expect(hints.look(1_000, () => [1, 2])).toEqual([]);
    put(1, 900);
    expect(hints.look(2_000, () => [1])).toEqual([]);
  });
});

describe('how often', () => {
  it('twice a second, and no list is asked for in between', () => {
    const hints = scene();
    let asked = 0;
    const processes = (): number[] => {
      asked += 1;
      return [];
    };
    const seen = [0, 499, 500, 600, 1_000].map((nowMs) => hints.look(nowMs, processes) !== undefined);
    expect([seen, asked]).toEqual([[true, false, true, false, true], 3]);
  });
  it('less often where it is dear', () => {
    const hints = scene(20);
    const seen = [0, 500, 1_999, 2_000].map((nowMs) => hints.look(nowMs, () => []) !== undefined);
    expect(seen).toEqual([true, false, false, true]);
  });
  it('a list that cannot be had is asked for again at the next look', () => {
    const hints = scene();
    const broken = (): never => {
      throw new Error('EIO');
    };
    expect(() => hints.look(0, broken)).toThrow('EIO');
    expect(hints.look(1, () => [])).toEqual([]);
  });
});
