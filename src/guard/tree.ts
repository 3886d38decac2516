import { statSync } from 'node:fs';
import type { KernelRoot } from '../procfs/root.ts';
import { readStat } from '../procfs/stat.ts';
import { listProcesses } from '../procfs/task.ts';

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
  /** All tasks that `/proc` shows. */
  readonly visibleTasks: number;
}

/**
 * The target's processes by descent: everything below the guard (orphans come to it as their
 * subreaper), everything below the child, and every process that was once seen as a member: one that
 * called setsid or lost its parent in between is still recognised by (pid, start time).
 */
export class Tree {
  readonly #root: KernelRoot;
  readonly #guardPid: number;
  readonly #uid: number;
  #known = new Map<number, number>();

  constructor(root: KernelRoot, guardPid: number, uid: number) {
    this.#root = root;
    this.#guardPid = guardPid;
    this.#uid = uid;
  }

  /** One pass over `/proc`: about 20 µs a process, so callers gate it. */
  walk(): Walk {
    const all = new Map<number, Member>();
    let uidTasks = 0;
    let visibleTasks = 0;
    for (const pid of listProcesses(this.#root)) {
      const stat = readStat(this.#root, pid);
      if (stat === undefined) continue;
      visibleTasks += stat.threads;
      if (ownerOf(this.#root.proc(pid)) === this.#uid) uidTasks += stat.threads;
      // A leader that has exited while its threads live on is in state Z too, but not dead.
      const isZombie = stat.state === 'Z' && stat.threads <= 1;
      all.set(pid, { pid, startTime: stat.startTime, ppid: stat.ppid, threads: stat.threads, isZombie });
    }
    const members = [...all.values()].filter((member) => this.#belongs(member, all));
    this.#known = new Map(members.map(({ pid, startTime }) => [pid, startTime]));
    return { members, tasks: members.reduce((sum, { threads }) => sum + threads, 0), uidTasks, visibleTasks };
  }

  #belongs(member: Member, all: ReadonlyMap<number, Member>): boolean {
    let at: Member | undefined = member;
    // Parents are older than children, but pids wrap: a bound instead of trust in the order.
    for (let depth = 0; at !== undefined && depth < 4096; depth += 1) {
      if (at.pid === this.#guardPid) return at !== member;
      if (this.#known.get(at.pid) === at.startTime) return true;
      at = all.get(at.ppid);
    }
    return false;
  }
}

function ownerOf(path: string): number | undefined {
  try {
    return statSync(path).uid;
  } catch {
    return undefined;
  }
}
