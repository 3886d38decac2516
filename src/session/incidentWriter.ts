import { gzipSync } from 'node:zlib';
import { folded } from '../core/folded.ts';
import type { Baseline } from '../core/groupGrowth.ts';
import type { IncidentAction, IncidentTrip } from '../core/incident.ts';
import {
  type Findings,
  type IncidentFacts,
  incidentDocument,
  NOTHING_READ,
  tripOf,
  tripOfFields,
} from '../core/incidentDocument.ts';
import type { DumpFacts } from '../engine/parts.ts';
import { GuardError } from '../errors.ts';
import { readBaseline } from '../evidence/baseline.ts';
import { type CaptureParts, capture } from '../evidence/capture.ts';
import type { LastWords, RawFile } from '../evidence/dumpers/dumper.ts';
import type { IncidentDir } from '../evidence/incidentDir.ts';
import { removeOldIncidents } from '../evidence/keep.ts';
import { lastWords } from '../evidence/lastWords.ts';
import type { GuardEvent } from '../reporters/event.ts';
import { captureText, creatorLines } from './evidenceText.ts';

/** Takes the picture of a target: a baseline of its thread names early on, and the groups at a trip. */
export interface EvidenceWriter {
  takeBaseline(): void;
  /** Writes the incident's files; returns the sentences for people. */
  dump(facts: DumpFacts, timeoutMs: number): string;
  /**
   * The target has ended by what was refused to it, before anything tripped. What was seen of it until then is kept.
   * `undefined` if there is evidence already.
   */
  postMortem(facts: DumpFacts): string | undefined;
  /** Notes what the guard did and when; it goes into the incident. */
  record(event: GuardEvent): void;
  /** After the end: writes the whole course of events and removes the oldest incidents. Returns what could not be written. */
  finish(): Promise<string[]>;
}

export interface EvidenceParts extends CaptureParts {
  readonly incident: IncidentDir;
  readonly target: EvidenceTarget;
  /** Incidents kept beside each other. */
  readonly keep: number;
  /** The time of day, ISO 8601. */
  readonly time?: () => string;
}

export interface EvidenceTarget {
  readonly command: readonly string[];
  /** `undefined` before it has started. */
  readonly pid: () => number | undefined;
  readonly processes: () => readonly number[];
  /** The end of its standard error; `undefined` if that is not captured. */
  readonly stderr: (() => string) | undefined;
}

/** The end of stderr that is kept as it is. */
const STDERR_BYTES = 64 * 1024;
/** What a runtime printed is kept up to this size, before it is compressed. */
const MOST_RAW_BYTES = 32 << 20;

/** What of the guard's events goes into an incident: what the ladder did, and what made it. */
const ACTIONS: ReadonlySet<GuardEvent['event']> = new Set([
  'warn',
  'trip',
  'clamp',
  'release',
  'dump',
  'terminate',
  'kill',
  'exit',
  'error',
]);

export function evidenceWriter(parts: EvidenceParts): EvidenceWriter {
  return new IncidentWriter(parts);
}

/** What is in the files of an incident, without the actions: they go on. */
interface Written {
  readonly facts: IncidentFacts;
  readonly findings: Findings;
}

class IncidentWriter implements EvidenceWriter {
  readonly #parts: EvidenceParts;
  readonly #actions: IncidentAction[] = [];
  #baseline: Baseline | undefined;
  #tripped: IncidentTrip | undefined;
  #written: Written | undefined;

  constructor(parts: EvidenceParts) {
    this.#parts = parts;
  }

  takeBaseline = (): void => {
    const { now, root, target } = this.#parts;
    this.#baseline = readBaseline(root, target.processes(), now);
  };

  dump(facts: DumpFacts, timeoutMs: number): string {
    const captured = capture(this.#parts, this.#parts.target.processes(), this.#baseline, timeoutMs);
    const lost = this.#keep(facts, captured, zipped(captured.files));
    return [...captureText(captured), ...lost].join('\n');
  }

  postMortem(facts: DumpFacts): string | undefined {
    if (this.#written !== undefined) return undefined;
    const notes = ['it had ended before anything tripped: its stacks were not read'];
    if (this.#parts.target.stderr === undefined) {
      notes.push('--capture-stderr keeps what a program says when it ends like this');
    }
    const { creators } = this.#lastWords();
    const lost = this.#keep(facts, { coverage: NOTHING_READ, runtimes: [], notes, creators, groups: [] }, {});
    return [facts.verdict.reason, ...creatorLines(creators), ...lost].join('\n');
  }

  record({ event, fields, message }: GuardEvent): void {
    const [first = ''] = message.split('\n');
    if (event === 'trip') this.#tripped = tripOfFields(fields, first);
    if (!ACTIONS.has(event)) return;
    const { tasks } = fields;
    const action = { time: this.#time(), action: event, message: first };
    this.#actions.push(typeof tasks === 'number' ? { ...action, tasks } : action);
  }

  async finish(): Promise<string[]> {
    if (this.#written === undefined) return [];
    const { incident, keep, target } = this.#parts;
    const { creators, files } = this.#lastWords();
    // Go says for every goroutine who made it, and the recording of a JVM for every thread: that is exact.
    if (creators.length > 0) {
      this.#written = { ...this.#written, findings: { ...this.#written.findings, creators } };
    }
    const said = target.stderr?.() ?? '';
    const lost = this.#write({
      'incident.json': this.#document(this.#written),
      ...(said === '' ? {} : { 'stderr.txt': said.slice(-STDERR_BYTES) }),
      ...zipped(files),
    });
    // Loaded now: no start has to wait for it.
    const { writeReport } = await import('./incidentReport.ts');
    if (lost.length === 0) lost.push(...attempt(() => writeReport(incident)));
    removeOldIncidents(incident.path, keep);
    return lost;
  }

  /** Writes what is known now. It is written again at the end; until then an early end of the guard costs the end only. */
  #keep(facts: DumpFacts, findings: Findings, more: Readonly<Record<string, Buffer>>): string[] {
    const { command, pid } = this.#parts.target;
    const { ceilings, ceilingsAtStart, samples, tasks, verdict } = facts;
    this.#written = { facts: { time: this.#time(), command, pid: pid(), trip: verdict, tasks }, findings };
    return this.#write({
      'incident.json': this.#document(this.#written),
      'limits.json': jsonText({ before: ceilingsAtStart, after: ceilings }),
      'samples.ndjson': samples.map((sample) => `${JSON.stringify(sample)}\n`).join(''),
      'stacks.folded': folded(findings.groups),
      ...more,
    });
  }

  #document({ facts, findings }: Written): string {
    return jsonText(incidentDocument({ ...facts, trip: tripOf(facts.trip, this.#tripped) }, findings, this.#actions));
  }

  #lastWords(): LastWords {
    const { recording, target } = this.#parts;
    return lastWords({ said: target.stderr?.() ?? '', recording });
  }

  #time(): string {
    return this.#parts.time?.() ?? new Date().toISOString();
  }

  /** Writes the files. A full disk must not hide from the operator what was seen, so it becomes a line of its own. */
  #write(files: Readonly<Record<string, string | Buffer>>): string[] {
    return attempt(() => {
      for (const [name, content] of Object.entries(files)) this.#parts.incident.write(name, content);
    });
  }
}

function zipped(files: readonly RawFile[]): Record<string, Buffer> {
  return Object.fromEntries(
    files.map(({ name, text }) => [`${name}.gz`, gzipSync(text.slice(0, MOST_RAW_BYTES), { level: 1 })]),
  );
}

function jsonText(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

function attempt(step: () => void): string[] {
  try {
    step();
    return [];
  } catch (error) {
    if (!(error instanceof GuardError)) throw error;
    return [`kept nowhere but here: ${error.message}`, `hint: ${error.hint}`];
  }
}
