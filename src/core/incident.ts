import type { Creator } from './creators.ts';
import type { Ceiling, Sample } from './model.ts';
import type { StackGroup } from './stackGroups.ts';

export const INCIDENT_SCHEMA = 'threadguard.incident/1';

/** What the guard did, and when. */
export interface IncidentAction {
  /** ISO 8601. */
  readonly time: string;
  readonly action: string;
  readonly message: string;
  readonly tasks?: number;
}

/** `incident.json` (`threadguard.incident/1`). */
export interface IncidentDocument {
  readonly schema: typeof INCIDENT_SCHEMA;
  readonly time: string;
  readonly headline: string;
  readonly command: readonly string[];
  readonly pid?: number;
  readonly trip: { readonly cause?: string; readonly reason?: string };
  readonly tasks: number;
  readonly coverage: {
    readonly found: number;
    readonly covered: number;
    readonly named: number;
    readonly tookMs: number;
    readonly stops: number;
    readonly stoppedMs: number;
    readonly longestStopMs: number;
  };
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
