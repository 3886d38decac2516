import { describe, expect, it } from 'vitest';
import { makeCeiling } from '../../src/core/ceiling.ts';
import type { Ceiling } from '../../src/core/model.ts';
import { untilRefused, type WatchEnds, type WatchedCommand } from '../../src/explain/untilRefused.ts';
import { fakeClock } from '../fixtures/clock.ts';

/** What happens at which millisecond. */
interface Story {
  readonly tasks?: (nowMs: number) => number;
  readonly refusedMs?: number;
  readonly printsMs?: number;
  readonly endsMs?: number;
  /** When the last of it is gone; default: with its end. */
  readonly emptyMs?: number;
  readonly isHeld?: boolean;
  readonly ceilings?: (nowMs: number) => readonly Ceiling[];
  readonly stopMs?: number;
}

async function tell(story: Story, ends: Partial<WatchEnds> = {}) {
  const stop = new AbortController();
  let print = (): void => {};
  let hasPrinted = false;
  const clock = fakeClock((nowMs) => {
    if (!hasPrinted && story.printsMs !== undefined && nowMs >= story.printsMs) {
      hasPrinted = true;
      print();
    }
    if (story.stopMs !== undefined && nowMs >= story.stopMs) stop.abort();
  });
  const after = (ms: number | undefined): boolean => ms !== undefined && clock.now() >= ms;
  const close: number[] = [];
  const looks: number[] = [];
  const command: WatchedCommand = {
    isHeld: story.isHeld ?? true,
    tasks: () => story.tasks?.(clock.now()) ?? 5,
    hasRefused: () => after(story.refusedMs),
    onMessage: (callback) => {
      print = callback;
    },
    isEmpty: () => after(story.emptyMs ?? story.endsMs),
    ended: () => (after(story.endsMs) ? 'exit 1' : undefined),
  };
  const watch = {
    look: () => {
      looks.push(clock.now());
      return story.ceilings?.(clock.now()) ?? [];
    },
    lookClosely: () => void close.push(clock.now()),
  };
  const plan = { keep: false, toTheEnd: false, timeoutMs: 86_400_000, ...ends };
  const seen = await untilRefused(command, watch, plan, clock, stop.signal);
  return { ...seen, endedMs: clock.now(), close, looks };
}

describe('a command is watched', () => {
  it('for 150 ms after the first sign, which is looked at closely, once', async () => {
    expect(await tell({ refusedMs: 40 })).toMatchObject({ endedMs: 190, close: [40], peakTasks: 5 });
  });
  it('what it prints is looked at at once, not at the next look', async () => {
    const { close, endedMs } = await tell({ printsMs: 41 });
    expect(close).toEqual([42]);
    expect(endedMs).toBe(192);
  });
  it('with --keep until it has ended, and a moment longer', async () => {
    expect(await tell({ refusedMs: 40, endsMs: 900 }, { keep: true })).toMatchObject({ endedMs: 930, close: [40] });
  });
  it('that is never refused anything, until 30 ms after its end', async () => {
    const { close, endedMs, looks } = await tell({ endsMs: 100 });
    expect([endedMs, close]).toEqual([130, []]);
    // After the end there is nothing to look at.
    expect(Math.max(...looks)).toBe(98);
  });
  it('that was refused something and leaves children, until they are gone or it was heard', async () => {
    expect((await tell({ refusedMs: 98, endsMs: 100, emptyMs: 160 })).endedMs).toBe(160);
    expect((await tell({ refusedMs: 98, endsMs: 100, emptyMs: 9_000 })).endedMs).toBe(248);
  });
  it('no longer than its time, and no longer than somebody wants', async () => {
    expect((await tell({}, { timeoutMs: 1_000 })).endedMs).toBe(1_000);
    expect((await tell({ stopMs: 500 })).endedMs).toBe(500);
  });
  it('and its most tasks are remembered', async () => {
    expect((await tell({ tasks: (ms) => (ms === 50 ? 900 : 10), endsMs: 100 })).peakTasks).toBe(900);
  });
});

describe('a command that nothing holds', () => {
  const shared = (remaining: number): Ceiling =>
    makeCeiling({
      name: 'kernel.pid_max',
      scope: 'pid-namespace',
      unit: 'tasks',
      used: 1_000 - remaining,
      limit: 1_000,
      source: '',
      raise: '',
    });
  const story = { isHeld: false, ceilings: (ms: number) => [shared(1_000 - ms)] };
  it('is kept from the last 5 % of what the whole machine shares', async () => {
    const { endedMs, keptFrom } = await tell(story);
    expect([endedMs, keptFrom?.remaining]).toEqual([952, 48]);
  });
  it('but not with --to-the-end, nor when the kernel holds it', async () => {
    expect((await tell({ ...story, endsMs: 990 }, { toTheEnd: true })).keptFrom).toBeUndefined();
    expect((await tell({ ...story, isHeld: true, endsMs: 990 })).keptFrom).toBeUndefined();
  });
});
