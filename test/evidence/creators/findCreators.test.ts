import { describe, expect, it } from 'vitest';
import type { Creator } from '../../../src/core/creators.ts';
import type { TaskStack } from '../../../src/core/stack.ts';
import { type CreatorSearch, type CreatorSource, NOT_SAMPLED } from '../../../src/evidence/creators/creatorSource.ts';
import { findCreators, knownCreators } from '../../../src/evidence/creators/findCreators.ts';
import type { Dump } from '../../../src/evidence/dumpProcesses.ts';
import { FakeClock } from '../builders/fakeClock.ts';
import { MAKING } from '../builders/fakeSampled.ts';

const task = (pid: number, frames: TaskStack['frames'] = []): TaskStack => ({
  pid,
  tid: pid,
  name: 'worker',
  wait: 'read',
  runtime: 'native',
  frames,
  isWhole: true,
  cpuTicks: 0,
  startTime: 0,
});
/** A dump of processes with these sources, the largest first. */
const dumpOf = (processes: readonly (readonly CreatorSource[])[], more: Partial<Dump> = {}): Dump => ({
  found: 1,
  covered: 1,
  stacks: [],
  tookMs: 1,
  stoppedMs: 0,
  runtimes: [],
  notes: [],
  raw: [],
  processes: processes.map((creators, index) => ({ pid: 10 + index, creators })),
  ...more,
});
const exact = (name: string): Creator[] => [{ count: 3, share: 1, source: 'counted', frames: [{ function: name }] }];
const sampled = (stops: number) => ({
  ...NOT_SAMPLED,
  samples: [{ runtime: 'native' as const, frames: MAKING }],
  stops,
  stoppedMs: 4 * stops,
  longestStopMs: stops > 0 ? 4 : 0,
});

function find(dump: Dump, timeoutMs = 100) {
  const clock = new FakeClock();
  const found = findCreators(dump, { now: clock.now, wait: clock.wait, timeoutMs, pause: () => () => {} });
  return { ...found, clock };
}

describe('what is known exactly', () => {
  it('counts, and nothing is stopped for it', () => {
    const sample = () => {
      throw new Error('must not be sampled');
    };
    const { cost, creators, notes } = find(dumpOf([[{ sample }], [{ count: () => exact('grow'), sample }]]));
    expect(creators).toEqual(exact('grow'));
    expect({ cost, notes }).toEqual({ cost: NOT_SAMPLED, notes: [] });
  });
  it('of several the largest process comes first', () => {
    const { creators } = find(dumpOf([[{ count: () => exact('first') }], [{ count: () => exact('second') }]]));
    expect(creators[0]?.frames[0]?.function).toBe('first');
  });
  it('each process is given its own stacks', () => {
    const seen: number[][] = [];
    const count = ({ stacks }: CreatorSearch) => {
      seen.push(stacks.map(({ pid }) => pid));
      return [];
    };
    find(dumpOf([[{ count }], [{ count }]], { stacks: [task(10), task(11), task(11)] }));
    expect(seen).toEqual([[10], [11, 11]]);
  });
  it('is all that a plain dump tells', () => {
    const clock = new FakeClock();
    const source = { count: ({ stopMs }: CreatorSearch) => (stopMs === 0 ? exact('grow') : []) };
    expect(knownCreators(dumpOf([[source]]), clock.now)).toEqual(exact('grow'));
  });
});

describe('what must be caught', () => {
  it('is ranked, and says in how many stops', () => {
    const { cost, creators } = find(dumpOf([[{ sample: () => sampled(12) }]]));
    expect(creators).toMatchObject([{ count: 1, source: 'caught making them once in 12 stops' }]);
    expect(cost).toMatchObject({ stops: 12, stoppedMs: 48, longestStopMs: 4 });
  });
  it('without stops it says that', () => {
    const { creators } = find(dumpOf([[{ sample: () => sampled(0) }]]));
    expect(creators[0]?.source).toBe('caught making them once in stacks read one after another');
  });
  it('only the largest process may be stopped, and for 200 ms at most', () => {
    const allowed: number[] = [];
    const source = (): CreatorSource => ({
      sample: ({ stopMs }) => {
        allowed.push(stopMs);
        return sampled(0);
      },
    });
    find(dumpOf([[source()], [source()], [source()]]), 5_000);
    expect(allowed).toEqual([200, 0, 0]);
  });
  it('of one process the first source that samples is used', () => {
    const never = { sample: () => expect.unreachable('the second source') };
    const { creators } = find(dumpOf([[{ count: () => [] }, { sample: () => sampled(0) }, never]]));
    expect(creators).toHaveLength(1);
  });
  it('the stacks of the dump count too', () => {
    const { creators } = find(dumpOf([[]], { stacks: [task(10, MAKING), task(10, MAKING)] }));
    expect(creators).toMatchObject([{ count: 2, share: 1 }]);
  });
  it('nobody was caught', () => {
    expect(find(dumpOf([[{ sample: () => NOT_SAMPLED }]]))).toMatchObject({ creators: [], notes: [] });
    expect(find(dumpOf([]))).toMatchObject({ creators: [], cost: NOT_SAMPLED });
  });
  it('in less than 20 ms nobody would be', () => {
    let asked = 0;
    const sample = () => {
      asked += 1;
      return sampled(1);
    };
    find(dumpOf([[{ sample }]]), 19);
    find(dumpOf([[{ sample }]]), -5);
    expect(asked).toBe(0);
  });
  it('the next process is asked only if there is time left', () => {
    const clock = new FakeClock();
    const asked: number[] = [];
    const slow = (pid: number): CreatorSource => ({
      sample: () => {
        asked.push(pid);
        clock.pass(90);
        return NOT_SAMPLED;
      },
    });
    findCreators(dumpOf([[slow(10)], [slow(11)], [slow(12)]]), {
      now: clock.now,
      timeoutMs: 150,
      pause: () => undefined,
    });
    expect(asked).toEqual([10, 11]);
  });
});

it('the stop for the stacks is a cost too', () => {
  const { cost } = find(dumpOf([[{ sample: () => sampled(2) }]], { stoppedMs: 90 }));
  expect(cost).toMatchObject({ stops: 3, stoppedMs: 98, longestStopMs: 90 });
});

it('a source that fails is told, and the others go on', () => {
  const broken: CreatorSource = {
    count: () => {
      throw new Error('broken count');
    },
    sample: () => {
      throw new Error('broken sample');
    },
  };
  const { creators, notes } = find(dumpOf([[broken], [{ sample: () => sampled(0) }]]));
  expect(creators).toHaveLength(1);
  expect(notes).toEqual([
    'the search for who makes the threads of process 10 failed: broken count',
    'the search for who makes the threads of process 10 failed: broken sample',
  ]);
});
