import type { Findings } from '../core/incidentDocument.ts';
import type { Ceiling, Ended, Step } from '../core/model.ts';
import type { EndKind } from './restart.ts';
import type { Opinion } from './verdict.ts';

/** What the kernel or the guard did about a target; each event of the log carries the fields of its kind. */
export type GuardEvent =
  | StartEvent
  | ContainedEvent
  | SampleEvent
  | WarnEvent
  | ({ readonly event: 'trip' } & OpinionFields)
  | ({ readonly event: 'clamp'; readonly tasks: number; readonly cap?: number; readonly isFrozen?: true } & DryRun)
  | ({ readonly event: 'release'; readonly tasks: number } & DryRun)
  | DumpEvent
  | ({ readonly event: 'terminate'; readonly tasks: number; readonly graceMs: number } & DryRun)
  | KillEvent
  | ExitEvent
  | RestartEvent
  | RollbackEvent
  | ReloadEvent
  | ErrorEvent;

export type EventName = GuardEvent['event'];

/** Takes events; must never wait and never throw. */
export type Reporter = (event: GuardEvent) => void;

interface DryRun {
  /** True where nothing was done: only what would have been. */
  readonly dryRun?: true;
}

type OpinionFields = DryRun & { readonly opinion: Opinion; readonly tasks: number; readonly maps?: number | undefined };

export interface StartEvent {
  readonly event: 'start';
  readonly command: readonly string[];
  readonly scheduling: string;
  readonly ceilings: readonly Ceiling[];
  /** 1 for the first run, one more after each restart. */
  readonly attempt: number;
}

/** Everything that will happen at which number, said before it happens. */
export interface ContainedEvent {
  readonly event: 'contained';
  readonly attempt: number;
  readonly command: readonly string[];
  readonly by: 'cgroup-v2' | 'cgroup-v1' | 'rlimit' | 'sampling';
  /** What holds the target, for people: `pids cgroup /sys/…`. */
  readonly holder: string;
  readonly isHeld: boolean;
  readonly cap: number | 'max';
  readonly cannot: readonly string[];
  readonly fallbacks: readonly string[];
  readonly intervalMs: number;
  /** Whether the kernel records who makes its tasks. */
  readonly recordsCreators: boolean;
  /** The binding ceiling, `null` where none has a number. */
  readonly binding: Ceiling | null;
  /** Where it warns and trips, in tasks, and what set that; `null` where no ceiling on tasks could be read. */
  readonly line: { readonly warnAt: number; readonly tripAt: number; readonly setBy: string } | null;
  /** Where the maps of one process trip; `null` where nothing sets a line. */
  readonly maps: { readonly tripAt: number; readonly setBy: string } | null;
  readonly until: Step;
  readonly graceMs: number;
  readonly dryRun: boolean;
  readonly policies: readonly string[];
  /** Where metrics are served. */
  readonly metrics: string | null;
}

/** What a look saw, once a second. */
export interface SampleEvent extends DryRun {
  readonly event: 'sample';
  readonly tasks: number;
  readonly maps: number | undefined;
  readonly refused: number | undefined;
  readonly cap: number | 'max';
  readonly growthPerSecond: number;
  /** The label of the binding ceiling. */
  readonly binding: string | null;
  readonly additionalThreads: number | string | null;
  readonly latenessMs: number;
}

export type WarnEvent = { readonly event: 'warn' } & (
  | ({ readonly about: 'line' } & OpinionFields)
  /** A ceiling that is not the guard's own cap refused the target something. */
  | {
      readonly about: 'refusal';
      readonly ceiling: Ceiling;
      readonly verdict: string;
      readonly evidence: readonly string[];
      readonly tasks: number;
    }
  /** The target wrote another cap, and it was put back. */
  | { readonly about: 'cap'; readonly moved: number | 'max'; readonly cap: number | 'max' }
  /** Processes of the target were found outside of what holds it; so many of them were brought back. */
  | { readonly about: 'escape'; readonly pids: readonly number[]; readonly returned: number }
  | { readonly about: 'room'; readonly room: number; readonly needed: number }
);

export interface DumpEvent extends DryRun {
  readonly event: 'dump';
  readonly tasks: number;
  /** What was found; absent in a dry run. */
  readonly findings?: Findings;
  /** What could not be written: sentences. */
  readonly lost: readonly string[];
  /** Why the command ended before anything tripped; then the evidence is gathered of what was seen before. */
  readonly postMortem?: Opinion;
}

export interface KillEvent extends DryRun {
  readonly event: 'kill';
  readonly tasks: number;
  readonly emptyMs: number;
  readonly survivors: readonly number[];
}

export interface ExitEvent {
  readonly event: 'exit';
  readonly ended: Ended;
  readonly stoppedByGuard: boolean;
  readonly dryRun: boolean;
  readonly summary: Summary;
  readonly leftTasks: number;
  readonly leftWhere: string;
  /** Tasks that outlived the command and were ended (`--on-daemons kill`). */
  readonly endedTasks: number;
  readonly cgroupRemoved: boolean;
  /** Log lines that a slow reader lost. */
  readonly dropped: number;
  readonly incident?: string;
}

/** What one run of the command came to. */
export interface Summary {
  readonly peakTasks: number;
  readonly peakMaps: number | undefined;
  /** The line that it came nearest to, and how near (1 is there). */
  readonly nearest: { readonly label: string; readonly share: number } | undefined;
  readonly refused: number | undefined;
  /** Ceilings other than the guard's own cap that refused it something. */
  readonly refusedBy: readonly RefusedBy[];
  /** How often each effect was carried out. */
  readonly actions: Readonly<Record<string, number>>;
  /** How late the guard itself woke. */
  readonly lateness: { readonly p99Ms: number; readonly worstMs: number };
}

export interface RefusedBy {
  readonly ceiling: string;
  readonly path?: string;
  readonly verdict: 'proved' | 'inferred';
}

export interface RestartEvent {
  readonly event: 'restart';
  readonly reason: EndKind;
  readonly ended: Ended;
  readonly wasStopped: boolean;
  readonly attempt: number;
  readonly uptimeMs: number;
  readonly delayMs: number;
  readonly crashes: number;
  readonly trips: number;
}

/** How the command of `--on-trip-exec` went well; where it did not, that is an error. */
export interface RollbackEvent {
  readonly event: 'rollback';
  readonly ended: Ended;
}

export interface ReloadEvent {
  readonly event: 'reload';
  readonly config: string;
  readonly rules: number;
  /** Settings of the file that differ and that only a new start takes. */
  readonly needsRestart: readonly string[];
}

/** What an error can be about. */
export const ABOUTS = [
  'action',
  'ceiling',
  'target',
  'evidence',
  'reload',
  'restart',
  'gave-up',
  'rollback',
  'telling',
] as const;

/**
 * Something that the guard could not do. `about` says what: only `gave-up` means that the target is down, and a problem
 * with a reload, a message or a log is never a trip.
 */
export interface ErrorEvent {
  readonly event: 'error';
  readonly about: (typeof ABOUTS)[number];
  /** One sentence: what failed, on which object, why. */
  readonly problem: string;
  /** Further facts for programs. */
  readonly details?: Readonly<Record<string, string | number | boolean | undefined>>;
}
