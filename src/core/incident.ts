import type { Creator } from './creators.ts';
import type { Ceiling, Sample } from './model.ts';
import type { StackGroup } from './stackGroups.ts';

export const INCIDENT_SCHEMA = 'threadguard.incident/1';

/** What the guard did, and when. */
export interface IncidentAction {
  /** ISO 8601. */
  readonly time: string;
  readonly action: string;
  /** One line for people. */
  readonly message: string;
  /** Tasks that the target held at that moment. */
  readonly tasks?: number;
}

/**
 * Why there is an incident: the decision that the target must not go on. `warn` if only a rule of the operator asked for
 * the evidence; `ok` stands in incidents of versions that forgot the decision.
 */
export interface IncidentTrip {
  readonly level: 'ok' | 'warn' | 'trip';
  /** Which line was reached: a `Cause` of the policy. */
  readonly cause?: string;
  /** The ceiling in danger, by its label. */
  readonly ceiling?: string;
  /** The line, and where the target stood, in the unit of the ceiling. */
  readonly line?: number;
  readonly value?: number;
  /** One sentence for people. */
  readonly reason?: string;
}

/** How much was seen, and what it cost the target. */
export interface IncidentCoverage {
  /** Tasks that there were. */
  readonly found: number;
  /** Tasks whose stack was read. */
  readonly covered: number;
  /** Tasks whose name was read, at least. */
  readonly named: number;
  readonly tookMs: number;
  /** How often the target was stopped, for how long in all, and the longest of these stops. */
  readonly stops: number;
  readonly stoppedMs: number;
  readonly longestStopMs: number;
}

/** `incident.json` (`threadguard.incident/1`). */
export interface IncidentDocument {
  readonly schema: typeof INCIDENT_SCHEMA;
  /** When the evidence was written, ISO 8601. */
  readonly time: string;
  /** Who makes the threads and what they do; the reason of the trip if nothing was seen. */
  readonly headline: string;
  /** Without secrets. */
  readonly command: readonly string[];
  readonly pid?: number;
  readonly trip: IncidentTrip;
  readonly tasks: number;
  readonly coverage: IncidentCoverage;
  readonly runtimes: readonly string[];
  readonly notes: readonly string[];
  readonly creators: readonly Creator[];
  readonly groups: readonly IncidentGroup[];
  readonly actions: readonly IncidentAction[];
}

export type IncidentGroup = Omit<StackGroup, 'names'> & { readonly names: readonly string[] };

/** An incident with what lies beside it. */
export interface Incident {
  readonly document: IncidentDocument;
  readonly samples: readonly Sample[];
  readonly ceilings: { readonly before: readonly Ceiling[]; readonly after: readonly Ceiling[] };
  /** Files of it that are missing or damaged: sentences. */
  readonly missing: readonly string[];
}
