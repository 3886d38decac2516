import { pacedLoop } from '../../core/pacedLoop.ts';
import type { EventName, GuardEvent } from '../../policy/event.ts';
import { rowOf } from '../../reporters/eventTable.ts';
import { systemClock } from '../../sys/clock.ts';
import type { Fork } from '../../sys/standing.ts';
import { openChannel } from './channel.ts';
import type { Destination } from './destination.ts';
import type { Message } from './message.ts';
import { MessageQueue } from './messageQueue.ts';

const FLUSH_LOOK_MS = 10;

/** Tells people elsewhere what happens here. It never delays an action. */
export interface Tellers {
  tell(event: GuardEvent): void;
  /** Messages that were given up, or had to make room for newer ones. */
  undelivered(): number;
  /** Waits until everything is sent, at most this long. */
  flush(timeoutMs: number): Promise<void>;
  close(): void;
}

/** What a message says beside its event, and who hears of problems. */
export interface TellerParts {
  readonly env: NodeJS.ProcessEnv;
  readonly own: Set<number>;
  readonly fork: Fork;
  readonly host: string;
  readonly target: string;
  readonly pid: () => number | undefined;
  readonly incident: () => string | undefined;
  /** Hears what could not be told elsewhere. */
  readonly onProblem: (text: string) => void;
}

/**
 * Opens a channel to every destination. `events` are the events that are told; `undefined` means those that matter to
 * people. Throws a GuardError for a file that cannot be written.
 */
export async function openTellers(
  destinations: readonly Destination[],
  events: readonly EventName[] | undefined,
  parts: TellerParts,
): Promise<Tellers> {
  const isTold = (event: GuardEvent): boolean => events?.includes(event.event) ?? rowOf(event).isTold(event);
  const channels = await Promise.all(destinations.map((one) => openChannel(one, parts)));
  const queues = channels.map((channel) => new MessageQueue(channel, parts.onProblem));
  for (const { label, problem } of channels)
    if (problem !== undefined)
      parts.onProblem(`${label} cannot be told anything now (${problem}); it is tried when there is something`);
  const sum = (of: (queue: MessageQueue) => number): number => queues.reduce((total, queue) => total + of(queue), 0);
  /** What was not sent when the time of `flush` was over. */
  let late = 0;
  return {
    tell: (event) => {
      if (!isTold(event)) return;
      const row = rowOf(event);
      const message: Message = {
        schema: 'threadguard.event/1',
        time: new Date().toISOString(),
        host: parts.host,
        target: parts.target,
        pid: parts.pid() ?? null,
        event: event.event,
        message: row.say(event)[0] ?? '',
        incident: parts.incident() ?? null,
      };
      for (const queue of queues) queue.push({ message, alert: row.alert(event) });
    },
    undelivered: () => late + sum(({ undelivered }) => undelivered),
    flush: async (timeoutMs) => {
      const isIdle = (): boolean => queues.every((queue) => queue.isIdle);
      await pacedLoop({ everyMs: FLUSH_LOOK_MS, forMs: timeoutMs }, systemClock, () => !isIdle());
      late = sum(({ left }) => left);
    },
    close: () => {
      for (const queue of queues) queue.close();
    },
  };
}
