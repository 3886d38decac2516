import { mayRepeat } from '../core/gate.ts';
import type { Birth, Brake, ChildTarget, End, Hold, Meter } from './contracts.ts';
import { type NprocCap, openNprocCap } from './nprocCap.ts';
import { Storm } from './storm.ts';
import { WalkedTree, type WalkParts } from './walkedTree.ts';

/** Tasks that the host may gain or lose before the tree is walked again out of turn. */
const NOTICEABLE_TASKS = 32;
const WALK_EVERY_MS = 1_000;
/** Other tasks of the uid come and go between the count and the cap. */
const COUNT_SLACK = 16;
/** A list of processes this old is still good for counting maps. */
const FRESH_MS = 100;

/** What the four contracts share. */
interface State {
  readonly tree: WalkedTree;
  readonly limits: NprocCap | undefined;
  readonly storm: Storm;
  readonly now: () => number;
  /** Whether all of it is stopped, until it is let go. */
  isPaused: boolean;
}

/**
 * Without a cgroup: the tree is known by walking `/proc`, and held by RLIMIT_NPROC where that binds (`useRlimit`, which
 * needs libc and a uid that is not exempt), else by nothing but the guard's speed.
 *
 * Nothing is ever stopped to be counted: an honest burst of processes is met by a walk like any other.
 */
export function walkTarget(parts: WalkParts, useRlimit: boolean): ChildTarget {
  const { libc, now } = parts;
  const limits = useRlimit && libc !== undefined ? openNprocCap(libc) : undefined;
  const state: State = { tree: new WalkedTree(parts), limits, storm: new Storm(now()), now, isPaused: false };
  return {
    hold: holdOf(limits, parts.uid),
    meter: walkMeter(state),
    brake: walkBrake(state),
    end: walkEnd(state, libc !== undefined),
    birth: walkBirth(state),
    remove: () => true,
    close: () => {},
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
      'a clamp reaches new processes only at the next look',
      'the kernel does not count what it refuses there, so a trip is seen a little above the line',
    ],
  };
}

function walkMeter(state: State): Meter {
  const { limits, now, storm, tree } = state;
  /** Whether the tree has taken all that its cap allows; where there is none, that is never enough for it. */
  const isPressing = (): boolean =>
    limits === undefined || (limits.cap !== 'max' && tree.tasks >= limits.cap - COUNT_SLACK);
  return {
    tasks: (nowMs) => {
      const threads = tree.firstThreads();
      const gained = tree.gained(threads);
      const { atMs, costMs } = tree.walked;
      if (Math.abs(gained) >= NOTICEABLE_TASKS || mayRepeat(nowMs, atMs, costMs, WALK_EVERY_MS)) tree.walk();
      else {
        storm.calm();
        return tree.besideFirst + threads;
      }
      storm.look(nowMs, tree.besideFirst, isPressing());
      limits?.renew(tree.others, tree.members);
      return tree.tasks;
    },
    refused: () => undefined,
    isStorming: () => storm.isRaging,
    processes: () => {
      if (now() - tree.walked.atMs >= FRESH_MS) tree.walk();
      return tree.members.filter(({ isZombie }) => !isZombie).map(({ pid }) => pid);
    },
    onRefusal: () => () => {},
  };
}

function letGo(state: State): void {
  if (!state.isPaused) return;
  state.isPaused = false;
  state.tree.signal('SIGCONT');
}

function walkBrake(state: State): Brake {
  const { limits, tree } = state;
  const setCap: Brake['setCap'] = (cap) => limits?.set(cap, tree.others, tree.members) ?? false;
  return {
    isHeld: limits !== undefined,
    setCap,
    clamp: (tasks) => {
      if (limits === undefined) {
        state.isPaused = true;
        tree.sweep('SIGSTOP');
        tree.walk();
        return true;
      }
      tree.walk();
      return setCap(Math.max(1, tasks));
    },
    release: (cap) => {
      setCap(cap);
      letGo(state);
    },
    // A clamped target stands still already.
    pause: () => (state.isPaused ? () => {} : undefined),
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
      state.isPaused = true;
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
