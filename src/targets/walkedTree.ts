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
    this.#walk = this.#tree.walk();
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

  walk(): void {
    const { now, own } = this.#parts;
    const beforeMs = now();
    // Read before the walk: what a bomb makes during a slow walk must call for the next one.
    this.#hostTasks = this.#readHostTasks();
    this.#walk = this.#tree.walk();
    this.#walkedMs = now();
    this.#costMs = this.#walkedMs - beforeMs;
    this.#firstThreads = this.members.find(({ pid }) => pid === this.#first?.pid)?.threads ?? 0;
    for (const { pid, ppid, isZombie } of this.members)
      if (isZombie && ppid === process.pid && pid !== this.#first?.pid && !own.has(pid)) this.#parts.libc?.reap(pid);
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
    const lastPid = (): number => parseLoadavg(this.#parts.loadavg.read() ?? '')?.lastPid ?? 0;
    return this.#tree.sweep(lastPid, this.#parts.now, ({ pid, isZombie }) => {
      // It was read a moment ago: that is the check of its identity.
      if (!isZombie) trySignal(pid, signal);
    });
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
