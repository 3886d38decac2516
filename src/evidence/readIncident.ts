import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { INCIDENT_SCHEMA, type Incident, type IncidentDocument } from '../core/incident.ts';
import type { Sample } from '../core/model.ts';
import { errnoOf, GuardError } from '../errors.ts';
import { areCeilings, oddField } from './incidentShape.ts';

const MOST_SAMPLES = 100_000;
const NO_CEILINGS: Incident['ceilings'] = { before: [], after: [] };

/**
 * An incident from its directory. What lies beside `incident.json` may be missing or cut short (a full disk, a guard that
 * was killed). Then the rest stands, and `missing` says so. Throws a GuardError for a directory that is no incident.
 */
export function readIncident(path: string): Incident {
  const document = readDocument(join(path, 'incident.json'), path);
  const missing: string[] = [];
  const read = <T>(name: string, parse: (text: string) => T, instead: T): T => {
    try {
      return parse(readFileSync(join(path, name), 'utf8'));
    } catch (error) {
      missing.push(`${name} cannot be read (${errnoOf(error)})`);
      return instead;
    }
  };
  const samples = read('samples.ndjson', parseSamples, []);
  const ceilings = read('limits.json', parseCeilings, NO_CEILINGS);
  return { document, samples, ceilings, missing };
}

function readDocument(file: string, path: string): IncidentDocument {
  const refuse = (why: string, cause?: unknown): GuardError =>
    new GuardError('no-incident', `${path} is no incident: ${why}`, {
      hint: 'name the directory that a run told as its evidence; it holds an incident.json',
      exitCode: 1,
      cause,
    });
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw refuse(`incident.json cannot be read (${errnoOf(error)})`, error);
  }
  let found: Partial<IncidentDocument> | null;
  try {
    found = JSON.parse(text) as Partial<IncidentDocument> | null;
  } catch (error) {
    throw refuse('incident.json is no JSON, or cut short', error);
  }
  if (found?.schema !== INCIDENT_SCHEMA) throw refuse(`its schema is ${String(found?.schema)}, not ${INCIDENT_SCHEMA}`);
  const odd = oddField(found);
  if (odd !== undefined) throw refuse(`fields of it are missing, or not as they should be (${odd})`);
  return found as IncidentDocument;
}

function parseCeilings(text: string): Incident['ceilings'] {
  const found: unknown = JSON.parse(text);
  if (!areCeilings(found)) throw new Error('not as it should be');
  return found as Incident['ceilings'];
}

/** The samples up to the first line that is none: what comes after a cut is not to be trusted. */
function parseSamples(text: string): Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split('\n').slice(0, MOST_SAMPLES)) {
    const sample = parseSample(line);
    if (sample === undefined) break;
    samples.push(sample);
  }
  return samples;
}

function parseSample(line: string): Sample | undefined {
  try {
    const { maps, tasks, timeMs, ...rest } = JSON.parse(line) as Sample;
    const isSample = Number.isFinite(timeMs) && Number.isFinite(tasks) && (maps === undefined || Number.isFinite(maps));
    return isSample ? { timeMs, tasks, maps, ...rest } : undefined;
  } catch {
    return undefined;
  }
}
