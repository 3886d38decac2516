import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { REAL_CLOCK } from '../../src/sys/realClock.ts';
import { listenForStop } from '../../src/sys/stopSignals.ts';

describe('signals that ask for the end', () => {
  it.for(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s stops, and is remembered', async (signal) => {
    const source = new EventEmitter();
    const signals = listenForStop(source);
    expect([signals.stop.aborted, signals.by()]).toEqual([false, undefined]);
    source.emit(signal, signal);
    source.emit('SIGTERM', 'SIGTERM');
    expect([signals.stop.aborted, signals.by()]).toEqual([true, signal]);
    await signals.asked();
    signals.close();
  });
  it('another signal is nobody’s wish', () => {
    const source = new EventEmitter();
    const signals = listenForStop(source);
    source.emit('SIGUSR1', 'SIGUSR1');
    expect(signals.stop.aborted).toBe(false);
    signals.close();
  });
  it('who waits is told, and nothing is left behind', async () => {
    const source = new EventEmitter();
    const signals = listenForStop(source);
    const asked = signals.asked();
    source.emit('SIGTERM', 'SIGTERM');
    await asked;
    signals.close();
    expect(source.eventNames()).toEqual([]);
  });
});

describe('the real clock', () => {
  it('goes forward, and a stopped sleep resolves at once', async () => {
    const before = REAL_CLOCK.now();
    await REAL_CLOCK.sleep(60_000, AbortSignal.abort());
    await REAL_CLOCK.sleep(0);
    const controller = new AbortController();
    const asleep = REAL_CLOCK.sleep(60_000, controller.signal);
    controller.abort();
    await asleep;
    expect(REAL_CLOCK.now() - before).toBeLessThan(1_000);
  });
});
