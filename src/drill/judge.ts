import { formatCount, formatDuration, formatList } from '../core/units.ts';
import type { DrillHold } from './holds.ts';
import type { HostForks } from './hostWatch.ts';

/** What a drill saw. */
export interface DrillFacts {
  readonly hold: DrillHold;
  readonly budget: number;
  /** The most tasks that the bomb held at once. */
  readonly peakTasks: number;
  /** How it was noticed that the bomb had come to its budget, and when: wall clock. `undefined` when it never did. */
  readonly sign: { readonly by: DrillSign; readonly timeMs: number } | undefined;
  /** When the last task of the bomb was gone: wall clock. */
  readonly emptyAtMs: number | undefined;
  /** Tasks of the bomb when the drill was over. */
  readonly leftTasks: number;
  readonly stoppedByGuard: boolean;
  /** How the guard itself ended: a signal or `exit 113`; `undefined` when it had to be ended. */
  readonly guardEnd: string | undefined;
  readonly host: HostForks;
  /** How long it could have taken. */
  readonly limitMs: number;
}

/** The first that was seen of: the kernel refused a task; the bomb held more than its budget; the guard tripped. */
export const SIGNS = ['refusal', 'over', 'trip'] as const;
export type DrillSign = (typeof SIGNS)[number];

export interface DrillVerdict {
  readonly verdict: 'in time' | 'not in time';
  /** One sentence. */
  readonly reason: string;
  /** What to do about it; empty where it acted in time. */
  readonly hint: string;
}

/** RLIMIT_NPROC counts all tasks of a uid. So many of the others may come and go between the guard's count and its cap. */
const OTHERS_TASKS = 16;

/**
 * Whether the guard acted in time: it ended the bomb, nothing of it is left, the bomb never held more than its budget, and
 * everybody else could make processes all the time. Pure.
 */
export function judgeDrill(facts: DrillFacts): DrillVerdict {
  const { budget, emptyAtMs, host, peakTasks, sign } = facts;
  const faults = faultsOf(facts);
  if (faults.length > 0 || sign === undefined || emptyAtMs === undefined) {
    return { verdict: 'not in time', reason: faults.join('; '), hint: hintOf(facts) };
  }
  const kept =
    peakTasks > budget
      ? `the bomb held ${formatCount(peakTasks)} tasks for a budget of ${formatCount(budget)} (RLIMIT_NPROC counts others too, who come and go)`
      : `the bomb never held more than its budget of ${formatCount(budget)} tasks (${formatCount(peakTasks)})`;
  const others = `others could fork ${formatCount(host.tried)} of ${formatCount(host.tried)} times`;
  const gone = `all of it was gone ${formatDuration(Math.max(0, emptyAtMs - sign.timeMs))} after it came to its budget`;
  return { verdict: 'in time', reason: formatList([kept, others, gone]), hint: '' };
}

function faultsOf(facts: DrillFacts): string[] {
  const { budget, emptyAtMs, guardEnd, hold, host, leftTasks, limitMs, peakTasks, sign, stoppedByGuard } = facts;
  const faults: string[] = [];
  if (sign === undefined) {
    faults.push(
      `the bomb came to ${formatCount(peakTasks)} of ${formatCount(budget)} tasks in ${formatDuration(limitMs)}, which tells nothing`,
    );
  } else if (!stoppedByGuard) {
    faults.push(
      guardEnd === undefined
        ? `the guard did not stop the bomb within ${formatDuration(limitMs)}`
        : `the guard ended (${guardEnd}) and did not stop the bomb`,
    );
  } else if (leftTasks > 0 || emptyAtMs === undefined) {
    faults.push(`${formatCount(leftTasks)} tasks of the bomb were left`);
  }
  if (peakTasks > budget + (hold.by === 'rlimit' ? OTHERS_TASKS : 0)) {
    faults.push(`the bomb held ${formatCount(peakTasks)} tasks, ${formatCount(peakTasks - budget)} over its budget`);
  }
  if (host.failed > 0) {
    faults.push(
      `others could not fork ${formatCount(host.failed)} of ${formatCount(host.tried)} times, for up to ${formatDuration(host.longestGapMs)}`,
    );
  } else if (host.tried === 0) {
    faults.push('nobody tried to fork meanwhile');
  }
  return faults;
}

function hintOf({ hold, sign }: DrillFacts): string {
  if (sign === undefined) return 'try again when the machine is less busy, or give it more time with --for';
  if (hold.by === 'cgroup' || hold.by === 'systemd-scope') return 'threadguard doctor says what is missing here';
  const how = 'threadguard doctor says how to get a cgroup for it';
  // The drill stays away from that limit: whoever lives inside of it would be the one to suffer.
  if (hold.by === 'surroundings') return `${hold.detail}, protects what is outside of it, not what is inside: ${how}`;
  return `only in a cgroup does the kernel hold a command to the very task: ${how}`;
}
