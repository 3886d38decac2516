import type { KillFile } from '../cgroup/killFile.ts';
import type { Subtree } from '../cgroup/subtree.ts';
import type { Cap, End } from './contracts.ts';
import type { Escapes } from './escapes.ts';
import { trySignal } from './signalMember.ts';

/** Ends everything in the cgroup of a target, below it, and what has left it. */
export function cgroupEnd(parts: {
  readonly subtree: Subtree;
  /** Processes inside, as far as they can be read. */
  readonly inside: () => readonly number[];
  readonly killFile: KillFile;
  readonly escapes: Escapes;
  readonly setCap: (cap: Cap) => boolean;
}): End {
  const { escapes, inside, killFile, setCap, subtree } = parts;
  const signalAll = (signal: NodeJS.Signals): void => {
    for (const pid of inside()) trySignal(pid, signal);
  };
  let rounds = 0;
  return {
    signal: (signal) => {
      signalAll(signal);
      for (const { pid } of escapes.find()) trySignal(pid, signal);
    },
    killRound: () => {
      rounds += 1;
      // Nothing can be born under a closed cap, so a walk ends.
      setCap(0);
      const isWhole = killFile.kill();
      // `cgroup.kill` reaches its own hierarchy only, and nobody who has left it. What is still there after it is walked.
      if (!isWhole || rounds > 1) signalAll('SIGKILL');
      if (rounds > 1 || !isPopulated(subtree)) for (const { pid } of escapes.find()) trySignal(pid, 'SIGKILL');
    },
    isEmpty: () => !isPopulated(subtree) && escapes.find().length === 0,
  };
}

/** What cannot be read is not taken for empty. */
function isPopulated(subtree: Subtree): boolean {
  try {
    return subtree.isPopulated();
  } catch {
    return true;
  }
}
