import type { Creator } from './creators.ts';
import { headline } from './headline.ts';
import {
  INCIDENT_SCHEMA,
  type IncidentAction,
  type IncidentCoverage,
  type IncidentDocument,
  type IncidentTrip,
} from './incident.ts';
import { redactWords } from './redact.ts';
import type { StackGroup } from './stackGroups.ts';

/** What is known of a target that trips, whether or not anything of it could be read. */
export interface IncidentFacts {
  /** ISO 8601. */
  readonly time: string;
  /** Its words, secrets and all. */
  readonly command: readonly string[];
  readonly pid: number | undefined;
  readonly trip: IncidentTrip;
  readonly tasks: number;
}

/** What was found out about it. */
export interface Findings {
  readonly coverage: IncidentCoverage;
  readonly runtimes: readonly string[];
  readonly notes: readonly string[];
  readonly creators: readonly Creator[];
  readonly groups: readonly StackGroup[];
}

/** Of a target that had ended before anything of it was read. */
export const NOTHING_READ: IncidentCoverage = {
  found: 0,
  covered: 0,
  named: 0,
  tookMs: 0,
  stops: 0,
  stoppedMs: 0,
  longestStopMs: 0,
};

/** The document of an incident. Secrets of the command are taken out here. */
export function incidentDocument(
  { command, pid, tasks, time, trip }: IncidentFacts,
  { coverage, creators, groups, notes, runtimes }: Findings,
  actions: readonly IncidentAction[],
): IncidentDocument {
  const said = headline(creators, groups);
  return {
    schema: INCIDENT_SCHEMA,
    time,
    headline: said === '' ? (trip.reason ?? '') : said,
    command: redactWords(command),
    ...(pid === undefined ? {} : { pid }),
    trip: plainTrip(trip),
    tasks,
    coverage,
    runtimes,
    notes,
    creators,
    groups: groups.map(({ names, ...group }) => ({ ...group, names: names.map(({ name }) => name) })),
    actions,
  };
}

/** The fields of the contract and no others: a verdict carries more than an incident promises. */
function plainTrip({ cause, ceiling, level, line, reason, value }: IncidentTrip): IncidentTrip {
  return {
    level,
    ...(cause === undefined ? {} : { cause }),
    ...(ceiling === undefined ? {} : { ceiling }),
    ...(line === undefined ? {} : { line }),
    ...(value === undefined ? {} : { value }),
    ...(reason === undefined ? {} : { reason }),
  };
}
