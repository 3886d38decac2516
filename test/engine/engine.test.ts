import { describe, expect, it } from 'vitest';
import { Engine, type Tracked } from '../../src/engine/engine.ts';
import { FakeClock } from './fakes.ts';

/** Looked at every so many milliseconds; writes down when. */
function looker(everyMs: number | 'gone', on: (look: number) => void = () => {}) {
  const looks: number[] = [];
  const failures: unknown[] = [];
  const tracked: Tracked = {
    id: `every ${everyMs}`,
    look: (nowMs) => {
      looks.push(nowMs);
      on(looks.length);
      return everyMs;
    },
    failed: (error) => {
      failures.push(error);
      return 100;
    },
  };
  return { tracked, looks, failures };
}

describe('one clock for all', () => {
  it('looks at each when it is due, and at once when it is added', () => {
    const clock = new FakeClock();
    const engine = new Engine(clock);
    const [fast, slow] = [looker(10), looker(25)];
    engine.add(fast.tracked);
    engine.add(slow.tracked);
    clock.advance(50);
    expect([fast.looks, slow.looks]).toEqual([
      [0, 10, 20, 30, 40, 50],
      [0, 25, 50],
    ]);
    expect(engine.size).toBe(2);
  });
  it('tells how late a look is', () => {
    const clock = new FakeClock();
    const engine = new Engine(clock);
    const late: number[] = [];
    engine.add({ id: 'a', look: (_, lateMs) => late.push(lateMs) && 10, failed: () => 10 });
    // Another one keeps the loop for 7 ms at 5 ms.
    const busy = looker(1_000, () => {
      if (clock.nowMs === 5) clock.nowMs += 7;
    });
    clock.wakeAt(5, () => engine.add(busy.tracked));
    clock.advance(30);
    expect(late.slice(0, 3)).toEqual([0, 2, 0]);
  });
  it('a timer that rings a moment early is no reason to sleep again', () => {
    const wakes: number[] = [];
    const clock = new (class extends FakeClock {
      override wakeAt(atMs: number, callback: () => void) {
        wakes.push(atMs);
        // As the timers of Node, which count whole milliseconds.
        return super.wakeAt(Math.max(this.nowMs, Math.floor(atMs)), callback);
      }
    })();
    const late: number[] = [];
    new Engine(clock).add({ id: 'a', look: (_, lateMs) => late.push(lateMs) && 10.6, failed: () => 10 });
    clock.advance(200);
    expect([late.length, wakes.length]).toEqual([21, 21]);
    expect(Math.min(...late)).toBe(0);
  });
  it('one that throws is told so alone, and tried again', () => {
    const clock = new FakeClock();
    const engine = new Engine(clock);
    const good = looker(10);
    const bad = looker(10, () => {
      throw new Error('no');
    });
    engine.add(bad.tracked);
    engine.add(good.tracked);
    clock.advance(200);
    expect([bad.looks, bad.failures.length, good.looks.length]).toEqual([[0, 100, 200], 3, 21]);
  });
  it('one that is gone is dropped and told, the others go on', () => {
    const clock = new FakeClock();
    const gone: string[] = [];
    const engine = new Engine(clock, ({ id }) => gone.push(id));
    const [a, b] = [looker('gone'), looker(10)];
    engine.add(a.tracked);
    engine.add(b.tracked);
    clock.advance(20);
    expect([gone, a.looks.length, b.looks.length, engine.size]).toEqual([['every gone'], 1, 3, 1]);
  });
  it('nothing is looked at after it was removed, in its own look either, and nothing after stop', () => {
    const clock = new FakeClock();
    const engine = new Engine(clock);
    const self: ReturnType<typeof looker> = looker(10, (look) => {
      if (look === 2) engine.remove(self.tracked);
    });
    const other = looker(10);
    engine.add(self.tracked);
    engine.add(other.tracked);
    clock.advance(25);
    engine.wake(self.tracked);
    engine.stop();
    engine.wake(other.tracked);
    clock.advance(100);
    expect([self.looks, other.looks]).toEqual([
      [0, 10],
      [0, 10, 20],
    ]);
  });
  it('a wake looks now, and the next look is due from there', () => {
    const clock = new FakeClock();
    const engine = new Engine(clock);
    const one = looker(100);
    engine.add(one.tracked);
    clock.advance(30);
    engine.wake(one.tracked);
    clock.advance(110);
    expect(one.looks).toEqual([0, 30, 130]);
  });
  it('a crowd that is due at once is spread over turns, and each turn is counted', () => {
    const clock = new FakeClock();
    const engine = new Engine(clock);
    // Each look takes a millisecond: four fit into a turn.
    const crowd = Array.from({ length: 20 }, () =>
      looker(1_000, () => {
        clock.nowMs += 1;
      }),
    );
    for (const { tracked } of crowd) engine.add(tracked);
    const before = engine.turn;
    clock.advance(1_500);
    expect(crowd.every(({ looks }) => looks.length === 2)).toBe(true);
    expect(engine.turn - before).toBeGreaterThanOrEqual(5);
  });
  it('one that is due all the time does not keep the others from their turn', () => {
    const clock = new FakeClock();
    const engine = new Engine(clock);
    const greedy = looker(0);
    const other = looker(10);
    engine.add(greedy.tracked);
    engine.add(other.tracked);
    clock.advance(50);
    expect(other.looks.length).toBeGreaterThanOrEqual(5);
    expect(greedy.looks.length).toBeLessThanOrEqual(60);
  });
  it('replaces one by another at once', () => {
    const clock = new FakeClock();
    const engine = new Engine(clock);
    const [cold, warm] = [looker(1_000), looker(10)];
    engine.add(cold.tracked);
    clock.advance(5);
    engine.replace(cold.tracked, warm.tracked);
    clock.advance(10);
    expect([cold.looks, warm.looks, engine.size]).toEqual([[0], [5, 15], 1]);
  });
});
