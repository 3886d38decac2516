import { constants } from 'node:os';
import { parseLoadavg } from '../procfs/loadavg.ts';
import type { KeptFile } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { readStat } from '../procfs/stat.ts';
import { countThreads } from '../procfs/task.ts';
import type { Libc } from '../sys/libc.ts';
import { sendSignal, trySignal } from './signalMember.ts';
import { type Member, Tree, type Walk } from './tree.ts';

export interface WalkParts {
  readonly root: KernelRoot;
  readonly loadavg: KeptFile;
  readonly libc: Libc | undefined;
  readonly uid: number;
  readonly now: () => number;
  /** Processes of the guard's own. */
  readonly own: ReadonlySet<number>;
}

/** Numbers that were given out while the ones before were signalled: a bomb whose processes are stopped soon makes none. */
const MOST_ROUNDS = 16;

/** The first process of the tree; `leads` where it has a process group of its own. */
interface First {
  readonly pid: number;
  readonly startTime: number;
  readonly leads: boolean;
}

/**
 * A target without a cgroup, as the last walk of `/proc` found it. Between two walks the count of all tasks of the host says
 * how much the target can have gained at most.
 */
export class WalkedTree {
  readonly #parts: WalkParts;
  readonly #tree: Tree;
  #walk: Walk;
  #first: First | undefined;
  #firstThreads = 0;
  #walkedMs: number;
  #costMs = 0;
  #hostTasks: number;

  constructor(parts: WalkParts) {
    this.#parts = parts;
    this.#tree = new Tree(parts.root, process.pid, parts.uid, parts.own);
    this.#walk = this.#tree.walk() as Walk;
    this.#walkedMs = parts.now();
    this.#hostTasks = this.#readHostTasks();
  }

  get members(): readonly Member[] {
    return this.#walk.members;
  }

  /** Tasks as the last walk found them. */
  get tasks(): number {
    return this.#walk.tasks;
  }

  /** Tasks of the same uid that are not of the target. */
  get others(): number {
    return Math.max(0, this.#walk.uidTasks - this.#walk.tasks);
  }

  /** Tasks beside the threads of the first process: nearly all of them are processes. */
  get besideFirst(): number {
    return this.#walk.tasks - this.#firstThreads;
  }

  /** When the last walk was made, and what it cost. */
  get walked(): { readonly atMs: number; readonly costMs: number } {
    return { atMs: this.#walkedMs, costMs: this.#costMs };
  }

  /** Threads of the first process now: a read of 3 µs. */
  firstThreads(): number {
    return this.#first === undefined ? 0 : (countThreads(this.#parts.root, this.#first.pid) ?? 0);
  }

  /** Tasks that the host gained since the last walk, beside the threads of the first process (`threads` now). */
  gained(threads: number): number {
    return this.#readHostTasks() - this.#hostTasks - (threads - this.#firstThreads);
  }

  /** Walks `/proc`; false, with all as it was, when `isHopeless` said so on the way. */
  walk(isHopeless?: () => boolean): boolean {
    const { now, own } = this.#parts;
    const beforeMs = now();
    // Read before the walk: what a bomb makes during a slow walk must call for the next one.
    const hostTasks = this.#readHostTasks();
    const walk = this.#tree.walk(isHopeless);
    if (walk === undefined) return false;
    this.#hostTasks = hostTasks;
    this.#walk = walk;
    this.#walkedMs = now();
    this.#costMs = this.#walkedMs - beforeMs;
    this.#firstThreads = this.members.find(({ pid }) => pid === this.#first?.pid)?.threads ?? 0;
    for (const { pid, ppid, isZombie } of this.members)
      if (isZombie && ppid === process.pid && pid !== this.#first?.pid && !own.has(pid)) this.#parts.libc?.reap(pid);
    return true;
  }

  /** The child has just been forked. No walk: until there has been one, all that the host gains counts as the target's. */
  born(pid: number | undefined): void {
    const stat = pid === undefined ? undefined : readStat(this.#parts.root, pid);
    if (stat === undefined) return;
    this.#first = { pid: stat.pid, startTime: stat.startTime, leads: stat.pgrp === stat.pid };
    this.#firstThreads = 1;
    const uidTasks = this.#walk.uidTasks + 1;
    this.#walk = { members: [{ ...stat, isZombie: false }], tasks: 1, uidTasks };
  }

  /** A tree that runs already; false when its first process is gone. */
  adopt(pid: number): boolean {
    const stat = readStat(this.#parts.root, pid);
    if (stat === undefined) return false;
    this.#first = { pid: stat.pid, startTime: stat.startTime, leads: stat.pgrp === stat.pid };
    this.#tree.adopt(stat.pid, stat.startTime);
    this.walk();
    return true;
  }

  /** One signal to every process that the last walk found, each checked to be the same still. */
  signal(signal: NodeJS.Signals): void {
    for (const member of this.members) sendSignal(this.#parts.root, member, signal);
  }

  /** The same to all that live now and to what is born meanwhile: the group first, then one by one as they are found. */
  sweep(signal: NodeJS.Signals): readonly Member[] {
    this.#signalGroup(signal);
    return this.#tree.sweep(
      () => this.#lastPid(),
      this.#parts.now,
      ({ pid, isZombie }) => {
        // It was read a moment ago: that is the check of its identity.
        if (!isZombie) trySignal(pid, signal);
      },
    );
  }

  /**
   * Stops everything that was born after the first process, without asking whose it is, then walks and lets go at once what is
   * not of the target. A thousand signals take a millisecond; asking first takes 20, which a guard that gets 3 ms of
   * processor every 700 does not have. False where that cannot be done: no libc, or the numbers have begun anew.
   */
  stopBorn(): boolean {
    const { libc } = this.#parts;
    const from = this.#first?.pid;
    if (libc === undefined || from === undefined || this.#lastPid() < from) return false;
    const stopped: number[] = [];
    let cursor = from - 1;
    for (
      let last = this.#lastPid(), round = 0;
      cursor !== last && round < MOST_ROUNDS;
      last = this.#lastPid(), round += 1
    ) {
      for (let pid = cursor + 1; pid <= last; pid += 1)
        if (pid !== process.pid && libc.signal(pid, constants.signals.SIGSTOP)) stopped.push(pid);
      cursor = last;
    }
    this.walk();
    const own = new Set(this.members.map(({ pid }) => pid));
    for (const pid of stopped) if (!own.has(pid)) libc.signal(pid, constants.signals.SIGCONT);
    return true;
  }

  #lastPid(): number {
    return parseLoadavg(this.#parts.loadavg.read() ?? '')?.lastPid ?? 0;
  }

  /** The child's process group while the child is there: its number cannot mean anybody else. */
  #signalGroup(signal: NodeJS.Signals): void {
    const first = this.#first;
    if (first?.leads !== true || readStat(this.#parts.root, first.pid)?.startTime !== first.startTime) return;
    trySignal(-first.pid, signal);
  }

  #readHostTasks(): number {
    return parseLoadavg(this.#parts.loadavg.read() ?? '')?.tasks ?? 0;
  }
}
