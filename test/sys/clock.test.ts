import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/sys/clock.ts';

describe('the clock of this machine', () => {
  it('goes forward, and a stopped sleep resolves at once', async () => {
    const before = systemClock.now();
    await systemClock.sleep(60_000, AbortSignal.abort());
    await systemClock.sleep(0);
    const controller = new AbortController();
    const asleep = systemClock.sleep(60_000, controller.signal);
    controller.abort();
    await asleep;
    expect(systemClock.now() - before).toBeLessThan(1_000);
  });
});
