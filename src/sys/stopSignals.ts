import type { EventEmitter } from 'node:events';

/** Signals by which somebody asks a command to end, from a terminal or a service manager. */
const ASKED_TO_END = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** One listener for all of them. While it is open they end nothing by themselves. */
export interface StopSignals {
  /** Aborted by the first signal. */
  readonly stop: AbortSignal;
  /** The first signal that came; `undefined` while none has. */
  by(): NodeJS.Signals | undefined;
  /** Resolves when a signal comes, or has come. It keeps the process alive meanwhile. */
  asked(): Promise<void>;
  /** The signals mean again what they mean by default. */
  close(): void;
}

/** The longest a timer can wait. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Listens for the signals that ask for the end. A command that owns something (a child, a cgroup, a port) listens
 * before it takes the first of it, and closes this after it has given all of it back.
 */
export function listenForStop(source: Pick<EventEmitter, 'on' | 'off'> = process): StopSignals {
  const controller = new AbortController();
  let first: NodeJS.Signals | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    first ??= signal;
    controller.abort();
  };
  for (const signal of ASKED_TO_END) source.on(signal, onSignal);
  return {
    stop: controller.signal,
    by: () => first,
    asked: () =>
      new Promise((resolve) => {
        if (controller.signal.aborted) return resolve();
        // A listener for a signal does not keep Node alive: a timer does.
        const timer = setInterval(() => {}, LONGEST_MS);
        controller.signal.addEventListener('abort', () => {
          clearInterval(timer);
          resolve();
        });
      }),
    close: () => {
      for (const signal of ASKED_TO_END) source.off(signal, onSignal);
    },
  };
}
