import { folded } from '../core/folded.ts';
import type { Baseline } from '../core/groupGrowth.ts';
import type { IncidentAction, IncidentTrip } from '../core/incident.ts';
import { type Findings, type IncidentFacts, incidentDocument, NOTHING_READ } from '../core/incidentDocument.ts';
import { formatCount } from '../core/units.ts';
import type { Dumped, DumpFacts } from '../engine/parts.ts';
import { GuardError } from '../errors.ts';
import { readBaseline } from '../evidence/baseline.ts';
import { type Capture, type CaptureParts, capture } from '../evidence/capture.ts';
import type { LastWords, RawFile } from '../evidence/dumpers/dumper.ts';
import type { IncidentDir } from '../evidence/incidentDir.ts';
import { removeOldIncidents } from '../evidence/keep.ts';
import { lastWords } from '../evidence/lastWords.ts';
import type { GuardEvent } from '../policy/event.ts';
import type { Opinion } from '../policy/verdict.ts';
import { rowOf } from '../reporters/eventTable.ts';
import { verdictText } from '../reporters/verdictText.ts';
import { seldom } from '../sys/seldom.ts';

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

/** What is in the files of an incident, but for the actions, which go on. */
interface Written {
  readonly facts: IncidentFacts;
  readonly findings: Findings;
}

/** A target that was seen near its line, before anything tripped. It is kept in memory only. */
interface Picture {
  readonly tasks: number;
  readonly captured: Capture;
}

/** Takes the pictures of a target, and writes the incident of a trip. */
export class IncidentWriter {
  readonly #parts: EvidenceParts;
  readonly #actions: IncidentAction[] = [];
  #baseline: Baseline | undefined;
  #picture: Picture | undefined;
  #written: Written | undefined;
  /** What runtimes printed: megabytes, which are compressed when nobody waits for the end any more. */
  #raw: readonly RawFile[] = [];

  constructor(parts: EvidenceParts) {
    this.#parts = parts;
  }

  /** The names of its threads early on: what grows is measured from there. */
  takeBaseline = (): void => {
    const { now, root, target } = this.#parts;
    this.#baseline = readBaseline(root, target.processes(), now);
  };

  /** The target is near its line. Nothing of it is stopped, and nothing is written unless it trips or ends of a refusal. */
  picture({ tasks }: DumpFacts, timeoutMs: number): void {
    const captured = this.#capture({ timeoutMs, mayStop: false });
    if (captured.coverage.named > 0) this.#picture = { tasks, captured };
  }

  /** It tripped: writes the files of the incident. */
  dump(facts: DumpFacts, timeoutMs: number): Dumped {
    const captured = this.#capture({ timeoutMs, mayStop: true });
    // It may have ended of the refusal that made it trip.
    const findings = captured.coverage.named > 0 ? captured : this.#asPictured(captured);
    this.#raw = captured.files;
    return { findings, lost: this.#keep(facts, findings) };
  }

  /**
   * The target has ended by what was refused to it, before anything tripped: what was seen of it until then is kept.
   * `undefined` if there is evidence already.
   */
  postMortem(facts: DumpFacts): Dumped | undefined {
    if (this.#written !== undefined) return undefined;
    const { creators } = this.#lastWords();
    const seen = this.#asPictured({ coverage: NOTHING_READ, runtimes: [], notes: [], creators: [], groups: [] });
    const notes = [...seen.notes];
    if (this.#parts.target.stderr === undefined) {
      notes.push('--capture-stderr keeps what a program says when it ends like this');
    }
    const recorded = this.#parts.creations?.creators() ?? [];
    const known = [creators, recorded, seen.creators].find((some) => some.length > 0) ?? [];
    const findings = { ...seen, notes, creators: known };
    this.#raw = this.#picture?.captured.files ?? [];
    return { findings, lost: this.#keep(facts, findings) };
  }

  /** Notes what the guard did and when; it goes into the incident. */
  record(event: GuardEvent): void {
    const row = rowOf(event);
    if (event.event === 'trip') this.#tripped(event.opinion);
    if (!row.isAction) return;
    const action = { time: this.#time(), action: event.event, message: row.say(event)[0] ?? '' };
    const { tasks } = event as { readonly tasks?: number };
    this.#actions.push(tasks === undefined ? action : { ...action, tasks });
  }

  /** After the end: writes the whole course of events and removes the oldest incidents. Returns what could not be written. */
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
      ...zipped([...this.#raw, ...files]),
    });
    // Loaded now: no start has to wait for it.
    const { writeReport } = await import('./incidentReport.ts');
    if (lost.length === 0) lost.push(...attempt(() => writeReport(incident)));
    removeOldIncidents(incident.path, keep);
    return lost;
  }

  /** The evidence may have been taken before, for a rule that only looks. The trip is what counts. */
  #tripped(opinion: Opinion): void {
    const written = this.#written;
    if (written === undefined || written.facts.trip.level === 'trip') return;
    this.#written = { ...written, facts: { ...written.facts, trip: tripOf(opinion) } };
  }

  #capture(limits: { readonly timeoutMs: number; readonly mayStop: boolean }): Capture {
    return capture(this.#parts, this.#parts.target.processes(), this.#baseline, limits);
  }

  /** The last picture in the place of what could not be read any more, with a note that says so. */
  #asPictured(unread: Findings): Findings {
    const picture = this.#picture;
    const ended = 'it had ended before its stacks could be read';
    if (picture === undefined) return { ...unread, notes: [...unread.notes, ended] };
    const { captured, tasks } = picture;
    const when = `${ended}: this is a picture of it at ${formatCount(tasks)} tasks, taken without a stop`;
    return { ...captured, notes: [when, ...captured.notes] };
  }

  /** Writes what is known now. It is written again at the end; until then an early end of the guard costs the end only. */
  #keep(facts: DumpFacts, findings: Findings): string[] {
    const { command, pid } = this.#parts.target;
    const { ceilings, ceilingsAtStart, opinion, samples, tasks } = facts;
    this.#written = { facts: { time: this.#time(), command, pid: pid(), trip: tripOf(opinion), tasks }, findings };
    return this.#write({
      'incident.json': this.#document(this.#written),
      'limits.json': jsonText({ before: ceilingsAtStart, after: ceilings }),
      'samples.ndjson': samples.map((sample) => `${JSON.stringify(sample)}\n`).join(''),
      'stacks.folded': folded(findings.groups),
    });
  }

  #document({ facts, findings }: Written): string {
    return jsonText(incidentDocument(facts, findings, this.#actions));
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

function tripOf(opinion: Opinion): IncidentTrip {
  const { cause, ceiling, level, line, value } = opinion;
  const numbers = { ...(line === undefined ? {} : { line }), ...(value === undefined ? {} : { value }) };
  return { level, cause, ceiling, ...numbers, reason: verdictText(opinion) };
}

function zipped(files: readonly RawFile[]): Record<string, Buffer> {
  return Object.fromEntries(
    files.map(({ name, text }) => [`${name}.gz`, seldom.zlib().gzipSync(text.slice(0, MOST_RAW_BYTES), { level: 1 })]),
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
