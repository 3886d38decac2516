import { AbortError } from 'p-retry';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Channel } from '../../../src/service/tell/channel.ts';
import type { Letter } from '../../../src/service/tell/message.ts';
import { MessageQueue } from '../../../src/service/tell/messageQueue.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const letter = (text: string): Letter => ({
  message: {
    schema: 'threadguard.event/1',
    time: '2026-01-02T03:04:05.000Z',
    host: 'h1',
    target: 'command:a',
    pid: 7,
    event: 'trip',
    message: text,
    incident: null,
  },
  alert: undefined,
});

/** A queue to a receiver that does with each message what it is made to do. */
function made(take: (text: string) => Promise<void> = async () => {}) {
  const taken: string[] = [];
  const problems: string[] = [];
  let isClosed = false;
  const channel: Channel = {
    label: 'https://h/',
    problem: undefined,
    send: async ({ message: { message: text } }) => {
      await take(text);
      taken.push(text);
    },
    close: () => {
      isClosed = true;
    },
  };
  const queue = new MessageQueue(channel, (text) => problems.push(text));
  return { queue, taken, problems, closed: () => isClosed };
}

describe('messages of one receiver', () => {
  it('are sent in order, and not before this turn of the loop is over', async () => {
    const { queue, taken } = made();
    for (const text of ['a', 'b', 'c']) queue.push(letter(text));
    expect([taken, queue.isIdle, queue.left]).toEqual([[], false, 3]);
    await vi.runAllTimersAsync();
    expect([taken, queue.isIdle, queue.left, queue.undelivered]).toEqual([['a', 'b', 'c'], true, 0, 0]);
  });
  it('one that is not taken is tried again, four times, later and later', async () => {
    const tries: number[] = [];
    const { problems, queue } = made(async () => {
      tries.push(Date.now());
      throw new Error('it answers 503');
    });
    queue.push(letter('a'));
    await vi.runAllTimersAsync();
    const waits = tries.slice(1).map((ms, index) => ms - (tries[index] ?? 0));
    expect(waits).toEqual([500, 1_000, 2_000, 4_000]);
    expect([queue.undelivered, problems]).toEqual([1, ['https://h/ was not told of trip: it answers 503']]);
  });
  it('one that must not be tried again is not', async () => {
    let tries = 0;
    const { queue } = made(async () => {
      tries += 1;
      throw new AbortError('it answers 404');
    });
    queue.push(letter('a'));
    await vi.runAllTimersAsync();
    expect([tries, queue.undelivered]).toEqual([1, 1]);
  });
  it('a receiver that is away is told about once, and again after it came back', async () => {
    let isAway = true;
    const { problems, queue, taken } = made(async () => {
      if (isAway) throw new AbortError('away');
    });
    for (const text of ['a', 'b']) queue.push(letter(text));
    await vi.runAllTimersAsync();
    expect([problems.length, queue.undelivered]).toEqual([1, 2]);
    isAway = false;
    queue.push(letter('c'));
    await vi.runAllTimersAsync();
    isAway = true;
    queue.push(letter('d'));
    await vi.runAllTimersAsync();
    expect([taken, problems.length, queue.undelivered]).toEqual([['c'], 2, 3]);
  });
  it('of more than 32 that wait the oldest make room', async () => {
    let finish = (): void => {};
    const { queue, taken } = made(
      () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    );
    queue.push(letter('0'));
    await vi.advanceTimersByTimeAsync(0);
    for (let index = 1; index <= 40; index += 1) queue.push(letter(String(index)));
    expect([queue.left, queue.undelivered]).toEqual([33, 8]);
    for (let rounds = 0; rounds < 40; rounds += 1) {
      finish();
      await vi.advanceTimersByTimeAsync(0);
    }
    expect([taken[0], taken[1], taken.at(-1), taken.length]).toEqual(['0', '9', '40', 33]);
  });
  it('closed, what is on its way is not tried again, and nobody hears of it', async () => {
    let tries = 0;
    const { closed, problems, queue } = made(async () => {
      tries += 1;
      throw new Error('away');
    });
    queue.push(letter('a'));
    await vi.advanceTimersByTimeAsync(0);
    queue.close();
    await vi.runAllTimersAsync();
    // The wait for the second try was under way.
    expect([tries <= 2, problems, closed()]).toEqual([true, [], true]);
  });
});
