import { join } from 'node:path';
import { INCIDENT_SCHEMA, type Incident, type IncidentDocument } from '../core/incident.ts';
import type { Sample } from '../core/model.ts';
import { errnoOf, GuardError } from '../errors.ts';
import { readAtMost, readLines } from '../sys/readLines.ts';
import { areCeilings, isNumber, oddField } from './incidentShape.ts';

const MOST_SAMPLES = 100_000;
/** 10,000 groups of 30 frames have 30 MB. */
const MOST_BYTES = 64 << 20;
const NO_CEILINGS: Incident['ceilings'] = { before: [], after: [] };

/**
 * An incident from its directory. What lies beside `incident.json` may be missing or cut short (a full disk, a guard that
 * was killed). Then the rest stands, and `missing` says so. Throws a GuardError for a directory that is no incident.
 */
export function readIncident(path: string): Incident {
  const document = readDocument(join(path, 'incident.json'), path);
  const missing: string[] = [];
  const read = <T>(name: string, parse: (file: string) => T, instead: T): T => {
    try {
      return parse(join(path, name));
    } catch (error) {
      missing.push(`${name} cannot be read (${errnoOf(error)})`);
      return instead;
    }
  };
  const samples = read('samples.ndjson', readSamples, []);
  const ceilings = read('limits.json', readCeilings, NO_CEILINGS);
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
    text = readAtMost(file, MOST_BYTES);
  } catch (error) {
    throw refuse(`incident.json cannot be read (${errnoOf(error)})`, error);
  }
  let found: Partial<IncidentDocument> | null;
  try {
    found = JSON.parse(text) as Partial<IncidentDocument> | null;
  } catch (error) {
    throw refuse('incident.json is no JSON, or cut short', error);
  }
  if (found?.schema !== INCIDENT_SCHEMA)
    throw refuse(`its schema is ${shownSchema(found?.schema)}, not ${INCIDENT_SCHEMA}`);
  const odd = oddField(found);
  if (odd !== undefined) throw refuse(`fields of it are missing, or not as they should be (${odd})`);
  return found as IncidentDocument;
}

/** It may be anything: an object that cannot even be made a text, or a long one. */
function shownSchema(schema: unknown): string {
  return typeof schema === 'string' || schema === undefined ? String(schema).slice(0, 80) : `a ${typeof schema}`;
}

function readCeilings(file: string): Incident['ceilings'] {
  const found: unknown = JSON.parse(readAtMost(file, MOST_BYTES));
  if (!areCeilings(found)) throw new Error('not as it should be');
  return found as Incident['ceilings'];
}

/** The samples up to the first line that is none: what comes after a cut is not to be trusted. */
function readSamples(file: string): Sample[] {
  const samples: Sample[] = [];
  for (const { text } of readLines(file, 'utf8')) {
    const sample = samples.length < MOST_SAMPLES ? parseSample(text) : undefined;
    if (sample === undefined) break;
    samples.push(sample);
  }
  return samples;
}

function parseSample(line: string): Sample | undefined {
  try {
    const { maps, tasks, timeMs, ...rest } = JSON.parse(line) as Sample;
    const isSample = isNumber(timeMs) && isNumber(tasks) && (maps === undefined || isNumber(maps));
    return isSample ? { timeMs, tasks, maps, ...rest } : undefined;
  } catch {
    return undefined;
  }
}
