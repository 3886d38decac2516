import type { DatagramSender } from '../sys/datagram.ts';
import type { Libc } from '../sys/libc.ts';
import { type CommandRelay, type IsSpeaker, openCommandRelay } from './commandRelay.ts';
import { parseNotification } from './notification.ts';

/** Who speaks to the service manager: the guard, the command itself, or, with `off`, nothing is changed. */
export type NotifyMode = 'guard' | 'child' | 'off';

/** What the guard tells a service manager, and what the command finds in its environment. */
export interface ServiceManager {
  /** The environment for the command. */
  readonly env: NodeJS.ProcessEnv;
  /** Variables of it that must be set to the command's own pid. */
  readonly ownPid: readonly string[];
  /** The loop must call `beat` at least this often. `undefined` when nobody waits for it. */
  readonly heartbeatMs: number | undefined;
  /** Why the manager cannot be told, for people. */
  readonly problem: string | undefined;
  /** The command runs. */
  started(status: string): void;
  /** Called by the loop, which says by it that it runs. Also hands on what the command said meanwhile. */
  beat(): void;
  status(text: string): void;
  stopping(): void;
  /** Asks for this much more time. */
  extend(ms: number): void;
  /** From now on it is said here when somebody who is not of the command speaks in its name: at the first time. */
  onForeign(tell: (problem: string) => void): void;
  /** Messages of others that were not handed on. */
  readonly foreign: number;
  close(): void;
}

/** A status is sent no more often than this. */
const STATUS_EVERY_MS = 2_000;
/** Until the command has said that it is ready, its messages are read this often. */
const LISTEN_EVERY_MS = 20;
const VARIABLES = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'] as const;

/**
 * The manager that `NOTIFY_SOCKET` names (sd_notify(3)). `undefined` where there is none, and with `off`. Datagrams are
 * sent through libc: a tool would have to be forked for each, and WATCHDOG=1 must be sent even when no PID is left.
 */
export function openServiceManager(
  given: NodeJS.ProcessEnv,
  mode: NotifyMode,
  parts: {
    readonly libc: Libc | undefined;
    readonly pid: number;
    readonly now: () => number;
    readonly isSpeaker: IsSpeaker;
  },
): ServiceManager | undefined {
  const path = given['NOTIFY_SOCKET'];
  if (path === undefined || path === '' || mode === 'off') return undefined;
  const { isSpeaker, libc, now, pid } = parts;
  const env = { ...given };
  for (const name of VARIABLES) delete env[name];
  const sender = libc === undefined ? 'koffi could not be loaded' : libc.connectDatagram(path);
  if (typeof sender === 'string') {
    // The command may be able to reach it, so its environment stays as it was.
    return { ...silent(given), problem: `the service manager at ${path} cannot be told anything (${sender})` };
  }
  const periodMs = watchdogMs(given, pid);
  const relay = mode === 'child' ? openCommandRelay(libc as Libc, isSpeaker) : undefined;
  if (typeof relay === 'string') {
    sender.close();
    return { ...silent(given), problem: `no socket for the command's own notifications (${relay})` };
  }
  if (relay !== undefined) {
    env['NOTIFY_SOCKET'] = relay.path;
    if (given['WATCHDOG_USEC'] !== undefined && periodMs !== undefined) env['WATCHDOG_USEC'] = given['WATCHDOG_USEC'];
  }
  return new Manager(sender, relay, periodMs, env, now);
}

/** `WATCHDOG_USEC` in milliseconds; `undefined` when it is meant for another process (sd_watchdog_enabled(3)). */
function watchdogMs(env: NodeJS.ProcessEnv, pid: number): number | undefined {
  const usec = Number(env['WATCHDOG_USEC']);
  const isOurs = env['WATCHDOG_PID'] === undefined || Number(env['WATCHDOG_PID']) === pid;
  return isOurs && Number.isFinite(usec) && usec > 0 ? usec / 1_000 : undefined;
}

class Manager implements ServiceManager {
  readonly env: NodeJS.ProcessEnv;
  readonly ownPid: readonly string[];
  readonly heartbeatMs: number | undefined;
  readonly problem = undefined;
  readonly #sender: DatagramSender;
  readonly #relay: CommandRelay | undefined;
  readonly #periodMs: number | undefined;
  readonly #now: () => number;
  readonly #own: { text: string; sentMs: number; child: string | undefined } = {
    text: '',
    sentMs: Number.NEGATIVE_INFINITY,
    child: undefined,
  };
  #pinged = Number.NEGATIVE_INFINITY;
  /** When the command last said that it lives. It need not say so, but once it did it must go on. */
  #childAlive: number | undefined;
  #listening: NodeJS.Timeout | undefined;
  #isStopping = false;

  constructor(
    sender: DatagramSender,
    relay: CommandRelay | undefined,
    periodMs: number | undefined,
    env: NodeJS.ProcessEnv,
    now: () => number,
  ) {
    this.#sender = sender;
    this.#relay = relay;
    this.#periodMs = periodMs;
    this.#now = now;
    this.env = env;
    this.ownPid = env['WATCHDOG_USEC'] === undefined ? [] : ['WATCHDOG_PID'];
    // sd_watchdog_enabled(3) advises half of the period. A command's own message must get through in time, too.
    this.heartbeatMs = periodMs === undefined ? undefined : periodMs / (relay === undefined ? 2 : 4);
  }

  started(status: string): void {
    this.#own.text = status;
    this.#own.sentMs = this.#now();
    if (this.#relay === undefined) this.#sender.send(`READY=1\nSTATUS=${status}`);
    else {
      this.#sender.send(`STATUS=${status}`);
      this.#listening = setInterval(() => this.#listen(), LISTEN_EVERY_MS);
    }
  }

  beat(): void {
    this.#listen();
    const nowMs = this.#now();
    if (this.#periodMs === undefined || nowMs - this.#pinged < this.#periodMs / 4) return;
    if (this.#childAlive !== undefined && nowMs - this.#childAlive > this.#periodMs) return;
    this.#pinged = nowMs;
    this.#sender.send('WATCHDOG=1');
  }

  status(text: string): void {
    const nowMs = this.#now();
    if (text === this.#own.text || nowMs - this.#own.sentMs < STATUS_EVERY_MS) return;
    this.#own.text = text;
    this.#own.sentMs = nowMs;
    this.#sendStatus();
  }

  stopping(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#sender.send('STOPPING=1');
  }

  extend(ms: number): void {
    this.#sender.send(`EXTEND_TIMEOUT_USEC=${Math.ceil(ms * 1_000)}`);
  }

  onForeign(tell: (problem: string) => void): void {
    this.#relay?.onForeign(tell);
  }

  get foreign(): number {
    return this.#relay?.foreign ?? 0;
  }

  close(): void {
    this.#listen();
    clearInterval(this.#listening);
    this.#relay?.close();
    this.#sender.close();
  }

  #sendStatus(): void {
    const { child, text } = this.#own;
    this.#sender.send(`STATUS=${child === undefined ? text : `${child} (${text})`}`);
  }

  #listen(): void {
    this.#relay?.hear((text) => this.#handOn(text));
  }

  #handOn(text: string): void {
    const said = parseNotification(text);
    if (said.isAlive) this.#childAlive = this.#now();
    if (said.status !== undefined) this.#own.child = said.status;
    const lines = [...(said.isReady ? ['READY=1'] : []), ...said.others];
    if (lines.length > 0) this.#sender.send(lines.join('\n'));
    if (said.status !== undefined) this.#sendStatus();
    if (said.isReady) clearInterval(this.#listening);
  }
}

/** A manager that is told nothing. The command finds what it would have found without the guard. */
function silent(env: NodeJS.ProcessEnv): Omit<ServiceManager, 'problem'> {
  const nothing = (): void => {};
  return {
    env,
    ownPid: env['WATCHDOG_PID'] === undefined ? [] : ['WATCHDOG_PID'],
    heartbeatMs: undefined,
    started: nothing,
    beat: nothing,
    status: nothing,
    stopping: nothing,
    extend: nothing,
    onForeign: nothing,
    foreign: 0,
    close: nothing,
  };
}
