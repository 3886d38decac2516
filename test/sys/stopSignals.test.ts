import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
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
