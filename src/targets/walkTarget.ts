import { mayRepeat } from '../core/gate.ts';
import { ProcessorWait } from '../procfs/processorWait.ts';
import type { Birth, Brake, ChildTarget, End, Hold, Meter } from './contracts.ts';
import { type NprocCap, openNprocCap } from './nprocCap.ts';
import { STORM_TASKS, Storm } from './storm.ts';
import { WalkedTree, type WalkParts } from './walkedTree.ts';

/** Tasks that the host may gain or lose before the tree is walked again out of turn. */
const NOTICEABLE_TASKS = 32;
const STORM_NOTE =
  'a storm of processes at the cap that takes the processor from the guard is stopped while it is counted';
const WALK_EVERY_MS = 1_000;
/** A walk of 1,000 processes takes 20 to 40 ms. One that takes longer may not get the processor. */
const LONG_WALK_MS = 100;
/** Other tasks of the uid come and go between the count and the cap. */
const COUNT_SLACK = 16;
/** A list of processes this old is still good for counting maps; in a storm, where a walk takes long, an older one too. */
const FRESH_MS = 100;
const FRESH_WALKS = 20;

/** What the four contracts share. */
interface State {
  readonly tree: WalkedTree;
  readonly limits: NprocCap | undefined;
  readonly storm: Storm;
  readonly wait: ProcessorWait;
  readonly now: () => number;
  /** Stopped for one look, or until it is let go. */
  paused: 'no' | 'look' | 'held';
}

/**
 * Without a cgroup: the tree is known by walking `/proc`, and held by RLIMIT_NPROC where that binds (`useRlimit`, which
 * needs libc and a uid that is not exempt), else by nothing but the guard's speed.
 *
 * A burst of processes is counted by a walk like everything else, and is not stopped for it. There is one exception: a tree
 * that has taken all that its cap allows, by the count of the host, and keeps the guard from the processor. Beside 1,000
 * processes that were refused forks in a loop, each in a session of its own, a guard without a right to priority got 3 ms of
 * processor every 700 ms: 25 s for one walk. Beside other load it got 40 ms in 18 s.
 */
export function walkTarget(parts: WalkParts, useRlimit: boolean): ChildTarget {
  const { libc, now } = parts;
  const limits = useRlimit && libc !== undefined ? openNprocCap(libc) : undefined;
  const wait = new ProcessorWait(parts.root);
  const state: State = { tree: new WalkedTree(parts), limits, storm: new Storm(now()), wait, now, paused: 'no' };
  return {
    hold: holdOf(limits, parts.uid),
    meter: walkMeter(state),
    brake: walkBrake(state),
    end: walkEnd(state, libc !== undefined),
    birth: walkBirth(state),
    remove: () => true,
    close: async () => {},
  };
}

function holdOf(limits: NprocCap | undefined, uid: number): Hold {
  if (limits === undefined) {
    return {
      kind: 'sampling',
      description: 'sampling alone',
      cannot: [
        'the kernel holds nothing: if the guard is stopped or killed, nothing limits the command',
        'it acts before the line is reached, the earlier the faster the command grows, because it may be late',
        'a storm of processes that trips is killed without a SIGTERM, because nothing can hold it until then',
      ],
    };
  }
  return {
    kind: 'rlimit',
    description: `RLIMIT_NPROC of uid ${uid}`,
    cannot: [
      `the limit counts every task of uid ${uid}, not only this command's`,
      'the command sees this limit: ulimit -u shows it another number than without the guard',
      'a clamp reaches new processes only at the next look',
      'the kernel does not count what it refuses there, so a trip is seen a little above the line',
      STORM_NOTE,
    ],
  };
}

function walkMeter(state: State): Meter {
  const { limits, now, storm, tree, wait } = state;
  /** Whether the tree has taken all that its cap allows; where there is none, that is never enough for it. */
  const isPressing = (tasks: number): boolean =>
    limits === undefined || (limits.cap !== 'max' && tasks >= limits.cap - COUNT_SLACK);
  /** By the count of the host, which is one short read. */
  const isStorm = (): boolean => {
    const gained = tree.gained(tree.firstThreads());
    return gained >= STORM_TASKS && isPressing(tree.tasks + gained);
  };
  /** For a walk that begins now: whether a storm keeps it from the processor. */
  const isHopeless = (): (() => boolean) => {
    const beforeMs = now();
    return () => now() - beforeMs >= LONG_WALK_MS && wait.isStarved !== false && isStorm();
  };
  return {
    tasks: (nowMs) => {
      const threads = tree.firstThreads();
      const gained = tree.gained(threads);
      const { atMs, costMs } = tree.walked;
      if (Math.abs(gained) >= NOTICEABLE_TASKS || mayRepeat(nowMs, atMs, costMs, WALK_EVERY_MS)) {
        const wasStarved = wait.isStarved === true;
        wait.mark();
        if ((wasStarved && isStorm()) || !tree.walk(isHopeless())) countStopped(state);
        wait.mark();
      } else {
        storm.calm();
        return tree.besideFirst + threads;
      }
      storm.look(nowMs, tree.besideFirst, isPressing(tree.tasks));
      limits?.renew(tree.others, tree.members);
      return tree.tasks;
    },
    recount: () => {
      const threads = tree.firstThreads();
      const gained = tree.gained(threads);
      return Math.max(0, tree.besideFirst + threads + (Math.abs(gained) >= NOTICEABLE_TASKS ? gained : 0));
    },
    refused: () => undefined,
    peak: (seen) => seen,
    isStorming: () => storm.isRaging,
    processes: () => {
      const { atMs, costMs } = tree.walked;
      if (now() - atMs >= Math.max(FRESH_MS, FRESH_WALKS * costMs)) tree.walk(isHopeless());
      return tree.members.filter(({ isZombie }) => !isZombie).map(({ pid }) => pid);
    },
    onRefusal: () => () => {},
  };
}

/** Stops all of it, counts it, and lets it go on when the look is over: a look is one turn of the event loop. */
function countStopped(state: State): void {
  if (!state.tree.stopBorn()) {
    state.tree.sweep('SIGSTOP');
    state.tree.walk();
  }
  if (state.paused !== 'no') return;
  state.paused = 'look';
  queueMicrotask(() => {
    if (state.paused === 'look') letGo(state);
  });
}

function letGo(state: State): void {
  if (state.paused === 'no') return;
  state.paused = 'no';
  state.tree.signal('SIGCONT');
}

function walkBrake(state: State): Brake {
  const { limits, tree } = state;
  const setCap: Brake['setCap'] = (cap) => limits?.set(cap, tree.others, tree.members) ?? false;
  return {
    isHeld: limits !== undefined,
    setCap,
    capNow: () => undefined,
    clamp: (tasks) => {
      if (limits === undefined) {
        state.paused = 'held';
        tree.sweep('SIGSTOP');
        tree.walk();
        return true;
      }
      // What had to be stopped to be counted stays so: it leaves no time for the evidence.
      if (state.paused === 'look') state.paused = 'held';
      tree.walk();
      return setCap(Math.max(1, tasks));
    },
    release: (cap) => {
      setCap(cap);
      letGo(state);
    },
    freeze: () => {
      // Nobody would let it go if the guard died.
      return false;
    },
    thaw: () => letGo(state),
    // A clamped target stands still already.
    pause: () => (state.paused === 'held' ? () => {} : undefined),
  };
}

function walkEnd(state: State, hasSubreaper: boolean): End {
  const { limits, tree } = state;
  return {
    signal: (signal) => {
      tree.walk();
      tree.signal(signal);
      letGo(state);
    },
    killRound: () => {
      state.paused = 'held';
      // A stop lets a fork that has begun go on to its end, which doubled a bomb of 900; a kill does not
      // (copy_process looks for a fatal signal last). Orphans of the killed come to the guard. Where they
      // would not, all of it must stand still before the first one dies.
      if (!hasSubreaper) tree.sweep('SIGSTOP');
      const members = tree.sweep('SIGKILL');
      limits?.set(0, tree.others, members);
    },
    isEmpty: () => {
      tree.walk();
      return tree.members.every(({ isZombie }) => isZombie);
    },
  };
}

function walkBirth({ limits, tree }: State): Birth {
  return {
    beforeFork: (initial) => limits?.beforeFork(initial, tree.others),
    afterFork: (pid) => {
      limits?.afterFork();
      tree.born(pid);
    },
    adopt: (pid, first) => {
      if (!tree.adopt(pid)) return;
      limits?.set(first === 'max' ? 'max' : Math.max(first, tree.tasks), tree.others, tree.members);
    },
  };
}
