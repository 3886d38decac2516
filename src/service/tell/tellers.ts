import pRetry from 'p-retry';
import type { EventName, GuardEvent } from '../../policy/event.ts';
import { rowOf } from '../../reporters/eventTable.ts';
import { type Channel, openChannel } from './channel.ts';
import type { Destination } from './destination.ts';
import type { Letter } from './message.ts';

/** Tells people elsewhere what happens here; never in the way of an action. */
export interface Tellers {
  tell(event: GuardEvent): void;
  /** Messages that were given up, or had to make room for newer ones. */
  undelivered(): number;
  /** Waits until all is out, at most this long. */
  flush(timeoutMs: number): Promise<void>;
  close(): void;
}

/** What a message says beside its event, and where trouble is told. */
export interface TellerParts {
  readonly env: NodeJS.ProcessEnv;
  readonly own: Set<number>;
  readonly host: string;
  readonly target: string;
  readonly pid: () => number | undefined;
  readonly incident: () => string | undefined;
  /** What cannot be told to people elsewhere is told here. */
  readonly onProblem: (text: string) => void;
}

/** Kept for a receiver that is slow or away; beyond it the oldest make room. */
const MOST_WAITING = 32;
const RETRIES = { retries: 4, minTimeout: 500, factor: 2, maxTimeout: 8_000 };

interface Queue {
  readonly channel: Channel;
  readonly waiting: Letter[];
  isBusy: boolean;
  hasFailed: boolean;
}

export async function openTellers(
  destinations: readonly Destination[],
  events: readonly EventName[] | undefined,
  parts: TellerParts,
): Promise<Tellers> {
  const isTold = (event: GuardEvent): boolean => events?.includes(event.event) ?? rowOf(event).isTold(event);
  const channels = await Promise.all(destinations.map((one) => openChannel(one, parts)));
  const queues: Queue[] = channels.map((channel) => ({ channel, waiting: [], isBusy: false, hasFailed: false }));
  for (const { label, problem } of channels)
    if (problem !== undefined)
      parts.onProblem(`${label} cannot be told anything now (${problem}); it is tried when there is something`);
  let undelivered = 0;
  let isClosed = false;

  const work = async (queue: Queue): Promise<void> => {
    queue.isBusy = true;
    for (let letter = queue.waiting.shift(); letter !== undefined; letter = queue.waiting.shift()) {
      const one = letter;
      try {
        await pRetry(() => queue.channel.send(one), { ...RETRIES, shouldRetry: () => !isClosed });
        queue.hasFailed = false;
      } catch (error) {
        undelivered += 1;
        // Once is enough: a receiver that is away would fill the log.
        if (!queue.hasFailed && !isClosed)
          parts.onProblem(`${queue.channel.label} was not told of ${one.message.event}: ${(error as Error).message}`);
        queue.hasFailed = true;
      }
    }
    queue.isBusy = false;
  };
  const isIdle = (): boolean => queues.every(({ isBusy, waiting }) => !isBusy && waiting.length === 0);
  return {
    tell: (event) => {
      if (!isTold(event)) return;
      const row = rowOf(event);
      const message = {
        schema: 'threadguard.event/1',
        time: new Date().toISOString(),
        host: parts.host,
        target: parts.target,
        pid: parts.pid() ?? null,
        event: event.event,
        message: row.say(event)[0] ?? '',
        incident: parts.incident() ?? null,
      } as const;
      const one: Letter = { message, alert: row.alert(event) };
      for (const queue of queues) {
        queue.waiting.push(one);
        if (queue.waiting.length > MOST_WAITING) {
          queue.waiting.shift();
          undelivered += 1;
        }
        // After this turn of the loop: the action that is being told of is carried out first.
        if (!queue.isBusy) setImmediate(() => !queue.isBusy && void work(queue));
      }
    },
    undelivered: () => undelivered,
    flush: async (timeoutMs) => {
      const end = performance.now() + timeoutMs;
      while (!isIdle() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
      undelivered += queues.reduce((sum, { isBusy, waiting }) => sum + waiting.length + (isBusy ? 1 : 0), 0);
    },
    close: () => {
      isClosed = true;
      for (const { channel } of queues) channel.close();
    },
  };
}
