import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MapsWatch } from '../../src/engine/mapsWatch.ts';
import type { KernelRoot } from '../../src/procfs/root.ts';
import { type FakeProc, makeProc } from '../fixtures/procTree.ts';

let proc: FakeProc;
beforeEach(() => {
  proc = makeProc();
});
afterEach(() => proc.remove());

const put = (pid: number, maps: number, threads = 1): void => proc.put({ pid, threads, maps: 'a line\n'.repeat(maps) });

function scene() {
  let nowMs = 0;
  // A count asks for the time before each file and at its end: a file that was named after that is still being read.
  let isReading = false;
  const root: KernelRoot = {
    ...proc.root,
    proc: (...parts) => {
      if (parts[1] === 'maps') isReading = true;
      return proc.root.proc(...parts);
    },
  };
  const watch = new MapsWatch(root, () => {
    isReading = false;
    return nowMs;
  });
  /** A look, and all that is read beside the loop. */
  const look = async (ms: number, pids: readonly number[], tasks = 1, line?: number): Promise<void> => {
    nowMs = ms;
    watch.look(ms, tasks, line, () => pids);
    do await new Promise((resolve) => setImmediate(resolve));
    while (isReading);
  };
  return { look, watch };
}

describe('what is counted', () => {
  it('nothing before the first look, which is due at once', () => {
    const { watch } = scene();
    expect([watch.heaviest, watch.perSecond, watch.dueInMs(0)]).toEqual([undefined, 0, 0]);
  });
  it('one that is gone or ending is no count, and the last one stays', async () => {
    put(1, 90);
    const { look, watch } = scene();
    await look(0, [1]);
    put(1, 0);
    await look(1_000, [1]);
    proc.vanish(1);
    await look(2_000, [1]);
    expect(watch.heaviest).toEqual({ pid: 1, maps: 90 });
  });
  it('of many the four with the most threads, and again the one that was heaviest', async () => {
    for (let pid = 101; pid <= 106; pid += 1) put(pid, pid, pid === 106 ? 1 : 3);
    const { look, watch } = scene();
    const pids = [106, 105, 104, 103, 102, 101];
    await look(0, pids);
    expect(watch.heaviest).toEqual({ pid: 105, maps: 105 });
    // Others have more threads now: it is counted all the same.
    for (const pid of [101, 102, 103, 104]) put(pid, pid, 9);
    put(105, 300, 3);
    await look(2_000, pids);
    expect(watch.heaviest).toEqual({ pid: 105, maps: 300 });
  });
});

describe('the rate', () => {
  it('is what one process made between two counts, and whoever waits is called', async () => {
    put(1, 100);
    const { look, watch } = scene();
    let called = 0;
    watch.onMove(() => {
      called += 1;
    });
    await look(0, [1]);
    expect([watch.perSecond, called]).toEqual([0, 0]);
    put(1, 300);
    await look(2_000, [1]);
    expect([watch.perSecond, called]).toEqual([100, 1]);
  });
  it('is never negative, and nobody is called for maps that go', async () => {
    put(1, 300);
    const { look, watch } = scene();
    watch.onMove(() => expect.fail('maps went, none came'));
    await look(0, [1]);
    put(1, 100);
    await look(2_000, [1]);
    expect([watch.perSecond, watch.heaviest?.maps]).toEqual([0, 100]);
  });
});

describe('how often', () => {
  it('less and less while nothing moves, and never less than every five seconds', async () => {
    put(1, 10);
    const { look, watch } = scene();
    const waits: number[] = [];
    for (const ms of [0, 10_000, 20_000, 30_000]) {
      await look(ms, [1]);
      // The look after the count works out the next one.
      await look(ms + 1, [1]);
      waits.push(watch.dueInMs(ms));
    }
    expect(waits).toEqual([2_000, 4_000, 5_000, 5_000]);
  });
  it('four times on the way to the line', async () => {
    put(1, 100);
    const { look, watch } = scene();
    await look(0, [1], 1, 1_100);
    put(1, 600);
    await look(1_000, [1], 1, 1_100);
    await look(1_001, [1], 1, 1_100);
    expect(watch.dueInMs(1_000)).toBe(250);
  });
});

it('what one more thread takes is known after three counts with other threads', async () => {
  const { look, watch } = scene();
  for (const [index, threads] of [10, 20, 30].entries()) {
    expect(watch.perThread.maps).toBeUndefined();
    put(1, 100 + 2 * threads, threads);
    await look(index * 10_000, [1]);
  }
  expect([watch.perThread.maps?.perUnit, watch.perThread.maps?.range]).toEqual([expect.closeTo(2), 20]);
});
