import { describe, expect, it } from 'vitest';
import { type BombLine, type BombOrder, explode, parseBombLine } from '../../src/drill/bomb.ts';

const EAGAIN = 11;
const order: BombOrder = { kind: 'threads', budget: 400, most: 600, lifeMs: 1_000 };

/** Lets it explode where the kernel refuses whatever goes over `cap`; a task takes 0.05 ms to make. */
function watch(over: Partial<BombOrder>, cap: number, ownTasks = 10) {
  let nowMs = 5_000;
  const said: BombLine[] = [];
  const made = { threads: 0, forks: 0 };
  let asked = 0;
  const make = (kind: 'threads' | 'forks') => (): number => {
    nowMs += 0.05;
    asked += 1;
    if (ownTasks + made.threads + made.forks >= cap) return EAGAIN;
    made[kind] += 1;
    return 0;
  };
  explode(
    { ...order, ...over },
    {
      maker: { thread: make('threads'), process: make('forks') },
      pid: 77,
      ownTasks,
      now: () => nowMs,
      pause: (ms) => {
        nowMs += ms;
      },
      say: (line) => said.push(line),
    },
  );
  return { said, made, asked, tookMs: nowMs - 5_000 };
}

describe('the bomb', () => {
  it('makes what it may, insists when it is refused, and says so once', () => {
    const { asked, made, said } = watch({}, 400);
    expect(made).toEqual({ threads: 390, forks: 0 });
    expect(said.map(({ bomb }) => bomb)).toEqual(['started', 'refused', 'ended']);
    expect(said[1]).toMatchObject({ pid: 77, made: 390 });
    // A hundred calls of 0.05 ms, a rest of 1 ms, and so on for the rest of its second: it never lets go.
    expect(asked - 390).toBeGreaterThan(16_000);
    expect(asked - 390).toBeLessThan(17_000);
  });
  it('that nothing holds says when it is over its budget, and goes no further than it may', () => {
    const { made, said, tookMs } = watch({}, Number.POSITIVE_INFINITY);
    expect(made.threads).toBe(600);
    expect(said.map(({ bomb, made: tasks }) => [bomb, tasks])).toEqual([
      ['started', 0],
      ['over', 391],
      ['ended', 600],
    ]);
    expect(tookMs).toBeGreaterThanOrEqual(1_000);
    expect(tookMs).toBeLessThan(1_050);
  });
  it('at its budget to the very task is not over it', () => {
    expect(watch({ most: 390 }, Number.POSITIVE_INFINITY).said.map(({ bomb }) => bomb)).toEqual(['started', 'ended']);
  });
  it('makes processes where it is told to', () => {
    expect(watch({ kind: 'forks' }, 50).made).toEqual({ threads: 0, forks: 40 });
  });
  it('that has no time makes nothing', () => {
    const { asked, said } = watch({ lifeMs: 0 }, 400);
    expect(asked).toBe(0);
    expect(said.map(({ bomb }) => bomb)).toEqual(['started', 'ended']);
  });
  it('is read back from what it says', () => {
    const { said } = watch({}, 400);
    for (const line of said) expect(parseBombLine(JSON.stringify(line))).toEqual(line);
  });
  it.for([
    '',
    'null',
    '3',
    '{}',
    '{"bomb":"started"}',
    '{"bomb":1,"pid":1,"made":1,"timeMs":1}',
    '{"bomb":"started","pid"',
  ])('%j is no line of it', (text) => {
    expect(parseBombLine(text)).toBeUndefined();
  });
});
