import { mayRepeat } from '../policy/cadence.ts';
import { parseLoadavg } from '../procfs/loadavg.ts';
import type { KeptFile } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { readStat } from '../procfs/stat.ts';
import { countThreads } from '../procfs/task.ts';
import { type Libc, RLIM_INFINITY, RLIMIT_NPROC } from '../sys/libc.ts';
import type { Holder } from './holder.ts';
import { type Member, Tree } from './tree.ts';

/** Tasks that the host may gain or lose before the tree is walked again out of turn. */
const NOTICEABLE_TASKS = 32;
const WALK_EVERY_MS = 1_000;

interface WalkOptions {
  readonly root: KernelRoot;
  readonly loadavg: KeptFile;
  readonly libc: Libc | undefined;
  readonly uid: number;
  /** Whether RLIMIT_NPROC holds this target; needs libc and a uid that is not exempt. */
  readonly useRlimit: boolean;
  readonly now: () => number;
}

/**
 * Without a cgroup: the tree is known by walking `/proc`, and held by RLIMIT_NPROC where that binds,
 * else by nothing but the guard's speed.
 */
export function walkHolder(options: WalkOptions): Holder {
  const { root, loadavg, libc, uid, now } = options;
  const tree = new Tree(root, process.pid, uid);
  const rlimit = options.useRlimit ? libc : undefined;
  const own = rlimit?.getLimit(0, RLIMIT_NPROC);
  let childPid = 0;
  let walk = tree.walk();
  let walkedMs = now();
  let costMs = 0;
  let hostTasks = readHostTasks(loadavg);
  let childThreads = 0;
  let cap: number | 'max' = 'max';

  const refresh = (): void => {
    const before = now();
    // Read before the walk: what a bomb makes during a slow walk must call for the next one.
    hostTasks = readHostTasks(loadavg);
    walk = tree.walk();
    walkedMs = now();
    costMs = walkedMs - before;
    childThreads = walk.members.find(({ pid }) => pid === childPid)?.threads ?? 0;
    if (libc !== undefined)
      for (const { pid, ppid, isZombie } of walk.members) {
        if (isZombie && ppid === process.pid && pid !== childPid) libc.reap(pid);
      }
  };
  /** The limit counts the uid's tasks everywhere, so the others' are added to the target's cap. */
  const softLimit = (next: number): bigint => BigInt(Math.max(0, walk.uidTasks - walk.tasks) + next);
  const limitOf = (next: number | 'max'): bigint => {
    const hard = own?.hard ?? RLIM_INFINITY;
    const wanted = next === 'max' ? (own?.soft ?? RLIM_INFINITY) : softLimit(next);
    if (wanted > hard) return hard;
    return wanted;
  };
  const setCap = (next: number | 'max'): boolean => {
    cap = next;
    if (rlimit === undefined) return false;
    let isTaken = true;
    for (const { pid, isZombie } of walk.members) {
      const limit = rlimit.getLimit(pid, RLIMIT_NPROC);
      if (isZombie || limit === undefined || limit.soft === limitOf(next)) continue;
      isTaken = rlimit.setLimit(pid, RLIMIT_NPROC, limitOf(next), limit.hard) && isTaken;
    }
    return isTaken;
  };
  const signalAll = (signal: NodeJS.Signals): void => {
    for (const member of walk.members) send(root, member, signal);
  };

  return {
    kind: rlimit === undefined ? 'sampling' : 'rlimit',
    description: rlimit === undefined ? 'sampling alone' : `RLIMIT_NPROC of uid ${uid}`,
    cannot:
      rlimit === undefined
        ? [
            'the kernel holds nothing: if the guard is stopped or killed, nothing limits the command',
            'it trips at half of every line, because it may be late',
          ]
        : [
            `the limit counts every task of uid ${uid}, not only this command's`,
            'a clamp reaches new processes only at the next look',
            'refused creations are not counted by the kernel',
          ],
    isHeld: rlimit !== undefined,
    // The limit is set from a count that is a moment old, and refusals are not counted: a target held
    // just below its line would never be seen to reach it.
    tripShare: rlimit === undefined ? 0.5 : 0.9,
    beforeFork: (initial) => {
      cap = initial;
      if (rlimit !== undefined && own !== undefined) rlimit.setLimit(0, RLIMIT_NPROC, limitOf(initial), own.hard);
    },
    afterFork: (pid) => {
      childPid = pid ?? 0;
      if (rlimit !== undefined && own !== undefined) rlimit.setLimit(0, RLIMIT_NPROC, own.soft, own.hard);
      refresh();
    },
    tasks: (nowMs) => {
      const threads = countThreads(root, childPid) ?? 0;
      const moved = Math.abs(readHostTasks(loadavg) - hostTasks - (threads - childThreads));
      if (moved >= NOTICEABLE_TASKS || mayRepeat(nowMs, walkedMs, costMs, WALK_EVERY_MS)) {
        refresh();
        setCap(cap);
        return walk.tasks;
      }
      return walk.tasks - childThreads + threads;
    },
    refused: () => undefined,
    uidTasks: () => walk.uidTasks,
    processes: () => {
      refresh();
      return walk.members.filter(({ isZombie }) => !isZombie).map(({ pid }) => pid);
    },
    setCap,
    clamp: (tasks) => {
      refresh();
      if (rlimit !== undefined && setCap(Math.max(1, tasks))) return true;
      // New processes appear while the old ones are stopped: until a pass finds none.
      for (let round = 0, seen = -1; round < 50 && walk.members.length !== seen; round += 1) {
        seen = walk.members.length;
        signalAll('SIGSTOP');
        refresh();
      }
      return true;
    },
    release: (next) => {
      if (rlimit === undefined) signalAll('SIGCONT');
      else setCap(next);
    },
    signal: (signal) => {
      refresh();
      signalAll(signal);
      if (rlimit === undefined) signalAll('SIGCONT');
    },
    killRound: () => {
      refresh();
      // Where the kernel can hold, nothing more is born between the rounds.
      setCap(0);
      signalAll('SIGSTOP');
      refresh();
      signalAll('SIGKILL');
    },
    isEmpty: () => {
      refresh();
      return walk.members.every(({ isZombie }) => isZombie);
    },
    onRefusal: () => () => {},
    remove: () => true,
    close: () => {},
  };
}

function readHostTasks(loadavg: KeptFile): number {
  return parseLoadavg(loadavg.read() ?? '')?.tasks ?? 0;
}

/** A signal to a process that is still the one that was seen. */
function send(root: KernelRoot, member: Member, signal: NodeJS.Signals): void {
  if (member.isZombie || readStat(root, member.pid)?.startTime !== member.startTime) return;
  try {
    process.kill(member.pid, signal);
  } catch {
    // It ended in between, or changed its uid: the next walk shows which.
  }
}
