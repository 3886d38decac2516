import type { DrillHold, HoldKind } from '../../src/drill/holds.ts';
import type { DrillFacts } from '../../src/drill/judge.ts';

export function held(by: HoldKind): DrillHold {
  return { by, detail: `it is by ${by}`, whyNot: by === 'cgroup' ? [] : ['not by a cgroup'] };
}

/** A drill that went well: refused at 400 tasks, gone 340 ms later. */
export function drillFacts(over: Partial<DrillFacts> = {}): DrillFacts {
  return {
    hold: held('cgroup'),
    budget: 400,
    peakTasks: 400,
    sign: { by: 'refusal', timeMs: 1_000 },
    emptyAtMs: 1_340,
    leftTasks: 0,
    stoppedByGuard: true,
    guardEnd: 'exit 113',
    host: { tried: 20, failed: 0, longestGapMs: 71 },
    limitMs: 10_000,
    ...over,
  };
}
