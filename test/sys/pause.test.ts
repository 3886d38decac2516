import { describe, expect, it } from 'vitest';
import { pauseHere } from '../../src/sys/pause.ts';

describe('a pause', () => {
  it('takes its time', () => {
    const startMs = performance.now();
    pauseHere(20);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(19);
  });
  it('is within one turn of the event loop', async () => {
    let hasTurned = false;
    const turned = new Promise<void>((resolve) =>
      setImmediate(() => {
        hasTurned = true;
        resolve();
      }),
    );
    pauseHere(5);
    expect(hasTurned).toBe(false);
    await turned;
  });
  it('is the same the next time: nothing wakes it for good', () => {
    pauseHere(1);
    const startMs = performance.now();
    pauseHere(10);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(9);
  });
  it.each([0, -5])('of %i ms is none', (ms) => {
    const startMs = performance.now();
    pauseHere(ms);
    // One without an end would hang here.
    expect(performance.now() - startMs).toBeLessThan(5_000);
  });
});
