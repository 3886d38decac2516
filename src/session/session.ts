import type { Surroundings } from '../ceilings/surroundings.ts';
import type { MapsWatch } from '../engine/mapsWatch.ts';
import type { Tracing } from '../evidence/creators/tracing.ts';
import type { LaunchNotes } from '../launch/launchNotes.ts';
import type { LaunchPlan } from '../launch/launchPlan.ts';
import type { Reaper } from '../launch/reaper.ts';
import type { Relay } from '../launch/relay.ts';
import type { Reporter } from '../policy/event.ts';
import type { Settings } from '../policy/settings.ts';
import type { KernelRoot } from '../procfs/root.ts';
import type { ServiceManager } from '../service/systemd.ts';
import type { Tellers } from '../service/tell/tellers.ts';
import type { Libc } from '../sys/libc.ts';
import type { OwnLimits } from '../sys/ownLimits.ts';
import type { Standing } from '../sys/standing.ts';
import type { Exposed } from './expose.ts';
import type { LiveSettings } from './liveSettings.ts';
import type { Usage } from './progress.ts';
import type { RunOptions } from './runOptions.ts';
import type { Voice } from './voice.ts';

/** Everything that lives as long as the guard, over all runs of the command: opened, loaded and warmed before the first. */
export interface Session {
  readonly options: RunOptions;
  /** The settings in force; SIGHUP swaps the snapshot. */
  readonly settings: LiveSettings;
  /** How the target is called: `command:redis`. */
  readonly target: string;
  readonly system: System;
  readonly start: Start;
  readonly outlets: Outlets;
  /** The run that is under way; what concerns all runs reaches it through here. */
  readonly current: Current;
  /** Says it wherever somebody listens. */
  readonly report: Reporter;
}

/** The system, as the guard reads it and asks it. */
export interface System {
  readonly root: KernelRoot;
  readonly now: () => number;
  readonly libc: Libc | undefined;
  /** Processes that the guard makes for itself. */
  readonly own: Set<number>;
  /** Whether the guard is the subreaper of what it starts: orphans come to it. */
  readonly isReaper: boolean;
  readonly surroundings: Surroundings;
  /** Whether the kernel may be asked who makes tasks. */
  readonly tracing: Tracing;
}

/** How the command is started, each time, and what the guard is to it. */
export interface Start {
  readonly notes: LaunchNotes;
  readonly executable: string;
  readonly plan: LaunchPlan;
  readonly passFds: readonly number[];
  /** The service beside which the guard runs; `undefined` where it starts the command itself. */
  readonly sidecar: number | undefined;
  readonly standing: Standing;
  readonly reaper: Reaper;
  readonly relay: Relay;
  /** Its own, which a target may lower. */
  readonly limits: OwnLimits;
  /** What could not be had, each a sentence. */
  readonly losses: readonly string[];
}

/** Who hears of it. */
export interface Outlets {
  readonly voice: Voice;
  readonly manager: ServiceManager | undefined;
  readonly telling: Tellers;
  readonly exposed: Exposed;
  readonly usage: Usage | undefined;
}

/** Of the run that is under way. */
export interface Current {
  pid: number | undefined;
  /** All processes of it. */
  processes: () => readonly number[];
  maps: MapsWatch;
  incident: string | undefined;
  /** What the run itself does with an event. */
  record: Reporter;
  onContinue: () => void;
  /** A new snapshot of settings is in force. */
  reload: (settings: Settings) => void;
  /** Signals that came from outside, since the start. */
  readonly signals: Set<NodeJS.Signals>;
  /** Called for each signal. */
  onSignal: (signal: NodeJS.Signals) => void;
}
