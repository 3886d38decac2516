import { describe, expect, it } from 'vitest';
import { Stillness } from '../../src/evidence/stillness.ts';
import { FakeClock } from './builders/fakeClock.ts';

const BATCH = 128;

/** A target whose threads take `eachMs` to read while it runs, `stillMs` while it stands still. */
function reading({ eachMs = 0.05, stillMs = 0.05, canStop = true } = {}) {
  const clock = new FakeClock();
  const did: string[] = [];
  let isStopped = false;
  const stillness = new Stillness((pid, until) => {
    did.push(`stop ${pid} ${until}`);
    if (!canStop) return undefined;
    isStopped = true;
    return () => {
      isStopped = false;
      did.push('go on');
    };
  }, clock.now);
  const read = (count: number): void => {
    for (let index = 0; index < count; index += 1) {
      clock.pass(isStopped ? stillMs : eachMs);
      stillness.tick(42);
    }
  };
  return { did, read, stillness, clock };
}

describe('a target is stopped only if it is in the way', () => {
  it('one that is read quickly never is', () => {
    const { did, read, stillness } = reading();
    read(20 * BATCH);
    stillness.end();
    expect({ did, stoppedMs: stillness.stoppedMs }).toEqual({ did: [], stoppedMs: 0 });
  });
  it('the first threads may be slow: files are opened, code is cold', () => {
    const { did, read } = reading({ eachMs: 0.5 });
    read(BATCH);
    expect(did).toEqual([]);
    read(BATCH);
    expect(did).toEqual(['stop 42 whole']);
  });
  it('few threads are too few to tell', () => {
    const { did, read } = reading({ eachMs: 10 });
    read(BATCH - 1);
    expect(did).toEqual([]);
  });
});

describe('a stop', () => {
  it('ends with its process, and its time is counted', () => {
    const { did, read, stillness } = reading({ eachMs: 0.5 });
    read(3 * BATCH);
    stillness.end();
    expect(did).toEqual(['stop 42 whole', 'go on']);
    expect(stillness.stoppedMs).toBeCloseTo(BATCH * 0.05, 1);
  });
  it('lasts 150 ms and a batch at most, and is not made again', () => {
    const { did, read, stillness } = reading({ eachMs: 0.5, stillMs: 0.5 });
    read(20 * BATCH);
    stillness.end();
    expect(did).toEqual(['stop 42 whole', 'go on']);
    expect(stillness.stoppedMs).toBeLessThan(150 + BATCH * 0.5 + 1);
  });
  it('of what cannot be stopped is tried again, and costs nothing', () => {
    const { did, read, stillness } = reading({ eachMs: 0.5, canStop: false });
    read(4 * BATCH);
    stillness.end();
    expect(did).toEqual(['stop 42 whole', 'stop 42 whole', 'stop 42 whole']);
    expect(stillness.stoppedMs).toBe(0);
  });
  it('is ended twice without harm', () => {
    const { did, read, stillness } = reading({ eachMs: 0.5 });
    read(2 * BATCH);
    stillness.end();
    stillness.end();
    expect(did).toEqual(['stop 42 whole', 'go on']);
  });
});

it('without leave nothing is stopped', () => {
  const clock = new FakeClock();
  const stillness = new Stillness(undefined, clock.now);
  for (let index = 0; index < 4 * BATCH; index += 1) {
    clock.pass(5);
    stillness.tick(42);
  }
  stillness.end();
  expect(stillness.stoppedMs).toBe(0);
});
