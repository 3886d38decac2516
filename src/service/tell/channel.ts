import { createConnection } from 'node:net';
import { AbortError } from 'p-retry';
import { errnoOf, GuardError } from '../../errors.ts';
import type { Fork } from '../../sys/standing.ts';
import { type Helper, openHelper } from '../helper.ts';
import { openLineFile } from '../lineFile.ts';
import type { Destination } from './destination.ts';
import { bodyOf, type Letter, type Message } from './message.ts';
import { openWebhook } from './webhook.ts';

/** One way to one receiver. */
export interface Channel {
  readonly label: string;
  /** What was found to be wrong at the start. The channel is used all the same. */
  readonly problem: string | undefined;
  /** Resolves when it was delivered. Rejects with an AbortError when it must not be tried again. */
  send(letter: Letter): Promise<void>;
  close(): void;
}

const ANSWER_MS = 5_000;
const COMMAND_MS = 30_000;

/** Opens all that needs a thread, a PID or a descriptor, before the command starts. */
export async function openChannel(
  destination: Destination,
  parts: { readonly env: NodeJS.ProcessEnv; readonly own: Set<number>; readonly fork: Fork },
): Promise<Channel> {
  const { label } = destination;
  switch (destination.kind) {
    case 'http': {
      const { hook, problem } = await openWebhook(destination.url);
      return {
        label,
        problem,
        send: (letter) => hook.post(bodyOf(destination.format, letter), ANSWER_MS),
        close: () => hook.close(),
      };
    }
    case 'unix':
      return {
        label,
        problem: undefined,
        send: ({ message }) => sendTo(destination.path, `${JSON.stringify(message)}\n`),
        close: () => {},
      };
    case 'file':
      return fileChannel(destination.path, label);
    case 'exec': {
      const helper = openHelper(destination.command, parts.env, parts);
      return {
        label,
        problem: undefined,
        send: ({ message }) => runHelper(helper, message),
        close: () => helper.close(),
      };
    }
    default:
      return destination satisfies never;
  }
}

function fileChannel(path: string, label: string): Channel {
  try {
    // A disk that is full now may have room when there is something to tell.
    const sink = openLineFile(path, { isTried: false });
    return {
      label,
      problem: undefined,
      send: async ({ message }) => {
        const before = sink.dropped();
        sink.write(`${JSON.stringify(message)}\n`);
        await sink.flush(ANSWER_MS);
        if (sink.dropped() > before) throw new AbortError('it could not be written');
      },
      close: () => sink.stream.end(),
    };
  } catch (error) {
    if (error instanceof GuardError) throw error;
    throw new GuardError('bad-destination', `cannot write to ${path} (${errnoOf(error)})`, {
      hint: 'name a file that can be written with --tell file:/PATH',
      cause: error,
    });
  }
}

function sendTo(path: string, line: string): Promise<void> {
  return new Promise((sent, refused) => {
    const socket = createConnection(path);
    socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error('it does not take it in time')));
    socket.once('error', (error) => refused(new Error(errnoOf(error))));
    socket.once('finish', () => {
      socket.destroy();
      sent();
    });
    socket.end(line);
  });
}

async function runHelper(helper: Helper, { event, incident, message, target }: Message): Promise<void> {
  const end = await helper.run(
    {
      THREADGUARD_EVENT: event,
      THREADGUARD_TARGET: target,
      THREADGUARD_REASON: message,
      THREADGUARD_INCIDENT: incident ?? '',
    },
    COMMAND_MS,
  );
  if (end.by === 'exit' && end.code === 0) return;
  // A command that has run is not run again for the same event: it may have done half of its work.
  if (end.by === 'refused') throw new Error(end.why);
  throw new AbortError(
    end.by === 'exit'
      ? `exit ${end.code}`
      : end.by === 'signal'
        ? `ended by ${end.signal}`
        : 'it took too long and was killed',
  );
}
