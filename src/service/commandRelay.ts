import type { Datagram, DatagramReceiver } from '../sys/datagram.ts';
import type { Libc } from '../sys/libc.ts';
import { seldom } from '../sys/seldom.ts';

/** Whether a message comes from the command: its first process, or another one of its tree. */
export type IsSpeaker = (sender: Omit<Datagram, 'text'>) => boolean;

/** A socket for what the command says itself (`--notify child`). */
export interface CommandRelay {
  /** The name of the socket, for `NOTIFY_SOCKET`. */
  readonly path: string;
  /** Messages of others that were not handed on. */
  readonly foreign: number;
  /** From now on it is said here when somebody else speaks in the name of the command: at the first time. */
  onForeign(tell: (problem: string) => void): void;
  /** Hands on what the command has said since the last time. */
  hear(handOn: (text: string) => void): void;
  close(): void;
}

/** So many messages are read at once; a command that sends more waits for the next beat. */
const MOST_AT_ONCE = 32;
/** So many of others are thrown away at once: they must not keep the command's own waiting, nor the guard busy. */
const MOST_FOREIGN_AT_ONCE = 256;

/**
 * An abstract name: it needs no directory, which the command as another user could not enter. Every name of a socket, of a
 * file too, is in `/proc/net/unix` for all users, so who may speak is not decided by who knows it. The name of an errno when
 * there is no socket.
 */
export function openCommandRelay(libc: Libc, isSpeaker: IsSpeaker): CommandRelay | string {
  const path = `@threadguard/${seldom.crypto().randomBytes(12).toString('hex')}`;
  const receiver = libc.bindDatagram(path);
  return typeof receiver === 'string' ? receiver : new Relay(path, receiver, isSpeaker);
}

class Relay implements CommandRelay {
  readonly path: string;
  readonly #receiver: DatagramReceiver;
  readonly #isSpeaker: IsSpeaker;
  #foreign = 0;
  #tellForeign: (problem: string) => void = () => {};

  constructor(path: string, receiver: DatagramReceiver, isSpeaker: IsSpeaker) {
    this.path = path;
    this.#receiver = receiver;
    this.#isSpeaker = isSpeaker;
  }

  get foreign(): number {
    return this.#foreign;
  }

  onForeign(tell: (problem: string) => void): void {
    this.#tellForeign = tell;
  }

  hear(handOn: (text: string) => void): void {
    const mostForeign = this.#foreign + MOST_FOREIGN_AT_ONCE;
    for (let heard = 0; heard < MOST_AT_ONCE && this.#foreign < mostForeign; ) {
      const datagram = this.#receiver.receive();
      if (datagram === undefined) return;
      if (this.#isSpeaker(datagram)) {
        heard += 1;
        handOn(datagram.text);
      } else this.#refuse(datagram);
    }
  }

  close(): void {
    this.#receiver.close();
  }

  #refuse({ pid, uid }: Datagram): void {
    this.#foreign += 1;
    if (this.#foreign > 1) return;
    const who = pid === 0 ? `a process of uid ${uid}` : `process ${pid} of uid ${uid}`;
    this.#tellForeign(
      `${who} sent a notification in the name of the command and is no process of it, or ended before it was read; it was not handed on, and further ones are only counted`,
    );
  }
}
