import { statSync } from 'node:fs';
import type { KernelRoot } from '../procfs/root.ts';
import { isZombie, type ProcessStat, readStat } from '../procfs/stat.ts';
import { listChildren, listProcesses } from '../procfs/task.ts';

/** A process of the target; (pid, startTime) is its identity. */
export interface Member {
  readonly pid: number;
  readonly startTime: number;
  readonly ppid: number;
  readonly threads: number;
  readonly isZombie: boolean;
}

export interface Walk {
  readonly members: readonly Member[];
  /** Tasks of the target, zombies included. */
  readonly tasks: number;
  /** Tasks of the given uid over the whole of `/proc`. */
  readonly uidTasks: number;
}

/** A sweep that is not done by then returns: the caller looks again, and comes again. */
const SWEEP_MS = 300;
/** How long a number that has no process yet is asked for; most belong to threads, or have ended. */
const UNBORN_MS = 3;
/** Numbers given out just before the sweep, which may not be visible yet. */
const RECENT_PIDS = 32;

/**
 * The target's processes by descent: everything below the guard (orphans come to it as their
 * subreaper), everything below the child, and every process that was once seen as a member: one that
 * called setsid or lost its parent in between is still recognised by (pid, start time).
 */
export class Tree {
  readonly #root: KernelRoot;
  readonly #guardPid: number;
  readonly #uid: number;
  /** Was there before the child, so it is nobody's descendant in the target. A full walk does not trust this. */
  readonly #elders: Set<number>;
  /** Processes that the guard made for itself. */
  readonly #own: ReadonlySet<number>;
  /** Whether every orphan below the guard becomes its child: it is their subreaper, and made all of them. */
  readonly #isReaper: boolean;
  #known = new Map<number, number>();

  constructor(root: KernelRoot, guardPid: number, uid: number, own: ReadonlySet<number> = new Set(), isReaper = false) {
    this.#root = root;
    this.#guardPid = guardPid;
    this.#uid = uid;
    this.#own = own;
    this.#isReaper = isReaper;
    this.#elders = new Set(listProcesses(root));
  }

  /** A process that is no descendant of the guard's belongs to the target, and all below it. */
  adopt(pid: number, startTime: number): void {
    this.#known.set(pid, startTime);
    this.#elders.delete(pid);
  }

  /**
   * Whether anything of the target can be alive. One short read instead of a pass over `/proc`, which takes 20 ms on a host
   * with 1,000 processes: who has no child has no descendant, where orphans become its children.
   */
  mayLive(): boolean {
    const children = this.#isReaper ? listChildren(this.#root, this.#guardPid) : undefined;
    return children === undefined || children.some((pid) => !this.#own.has(pid));
  }

  /** One pass over `/proc`: about 20 µs a process, so callers gate it. `undefined` when `isLate` said so on the way. */
  walk(isLate: () => boolean = () => false): Walk | undefined {
    const all = new Map<number, Member>();
    let uidTasks = 0;
    for (const pid of listProcesses(this.#root)) {
      if (isLate()) return undefined;
      const stat = readStat(this.#root, pid);
      if (stat === undefined) continue;
      if (ownerOf(this.#root.proc(pid)) === this.#uid) uidTasks += stat.threads;
      all.set(pid, toMember(stat));
    }
    const members = [...all.values()].filter((member) => this.#belongs(member, all));
    this.#known = new Map(members.map(({ pid, startTime }) => [pid, startTime]));
    return { members, tasks: members.reduce((sum, { threads }) => sum + threads, 0), uidTasks };
  }

  /**
   * Hands each member to `stop` the moment it is found, until none is left that was not; returns them. A
   * bomb whose processes are stopped as they are found runs out of ones that fork. A pass over `/proc`
   * takes a millisecond, in which one processor forks ten times, so passes alone never end: the ones
   * born meanwhile are met by their numbers, which the kernel gives out in order and tells the last of
   * (`lastPid`, 2 µs). A number is given out before its process can be seen, even when its parent has
   * been stopped in between: such a one is asked for again for a while.
   */
  sweep(lastPid: () => number, now: () => number, stop: (member: Member) => void): Member[] {
    const endMs = now() + SWEEP_MS;
    const met = new Map<number, Member>();
    const unborn = new Map<number, number>();
    const meet = (pid: number): void => {
      if (met.has(pid) || this.#elders.has(pid)) return;
      const stat = readStat(this.#root, pid);
      if (stat === undefined) {
        if (!unborn.has(pid)) unborn.set(pid, now() + UNBORN_MS);
        return;
      }
      unborn.delete(pid);
      if (!this.#isMember(stat)) return;
      const member = toMember(stat);
      met.set(pid, member);
      this.#known.set(pid, stat.startTime);
      stop(member);
    };
    for (let cursor = lastPid() - RECENT_PIDS, before = -1; before !== met.size && now() < endMs; ) {
      before = met.size;
      for (const pid of listProcesses(this.#root)) meet(pid);
      do {
        const last = lastPid();
        // Numbers begin anew at pid_max: what was born around that is left to the next pass.
        for (let pid = Math.max(cursor, 1) + 1; pid <= last; pid += 1) meet(pid);
        cursor = last;
        for (const [pid, untilMs] of unborn) now() < untilMs ? meet(pid) : unborn.delete(pid);
      } while ((unborn.size > 0 || lastPid() !== cursor) && now() < endMs);
    }
    return [...met.values()];
  }

  #isMember({ pid, ppid, startTime }: ProcessStat): boolean {
    if (this.#own.has(pid)) return false;
    return ppid === this.#guardPid || this.#known.get(pid) === startTime || this.#known.has(ppid);
  }

  #belongs(member: Member, all: ReadonlyMap<number, Member>): boolean {
    let at: Member | undefined = member;
    // Parents are older than children, but pids wrap: a bound instead of trust in the order.
    for (let depth = 0; at !== undefined && depth < 4096; depth += 1) {
      if (at.pid === this.#guardPid) return at !== member;
      if (this.#own.has(at.pid)) return false;
      if (this.#known.get(at.pid) === at.startTime) return true;
      at = all.get(at.ppid);
    }
    return false;
  }
}

function toMember(stat: ProcessStat): Member {
  const { pid, ppid, startTime, threads } = stat;
  return { pid, startTime, ppid, threads, isZombie: isZombie(stat) };
}

function ownerOf(path: string): number | undefined {
  try {
    return statSync(path).uid;
  } catch {
    return undefined;
  }
}
