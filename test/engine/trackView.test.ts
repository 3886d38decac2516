import { describe, expect, it } from 'vitest';
import { Track } from '../../src/engine/track.ts';
import { refusedToDeath, summaryOf, viewOf } from '../../src/engine/trackView.ts';
import { FakeClock, newWorld, partsOf, scene } from './fakes.ts';

describe('what a page shows', () => {
  it('the last look, and how it came there', () => {
    const it = scene();
    it.look({ tasks: 40, maps: 70 });
    it.look({ tasks: 900 });
    const view = viewOf(it.track);
    expect(view).toMatchObject({ tasks: 900, maps: 70, stage: 'warned', line: 1_000 });
    expect([view.binding?.name, view.history.at(-1), view.history.includes(40)]).toEqual(['pids.max', 900, true]);
  });
  it('nothing before the first look', () => {
    const track = new Track(partsOf({ clock: new FakeClock(), world: newWorld() }));
    expect(viewOf(track)).toMatchObject({ tasks: 0, maps: undefined, stage: 'calm', line: undefined, history: [] });
  });
});

it('a summary has the peaks and the last count of the kernel', () => {
  const it = scene();
  it.look({ tasks: 900, maps: 70 });
  it.look({ tasks: 3, maps: 20 });
  expect(summaryOf(it.track, 12)).toMatchObject({
    peakTasks: 900,
    peakMaps: 70,
    nearest: { label: 'pids.max of /a', share: 0.9 },
    refused: 12,
    actions: { warn: 1 },
  });
});

it('a peak that only the kernel saw counts', () => {
  const it = scene();
  it.look({ tasks: 3 });
  expect(summaryOf(it.track, 0, (seen) => seen + 60)).toMatchObject({ peakTasks: 63 });
});

describe('a command that ended of a refusal', () => {
  const end = (refused: number | undefined, afterMs: number) => {
    const it = scene();
    it.look({ tasks: 30, refused: 2 });
    it.look({ tasks: 20 });
    const refusedMs = it.track.observer.refusals.lastMs ?? Number.NaN;
    return refusedToDeath(it.track, { ended: 'with 1', refused, nowMs: refusedMs + afterMs });
  };
  it('says what it met, with the peak and how it ended', () => {
    expect(end(2, 0)).toMatchObject({
      tasks: 30,
      opinion: { level: 'trip', cause: 'refused', value: 30, refusals: 2, ended: 'with 1' },
    });
    expect(end(2, 0)?.opinion.ceiling).toBe('its cap (pids.max 1000)');
  });
  it('ten seconds later it ended of something else', () => {
    expect([end(2, 9_999) === undefined, end(2, 10_000) === undefined]).toEqual([false, true]);
  });
  it('unless the kernel refused more after the last look', () => {
    expect(end(3, 60_000)?.opinion.refusals).toBe(3);
  });
  it('one that was never refused anything did not', () => {
    const { clock, track } = scene();
    expect(refusedToDeath(track, { ended: 'with 1', refused: 0, nowMs: clock.nowMs })).toBeUndefined();
    expect(refusedToDeath(track, { ended: 'with 1', refused: undefined, nowMs: clock.nowMs })).toBeUndefined();
  });
  it('another ceiling is named, however long ago it was', () => {
    const it = scene({ maxTasks: 5_000 }, { limit: 1_000 });
    it.look({ tasks: 100, limit: 100, refused: 3 });
    const facts = refusedToDeath(it.track, { ended: 'with 1', refused: 3, nowMs: 1e6 });
    expect(facts?.opinion.ceiling).toBe('pids.max');
  });
});
