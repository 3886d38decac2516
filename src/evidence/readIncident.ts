import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { INCIDENT_SCHEMA, type Incident, type IncidentDocument } from '../core/incident.ts';
import type { Sample } from '../core/model.ts';
import { errnoOf, GuardError } from '../errors.ts';

const MOST_SAMPLES = 100_000;

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
  const ceilings = read('limits.json', (text) => JSON.parse(text) as Incident['ceilings'], { before: [], after: [] });
  const isShaped = Array.isArray(ceilings.before) && Array.isArray(ceilings.after);
  return { document, samples, ceilings: isShaped ? ceilings : { before: [], after: [] }, missing };
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
  const { actions, coverage, creators, groups, notes } = found;
  if (![actions, creators, groups, notes].every(Array.isArray) || coverage === undefined) {
    throw refuse('fields of it are missing');
  }
  return found as IncidentDocument;
}

/** The samples up to the first line that is none: what comes after a cut is not to be trusted. */
function parseSamples(text: string): Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split('\n').slice(0, MOST_SAMPLES)) {
    try {
      const sample = JSON.parse(line) as Sample;
      if (!Number.isFinite(sample.timeMs) || !Number.isFinite(sample.tasks)) break;
      samples.push(sample);
    } catch {
      break;
    }
  }
  return samples;
}
