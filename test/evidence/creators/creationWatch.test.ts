import { describe, expect, it } from 'vitest';
import { CreationWatch } from '../../../src/evidence/creators/creationWatch.ts';
import type { MakerRecord } from '../../../src/evidence/creators/makers/makers.ts';
import { taskRecord } from '../builders/perfRecords.ts';

const GUARD = 1;

function orThrow<T>(value: T, isUnread: boolean): T {
  if (isUnread) throw new Error('EMFILE');
  return value;
}

/** The watch with a trace and makers that are lists, and a clock that is turned by hand. */
function openWatch({ mostAtOnce = 10_000, hasBell = true } = {}) {
  const state = {
    ring: [] as MakerRecord[],
    taken: [] as MakerRecord[],
    left: 0,
    lost: 0,
    tasks: 1,
    isUnread: false,
    processes: [] as number[],
    period: 1,
    asked: 0,
    signals: [] as (() => void)[],
    timers: [] as (() => void)[],
    drains: 0,
    isTraceClosed: false,
    areMakersClosed: false,
    alive: undefined as ReadonlySet<number> | undefined,
  };
  let nowMs = 0;
  const watch = new CreationWatch({
    trace: {
      drain: () => {
        state.drains += 1;
        return { records: state.ring.splice(0), lost: state.lost, release: () => {} };
      },
      setPeriod: (period) => {
        state.period = period;
      },
      get period() {
        return state.period;
      },
      signalOnce: () => {
        state.asked += 1;
        return hasBell;
      },
      close: () => {
        state.isTraceClosed = true;
      },
    },
    makers: {
      take: (records) => {
        state.taken.push(...records.slice(0, mostAtOnce));
        return records.slice(mostAtOnce);
      },
      isExpecting: false,
      leave: (records) => {
        state.left += records.length;
      },
      creators: (alive) => {
        state.alive = alive;
        return [{ count: state.taken.length, share: 1, source: 'test', frames: [] }];
      },
      close: () => {
        state.areMakersClosed = true;
      },
    },
    now: () => nowMs,
    later: (ms, callback) => {
      state.timers.push(() => {
        nowMs += ms;
        callback();
      });
      return () => {
        state.timers.length = 0;
      };
    },
    onSignal: (callback) => {
      state.signals.push(callback);
      return () => void state.signals.splice(0);
    },
    guard: GUARD,
    target: {
      processes: () => orThrow(state.processes, state.isUnread),
      tasks: () => orThrow(state.tasks, state.isUnread),
    },
  });
  const put = (...records: MakerRecord[]): void => {
    state.ring.push(...records);
    state.signals[0]?.();
  };
  /** Timers ring until there is none, or so many have. */
  const turn = (most = 1000): void => {
    for (let n = 0; n < most; n += 1) state.timers.shift()?.();
  };
  return { watch, state, put, turn };
}
const thread = (pid: number, task: number) => taskRecord({ pid, task });
const fork = (pid: number, task: number) => taskRecord({ pid, task, isThread: false });
const tasks = (records: readonly MakerRecord[]) => records.map((one) => (one.kind === 'task' ? one.task : -1));

/** The same, when the guard has made the command, process 10. */
function openRun(options: Parameters<typeof openWatch>[0] = {}) {
  const opened = openWatch(options);
  opened.watch.follow(10);
  return opened;
}

describe('when it reads', () => {
  it('never, while nothing is made: the kernel is asked for a signal', () => {
    const { state } = openRun();
    expect([state.asked, state.drains, state.timers.length]).toEqual([1, 1, 0]);
  });
  it('seldom, where the kernel gives none', () => {
    const { state, turn } = openRun({ hasBell: false });
    state.ring.push(thread(10, 11));
    turn(1);
    expect(tasks(state.taken)).toEqual([11]);
    turn(100);
    expect(state.timers).toHaveLength(1);
  });
  it('at once when it comes, then by the clock, and waits for a signal again when it is quiet', () => {
    const { put, state, turn } = openRun();
    put(thread(10, 11));
    expect([tasks(state.taken), state.asked, state.timers.length]).toEqual([[11], 1, 1]);
    put(thread(10, 12));
    expect(tasks(state.taken)).toEqual([11]);
    turn(1);
    expect(tasks(state.taken)).toEqual([11, 12]);
    turn();
    expect([state.asked, state.timers.length]).toEqual([2, 0]);
  });
  it('once more after it has asked: what came in between has no signal', () => {
    const { put, state, turn } = openRun();
    put(thread(10, 11));
    turn();
    const { drains } = state;
    put();
    expect(state.drains).toBe(drains + 1);
  });
});

describe('whose tasks count', () => {
  it('those that come from the command, and no others: every process of the host is recorded', () => {
    const { put, state } = openWatch();
    put(thread(500, 501), fork(GUARD, 10), fork(10, 20), thread(20, 21), thread(600, 601), thread(GUARD, 2));
    expect(tasks(state.taken)).toEqual([20, 21]);
  });
  it('a number that comes again is not its process any more', () => {
    const { put, state } = openWatch();
    put(fork(GUARD, 10), fork(10, 20), fork(500, 20), thread(20, 21));
    expect(tasks(state.taken)).toEqual([20]);
  });
  it('a process that it is told of, which ran before', () => {
    const { put, state, watch } = openWatch();
    watch.follow(77);
    put(thread(77, 78));
    expect(tasks(state.taken)).toEqual([78]);
  });
  it('where records were lost, the target is asked for its processes', () => {
    const { put, state, turn } = openRun();
    state.processes = [10, 30];
    put(thread(30, 31));
    expect(state.taken).toEqual([]);
    state.lost = 5;
    state.ring.push(thread(30, 32));
    turn(20);
    expect(tasks(state.taken)).toEqual([32]);
  });
});

it('a target that cannot be read for a moment ends nothing: this runs in a timer', () => {
  const { put, state } = openRun();
  state.isUnread = true;
  state.lost = 5;
  put(thread(10, 11), thread(30, 31));
  expect(tasks(state.taken)).toEqual([11]);
});

describe('more than there is time for', () => {
  it('waits for the next reading, in its order', () => {
    const { put, state, turn } = openRun({ mostAtOnce: 2 });
    put(...[11, 12, 13, 14, 15].map((task) => thread(10, task)));
    expect(tasks(state.taken)).toEqual([11, 12]);
    turn();
    expect(tasks(state.taken)).toEqual([11, 12, 13, 14, 15]);
    expect(state.left).toBe(0);
  });
  it('and beyond 2,000 it is counted only', () => {
    const { put, state } = openRun({ mostAtOnce: 0 });
    put(...Array.from({ length: 2_500 }, (_, index) => thread(10, index)));
    expect(state.left).toBe(500);
  });
  it('a bomb is recorded less often', () => {
    const { put, state } = openRun();
    put(...Array.from({ length: 9_000 }, (_, index) => thread(10, index)));
    expect(state.period).toBeGreaterThan(1);
  });
});

describe('the end', () => {
  it('takes in what is left, closes the trace, and still knows everything', () => {
    const { put, state, turn, watch } = openRun();
    state.ring.push(thread(10, 11));
    watch.end();
    expect([tasks(state.taken), state.isTraceClosed, state.signals.length]).toEqual([[11], true, 0]);
    expect(watch.creators()[0]?.count).toBe(1);
    put(thread(10, 12));
    turn();
    expect(tasks(state.taken)).toEqual([11]);
    watch.close();
    expect(state.areMakersClosed).toBe(true);
  });
  it('who lives is asked of whoever knows; of a dead target nobody does', () => {
    const { state, watch } = openRun();
    watch.creators([1, 2]);
    expect(state.alive).toEqual(new Set([1, 2]));
    watch.creators();
    expect(state.alive).toBeUndefined();
  });
});
