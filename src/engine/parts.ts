import type { Surroundings } from '../ceilings/surroundings.ts';
import type { Growth } from '../core/forecast.ts';
import type { Ceiling, Sample } from '../core/model.ts';
import type { Stage } from '../policy/escalation.ts';
import type { Settings } from '../policy/settings.ts';
import type { Verdict } from '../policy/verdict.ts';
import type { Reporter } from '../reporters/event.ts';
import type { Holder } from '../targets/holder.ts';
import type { MapsWatch } from './mapsWatch.ts';
import type { RefusedBy } from './refusalWatch.ts';
import type { Nearest } from './witness.ts';

/** What the loop needs from outside. */
export interface GuardParts {
  readonly settings: Settings;
  readonly holder: Holder;
  readonly surroundings: Surroundings;
  readonly maps: MapsWatch;
  readonly report: Reporter;
  /** Writes the evidence and returns a sentence about it. */
  readonly dump: (facts: DumpFacts, timeoutMs: number) => string;
  /** Whether a refused thread would end the target (Go): then evidence must come before the kernel refuses one. */
  readonly diesOfRefusal: () => boolean;
  /** Right before a kill: what the target itself may say when it knows that it ends. */
  readonly lastWords: () => Promise<void>;
  /** Reaps orphans that came to the guard. */
  readonly reap: () => void;
  /** Called at every look: the loop turns. */
  readonly beat: () => void;
  /** A look took so long. */
  readonly looked: (tookMs: number) => void;
  /** Looks are never further apart. */
  readonly heartbeatMs: number | undefined;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export interface DumpFacts {
  readonly verdict: Verdict;
  readonly ceilings: readonly Ceiling[];
  readonly ceilingsAtStart: readonly Ceiling[];
  readonly samples: readonly Sample[];
  readonly tasks: number;
}

/** State that a status line shows. */
export interface GuardView {
  readonly tasks: number;
  readonly maps: number | undefined;
  readonly growth: Growth;
  readonly stage: Stage['at'];
  readonly binding: Ceiling | undefined;
  readonly line: number | undefined;
  readonly history: readonly number[];
}

export interface GuardSummary {
  readonly peakTasks: number;
  readonly peakMaps: number | undefined;
  readonly nearest: Nearest | undefined;
  readonly refused: number | undefined;
  /** Ceilings other than the guard's own cap that refused it something. */
  readonly refusedBy: readonly RefusedBy[];
  readonly actions: Readonly<Record<string, number>>;
  /** How late the guard itself woke. */
  readonly lateness: { readonly p99Ms: number; readonly worstMs: number };
}
