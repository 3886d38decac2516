import type { Findings } from '../core/incidentDocument.ts';
import type { Ceiling, Sample } from '../core/model.ts';
import type { Reporter } from '../policy/event.ts';
import type { Line } from '../policy/lines.ts';
import type { Settings } from '../policy/settings.ts';
import type { Opinion } from '../policy/verdict.ts';
import type { Clock } from '../sys/clock.ts';
import type { Cap, Target } from '../targets/contracts.ts';
import type { CeilingSource } from './headroom.ts';

/** Everything that one track needs from outside. */
export interface TrackParts {
  readonly id: string;
  readonly target: Target;
  readonly ceilings: CeilingSource;
  readonly maps: MapsMeter;
  readonly settings: Settings;
  readonly evidence: EvidenceSource;
  readonly report: Reporter;
  /** Reaps orphans that came to the guard. */
  readonly reap: () => void;
  readonly pulse: Pulse;
  readonly clock: Clock;
}

/** Counts the memory maps of a target: a dear read, made beside the loop, whose result is there at a later look. */
export interface MapsMeter {
  /** `line` is where the maps of one process trip; `undefined` where nothing sets one. */
  look(nowMs: number, tasks: number, line: number | undefined, processes: () => readonly number[]): void;
  /** The process with the most maps as last counted. */
  readonly heaviest: { readonly pid: number; readonly maps: number } | undefined;
  /** The most maps that a process makes in a second, as measured between its last two counts; never negative. */
  readonly perSecond: number;
  /** Milliseconds until the next count is wanted. */
  dueInMs(nowMs: number): number;
}

/** Looks at a target for people. It takes time, so it is called at a trip only. */
export interface EvidenceSource {
  /** Writes the evidence; gives back what was found. */
  dump(facts: DumpFacts, timeoutMs: number): Dumped;
  /** A picture without a stop, kept in memory: it goes into the incident of a target that ends before anything trips. */
  picture(facts: DumpFacts, timeoutMs: number): void;
  /** Right before a kill: what the target itself may say when it knows that it ends. */
  lastWords(): Promise<void>;
}

/** What a look at the target found, and what of it could not be written: sentences. */
export interface Dumped {
  readonly findings: Findings;
  readonly lost: readonly string[];
}

/** Whom the loop tells that it turns. */
export interface Pulse {
  /** A look begins. */
  begins(): void;
  beat(): void;
  /** A look took so long. */
  looked(tookMs: number): void;
  /** Looks are never further apart; `undefined` where nobody waits for a beat. */
  readonly heartbeatMs: number | undefined;
}

/** What is known at the moment of a dump. */
export interface DumpFacts {
  /** Why it tripped, or ended. */
  readonly opinion: Opinion;
  readonly ceilings: readonly Ceiling[];
  readonly ceilingsAtStart: readonly Ceiling[];
  readonly samples: readonly Sample[];
  readonly tasks: number;
}

/** What is known before the child starts. */
export interface Rehearsal {
  readonly cap: Cap;
  /** The limit of somebody else that holds the target where the guard has no means of its own. */
  readonly around: Ceiling | undefined;
  /** Where it will trip; `undefined` where nothing sets a line. */
  readonly tasks: Line | undefined;
  readonly maps: Line | undefined;
  /** To the first look. */
  readonly intervalMs: number;
}
