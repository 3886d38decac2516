import { gzipSync } from 'node:zlib';
import type { Creator } from '../core/creators.ts';
import { folded } from '../core/folded.ts';
import { creatorText, groupText, headline } from '../core/headline.ts';
import { INCIDENT_SCHEMA, type IncidentAction, type IncidentDocument } from '../core/incident.ts';
import { redactWords } from '../core/redact.ts';
import { type Baseline, groupStacks, type StackGroup } from '../core/stackGroups.ts';
import { countNames } from '../core/threadName.ts';
import { formatCount, formatDuration } from '../core/units.ts';
import type { DumpFacts } from '../engine/parts.ts';
import { GuardError } from '../errors.ts';
import { readTask } from '../evidence/dumpers/native.ts';
import { dumpProcesses } from '../evidence/dumpProcesses.ts';
import { goCreators, parseGoroutines } from '../evidence/go/goroutineDump.ts';
import type { IncidentDir } from '../evidence/incidentDir.ts';
import type { ThreadStartRecording } from '../evidence/jfr/recording.ts';
import { removeOldIncidents } from '../evidence/keep.ts';
import { findMakers, recordedCreators } from '../evidence/makers.ts';
import type { Sampled } from '../evidence/sampler.ts';
import type { Pause } from '../evidence/stillness.ts';
import type { GuardEvent } from '../policy/event.ts';
import { readText } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { listThreads } from '../procfs/task.ts';
import { rowOf } from '../reporters/eventTable.ts';
import type { Libc } from '../sys/libc.ts';

/** What is known at a dump, with the reason in words. */
export type EvidenceFacts = DumpFacts & { readonly reason: string };

/** Takes the picture of a target: a baseline of its thread names early on, and the groups at a trip. */
export interface EvidenceWriter {
  takeBaseline(): void;
  /** Writes the incident's files; returns the sentences for people. */
  dump(facts: EvidenceFacts, timeoutMs: number): readonly string[];
  /** The same without a stop, kept in memory for the incident of one that ends before anything trips. */
  picture(facts: EvidenceFacts, timeoutMs: number): void;
  /** The target ended by what was refused to it, before anything tripped: what was seen of it till then is kept. */
  postMortem(facts: EvidenceFacts): readonly string[] | undefined;
  /** Notes what the guard did and when; it goes into the incident. */
  record(event: GuardEvent): void;
  /** After the end: the whole course of events, and the oldest incidents removed. Returns what could not be written. */
  finish(): Promise<string[]>;
}

/** Most groups shown to people; the file has all of them. */
const SHOWN = 3;
const BASELINE_MS = 100;
/** Of the time for evidence: who makes the threads; the rest is for where they all are. */
const SAMPLING_SHARE = 0.4;
/** Kept to group and write what was read: 18 ms of 500 with the stacks of 4,000 threads. */
const WRITING_SHARE = 0.05;
/** `/proc` counts in hundredths of a second, whatever the kernel was built with (USER_HZ). */
const TICKS_PER_SECOND = 100;
/** The end of stderr that is kept as it is. */
const STDERR_BYTES = 64 * 1024;
/** A dump is kept as the runtime printed it up to this size, before it is compressed. */
const MOST_RAW_BYTES = 32 << 20;

interface Parts {
  readonly root: KernelRoot;
  readonly libc: Libc | undefined;
  readonly incident: IncidentDir;
  readonly command: readonly string[];
  readonly pid: () => number | undefined;
  readonly processes: () => readonly number[];
  /** Stops the whole target, where it can be done in one act. */
  readonly pause: Pause;
  readonly now: () => number;
  /** Incidents kept beside each other. */
  readonly keep: number;
  /** Thread starts, where a JVM was told to record them. */
  readonly recording: ThreadStartRecording | undefined;
  readonly jvmOutput: string | undefined;
  /** The end of its stderr; `undefined` where that is not captured. */
  readonly stderr: (() => string) | undefined;
}

/** What was found out about a target; the rest of the document is known anyway. */
type Findings = Pick<IncidentDocument, 'coverage' | 'runtimes' | 'notes'> & {
  readonly creators: readonly Creator[];
  readonly groups: readonly StackGroup[];
};

type Written = { readonly document: Omit<IncidentDocument, 'actions'>; readonly groups: readonly StackGroup[] };

export function evidenceWriter(parts: Parts): EvidenceWriter {
  const { incident, libc, now, root } = parts;
  let baseline: Baseline | undefined;
  let written: Written | undefined;
  const actions: IncidentAction[] = [];
  const keep = (facts: EvidenceFacts, findings: Findings, more: Readonly<Record<string, Buffer>> = {}): string[] => {
    written = { document: documentOf(parts, facts, findings), groups: findings.groups };
    return write(incident, {
      'incident.json': text({ ...written.document, actions }),
      'limits.json': text({ before: facts.ceilingsAtStart, after: facts.ceilings }),
      'samples.ndjson': facts.samples.map((sample) => `${JSON.stringify(sample)}\n`).join(''),
      'stacks.folded': folded(findings.groups),
      ...more,
    });
  };
  return {
    takeBaseline: () => {
      baseline = readBaseline(root, parts.processes(), now);
    },
    dump: (facts, timeoutMs) => {
      const startMs = now();
      const pids = parts.processes();
      // Where they are comes first: after a stop thousands of threads are on their way back to where they were.
      const dump = dumpProcesses(root, pids, {
        libc,
        now,
        timeoutMs: timeoutMs * (1 - SAMPLING_SHARE),
        pause: parts.pause,
        signals: { jvmOutput: parts.jvmOutput },
      });
      const leftMs = timeoutMs * (1 - WRITING_SHARE) - (now() - startMs);
      const { cost, creators } = findMakers(parts, pids, dump, leftMs);
      const groups = groupStacks(dump.stacks, 'function', baseline);
      const { covered, found, notes, runtimes } = dump;
      const tookMs = now() - startMs;
      const coverage = { found, covered, named: dump.stacks.length, tookMs: Math.round(tookMs), ...stopsOf(cost) };
      const raw = dump.raw.map(({ name, text }) => [
        `${name}.gz`,
        gzipSync(text.slice(0, MOST_RAW_BYTES), { level: 1 }),
      ]);
      const lost = keep(facts, { coverage, runtimes, notes, creators, groups }, Object.fromEntries(raw));
      return [
        `stacks of ${formatCount(covered)} of ${formatCount(found)} tasks read in ${formatDuration(tookMs)}${stopText(cost)}`,
        ...creators.slice(0, SHOWN).map((creator) => `${creatorText(creator)} (${creator.source})`),
        ...groups
          .filter(({ frames }) => frames.length > 0 || !groups.some((group) => group.frames.length > 0))
          .slice(0, SHOWN)
          .map((group) => `${groupText(group)} (+${formatCount(group.grew)} since the start)`),
        ...notes.map((note) => `note: ${note}`),
        ...lost,
      ];
    },
    picture: () => {},
    postMortem: (facts) => {
      if (written !== undefined) return undefined;
      const said = parts.stderr?.() ?? '';
      const creators = [...goCreators(parseGoroutines(said)), ...recordedCreators(parts.recording?.read() ?? [])];
      const notes = [
        'it had ended before anything tripped: its stacks were not read',
        ...(parts.stderr === undefined ? ['--capture-stderr keeps what a program says when it ends like this'] : []),
      ];
      const lost = keep(facts, { coverage: NOTHING_READ, runtimes: [], notes, creators, groups: [] });
      return [...creators.slice(0, SHOWN).map((creator) => `${creatorText(creator)} (${creator.source})`), ...lost];
    },
    record: (event) => {
      const row = rowOf(event);
      if (!row.isAction) return;
      const action = { time: new Date().toISOString(), action: event.event, message: row.say(event)[0] ?? '' };
      actions.push('tasks' in event ? { ...action, tasks: event.tasks } : action);
    },
    finish: async () => {
      if (written === undefined) return [];
      const said = parts.stderr?.() ?? '';
      const goroutines = parseGoroutines(said);
      // Go says for every goroutine who made it, a JVM's recording for every thread: that is exact.
      const creators = [...goCreators(goroutines), ...recordedCreators(parts.recording?.read() ?? [])];
      const better = creators.length === 0 ? {} : { creators, headline: headline(creators, written.groups) };
      const lost = write(incident, {
        'incident.json': text({ ...written.document, ...better, actions }),
        ...(said === '' ? {} : { 'stderr.txt': said.slice(-STDERR_BYTES) }),
        ...(goroutines.length === 0 ? {} : { 'goroutines.txt.gz': gzipSync(said, { level: 1 }) }),
      });
      // Loaded now: no start has to wait for it.
      const { writeReport } = await import('./incidentReport.ts');
      if (lost.length === 0) lost.push(...attempt(() => writeReport(incident)));
      removeOldIncidents(incident.path, parts.keep);
      return lost;
    },
  };
}

const NOTHING_READ = { found: 0, covered: 0, named: 0, tookMs: 0, stops: 0, stoppedMs: 0, longestStopMs: 0 };

function documentOf({ command, pid }: Parts, facts: EvidenceFacts, findings: Findings): Written['document'] {
  const { creators, groups } = findings;
  const child = pid();
  return {
    schema: INCIDENT_SCHEMA,
    time: new Date().toISOString(),
    headline: headline(creators, groups),
    command: redactWords(command),
    ...(child === undefined ? {} : { pid: child }),
    trip: tripOf(facts),
    tasks: facts.tasks,
    ...findings,
    groups: groups.map(({ names, ...group }) => ({ ...group, names: names.map(({ name }) => name) })),
  };
}

/** Why it tripped: the verdict of the trip with its sentence. */
function tripOf({ opinion, reason }: EvidenceFacts): IncidentDocument['trip'] {
  const { shapeText: _, ...facts } = opinion;
  return { ...facts, reason };
}

function text(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

function readBaseline(root: KernelRoot, pids: readonly number[], now: () => number): Baseline {
  const endMs = now() + BASELINE_MS;
  const names: string[] = [];
  for (const pid of pids) {
    for (const tid of listThreads(root, pid)) {
      if (now() >= endMs) break;
      const task = readTask(root, pid, tid);
      if (task !== undefined) names.push(task.name);
    }
  }
  const uptime = Number((readText(root.proc('uptime')) ?? '').split(' ')[0]);
  return { atTicks: Math.floor(uptime * TICKS_PER_SECOND), names: countNames(names) };
}

function stopsOf({ longestStopMs, stoppedMs, stops }: Sampled): Pick<Sampled, 'stops' | 'stoppedMs' | 'longestStopMs'> {
  return { stops, stoppedMs: Math.round(stoppedMs), longestStopMs: Math.round(longestStopMs) };
}

function stopText({ stops, stoppedMs }: Sampled): string {
  return stops === 0 ? '' : `, target stopped ${formatCount(stops)} times for ${formatDuration(stoppedMs)} in all`;
}

/** Writes the files; a full disk must not hide from the operator what was seen, so it becomes a line of its own. */
function write(incident: IncidentDir, files: Readonly<Record<string, string | Buffer>>): string[] {
  return attempt(() => {
    for (const [name, content] of Object.entries(files)) incident.write(name, content);
  });
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
