import { mayRepeat } from '../core/gate.ts';
import { parseLoadavg } from '../procfs/loadavg.ts';
import type { KeptFile } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { readStat } from '../procfs/stat.ts';
import { countThreads } from '../procfs/task.ts';
import type { Libc } from '../sys/libc.ts';
import type { Holder } from './holder.ts';
import { openNprocCap } from './nprocCap.ts';
import { sendSignal, trySignal } from './signalMember.ts';
import { STORM_TASKS, Storm } from './storm.ts';
import { type Member, Tree } from './tree.ts';

/** Tasks that the host may gain or lose before the tree is walked again out of turn. */
const NOTICEABLE_TASKS = 32;
const STORM_NOTE = `a burst of ${STORM_TASKS} processes is stopped for the moment it takes to count it`;
const WALK_EVERY_MS = 1_000;
/** The uid's other tasks come and go between the count and the cap. */
const COUNT_SLACK = 16;
/** A list of processes this old is still good for counting maps. */
const FRESH_MS = 100;

interface WalkOptions {
  readonly root: KernelRoot;
  readonly loadavg: KeptFile;
  readonly libc: Libc | undefined;
  readonly uid: number;
  /** Whether RLIMIT_NPROC holds this target; needs libc and a uid that is not exempt. */
  readonly useRlimit: boolean;
  readonly now: () => number;
  /** Processes of the guard's own. */
  readonly own: ReadonlySet<number>;
}

/**
 * Without a cgroup: the tree is known by walking `/proc`, and held by RLIMIT_NPROC where that binds,
 * else by nothing but the guard's speed.
 *
 * Between two walks the host's own count of tasks says how much the target can have gained. When that
 * is a storm of processes, they are stopped for the length of the look, group first and then one by one
 * as they are found: beside 500 processes that were refused forks in a loop a guard without real-time
 * priority got 3 ms of processor every 700 ms, 6 s for one walk.
 */
export function walkHolder(options: WalkOptions): Holder {
  const { root, loadavg, libc, uid, now } = options;
  const tree = new Tree(root, process.pid, uid, options.own);
  const limits = options.useRlimit && libc !== undefined ? openNprocCap(libc) : undefined;
  let child: { readonly pid: number; readonly startTime: number; readonly leads: boolean } | undefined;
  let walk = tree.walk();
  let walkedMs = now();
  let costMs = 0;
  let hostTasks = readHostTasks(loadavg);
  let childThreads = 0;
  const storm = new Storm(now());
  /** Stopped for one look, or until it is let go. */
  let paused: 'no' | 'look' | 'held' = 'no';

  const refresh = (): void => {
    const before = now();
    // Read before the walk: what a bomb makes during a slow walk must call for the next one.
    hostTasks = readHostTasks(loadavg);
    walk = tree.walk();
    walkedMs = now();
    costMs = walkedMs - before;
    childThreads = walk.members.find(({ pid }) => pid === child?.pid)?.threads ?? 0;
    reapAdopted();
  };
  const reapAdopted = (): void => {
    if (libc === undefined) return;
    for (const { pid, ppid, isZombie } of walk.members)
      if (isZombie && ppid === process.pid && pid !== child?.pid && !options.own.has(pid)) libc.reap(pid);
  };
  const others = (): number => Math.max(0, walk.uidTasks - walk.tasks);
  /** Whether the tree has taken all that its cap allows; where there is none, that is never enough for it. */
  const isPressing = (): boolean =>
    limits === undefined || (limits.cap !== 'max' && walk.tasks >= limits.cap - COUNT_SLACK);
  const setCap = (cap: number | 'max'): boolean => limits?.set(cap, others(), walk.members) ?? false;
  const signalAll = (signal: NodeJS.Signals): void => {
    for (const member of walk.members) sendSignal(root, member, signal);
  };
  /** The child's process group while the child is there: its number cannot mean anybody else. */
  const signalGroup = (signal: NodeJS.Signals): boolean => {
    if (child?.leads !== true || readStat(root, child.pid)?.startTime !== child.startTime) return false;
    return trySignal(-child.pid, signal);
  };
  const lastPid = (): number => parseLoadavg(loadavg.read() ?? '')?.lastPid ?? 0;
  const stopAll = (): readonly Member[] => {
    signalGroup('SIGSTOP');
    return tree.sweep(lastPid, now, ({ pid, isZombie }) => {
      // Read a moment ago: this is the check of its identity.
      if (!isZombie) trySignal(pid, 'SIGSTOP');
    });
  };
  const pauseForLook = (): void => {
    stopAll();
    refresh();
    if (paused !== 'no') return;
    paused = 'look';
    // A look is one turn of the event loop; what it decided is known when the turn is over.
    queueMicrotask(() => {
      if (paused === 'look') letGo();
    });
  };
  const letGo = (): void => {
    if (paused === 'no') return;
    paused = 'no';
    signalAll('SIGCONT');
  };

  return {
    kind: limits === undefined ? 'sampling' : 'rlimit',
    description: limits === undefined ? 'sampling alone' : `RLIMIT_NPROC of uid ${uid}`,
    cannot:
      limits === undefined
        ? [
            'the kernel holds nothing: if the guard is stopped or killed, nothing limits the command',
            'it trips at half of every line, in a storm of processes at a quarter, because it may be late',
            STORM_NOTE,
            'such a burst that trips is killed without a SIGTERM, because nothing can hold it until then',
          ]
        : [
            `the limit counts every task of uid ${uid}, not only this command's`,
            'a clamp reaches new processes only at the next look',
            'refused creations are not counted by the kernel',
            STORM_NOTE,
          ],
    isHeld: limits !== undefined,
    // The limit is set from a count that is a moment old, and refusals are not counted: a target held
    // just below its line would never be seen to reach it.
    get tripShare() {
      if (limits !== undefined) return 0.9;
      return storm.isRaging ? 0.25 : 0.5;
    },
    beforeFork: (initial) => limits?.beforeFork(initial, others()),
    afterFork: (pid) => {
      limits?.afterFork();
      const stat = pid === undefined ? undefined : readStat(root, pid);
      if (stat === undefined) return;
      child = { pid: stat.pid, startTime: stat.startTime, leads: stat.pgrp === stat.pid };
      // No walk: until there has been one, all that the host gains counts as the target's.
      childThreads = 1;
      walk = { ...walk, members: [{ ...stat, isZombie: false }], tasks: 1, uidTasks: walk.uidTasks + 1 };
    },
    adopt: (pid, first) => {
      const stat = readStat(root, pid);
      if (stat === undefined) return;
      child = { pid: stat.pid, startTime: stat.startTime, leads: stat.pgrp === stat.pid };
      tree.adopt(stat.pid, stat.startTime);
      refresh();
      setCap(first === 'max' ? 'max' : Math.max(first, walk.tasks));
    },
    tasks: (nowMs) => {
      const threads = child === undefined ? 0 : (countThreads(root, child.pid) ?? 0);
      const gained = readHostTasks(loadavg) - hostTasks - (threads - childThreads);
      if (gained >= STORM_TASKS) pauseForLook();
      else if (Math.abs(gained) >= NOTICEABLE_TASKS || mayRepeat(nowMs, walkedMs, costMs, WALK_EVERY_MS)) refresh();
      else {
        storm.calm();
        return walk.tasks - childThreads + threads;
      }
      storm.look(nowMs, walk.tasks - childThreads, isPressing());
      limits?.renew(others(), walk.members);
      return walk.tasks;
    },
    refused: () => undefined,
    isStorming: () => storm.isRaging,
    processes: () => {
      if (now() - walkedMs >= FRESH_MS) refresh();
      return walk.members.filter(({ isZombie }) => !isZombie).map(({ pid }) => pid);
    },
    setCap,
    clamp: (tasks) => {
      if (limits === undefined) {
        paused = 'held';
        stopAll();
        refresh();
        return true;
      }
      // What had to be stopped to be counted stays so: a storm leaves no time for the evidence.
      if (paused === 'look') paused = 'held';
      refresh();
      return setCap(Math.max(1, tasks));
    },
    release: (next) => {
      setCap(next);
      letGo();
    },
    signal: (signal) => {
      refresh();
      signalAll(signal);
      letGo();
    },
    killRound: () => {
      paused = 'held';
      // A stop lets a fork that has begun go on to its end, which doubled a bomb of 900; a kill does not
      // (copy_process looks for a fatal signal last). Orphans of the killed come to the guard. Where they
      // would not, all of it must stand still before the first one dies.
      if (libc === undefined) stopAll();
      signalGroup('SIGKILL');
      const members = tree.sweep(lastPid, now, ({ pid, isZombie }) => {
        if (!isZombie) trySignal(pid, 'SIGKILL');
      });
      limits?.set(0, others(), members);
    },
    // What a storm made it stop stands still already.
    pause: () => (paused === 'held' ? () => {} : undefined),
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
