import { gzipSync } from 'node:zlib';
import { type Creator, namedCreators, rankCreators } from '../core/creators.ts';
import { folded } from '../core/folded.ts';
import { creatorText, groupText, headline } from '../core/headline.ts';
import { INCIDENT_SCHEMA } from '../core/incident.ts';
import { redactWords } from '../core/redact.ts';
import { type Baseline, groupStacks, type StackGroup } from '../core/stackGroups.ts';
import { countNames } from '../core/threadName.ts';
import { formatCount, formatDuration } from '../core/units.ts';
import { GuardError } from '../errors.ts';
import { type Dump, dumpProcesses } from '../evidence/dump.ts';
import { readTask } from '../evidence/dumpers/native.ts';
import { goCreators, parseGoroutines } from '../evidence/go/goroutineDump.ts';
import type { IncidentDir } from '../evidence/incident.ts';
import { removeOldIncidents } from '../evidence/keep.ts';
import { pauseBySignal, type Sampled, sampleCreators, sampleJvm } from '../evidence/sampler.ts';
import type { Pause } from '../evidence/stillness.ts';
import type { DumpFacts } from '../guard/model.ts';
import { readCodeMaps } from '../procfs/maps.ts';
import { readText } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { countThreads, listThreads } from '../procfs/task.ts';
import type { GuardEvent } from '../reporters/event.ts';
import type { Libc } from '../sys/libc.ts';

/** Takes the picture of a target: a baseline of its thread names early on, and the groups at a trip. */
export interface EvidenceWriter {
  takeBaseline(): void;
  /** Writes the incident's files; returns the sentences for people. */
  dump(facts: DumpFacts, timeoutMs: number): string;
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
/** Of the time for sampling: the target stands still for that long at most. */
const MOST_STOPPED_MS = 200;
/** Less is no time to catch anybody. */
const LEAST_SAMPLING_MS = 20;
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
  /** The end of its stderr, where that is captured. */
  readonly stderr: () => string;
}

export function evidenceWriter(parts: Parts): EvidenceWriter {
  const { libc, now, root } = parts;
  let baseline: Baseline | undefined;
  let written: { readonly document: object; readonly groups: readonly StackGroup[] } | undefined;
  const actions: object[] = [];
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
      });
      const leftMs = timeoutMs * (1 - WRITING_SHARE) - (now() - startMs);
      const caught = catchInTheAct(parts, pids, dump, leftMs);
      const sampled = withStop(
        { ...caught, samples: [...caught.samples, ...askAgain(parts, dump, leftMs)] },
        dump.stoppedMs,
      );
      const creators = creatorsOf(dump, caught.stops, sampled);
      const groups = groupStacks(dump.stacks, 'function', baseline);
      const tookMs = now() - startMs;
      const document = {
        schema: INCIDENT_SCHEMA,
        time: new Date().toISOString(),
        headline: headline(creators, groups),
        command: redactWords(parts.command),
        pid: parts.pid(),
        trip: facts.verdict,
        tasks: facts.tasks,
        coverage: {
          found: dump.found,
          covered: dump.covered,
          named: dump.stacks.length,
          tookMs: Math.round(tookMs),
          stops: sampled.stops,
          stoppedMs: Math.round(sampled.stoppedMs),
          longestStopMs: Math.round(sampled.longestStopMs),
        },
        runtimes: dump.runtimes,
        notes: dump.notes,
        creators,
        groups: groups.map(({ names, ...group }) => ({ ...group, names: names.map(({ name }) => name) })),
      };
      written = { document, groups };
      const lost = write(parts.incident, {
        'incident.json': text({ ...document, actions }),
        'limits.json': `${JSON.stringify({ before: facts.ceilingsAtStart, after: facts.ceilings }, null, 2)}\n`,
        'samples.ndjson': facts.samples.map((sample) => `${JSON.stringify(sample)}\n`).join(''),
        'stacks.folded': folded(groups),
        ...Object.fromEntries(
          dump.raw.map(({ name, text }) => [`${name}.gz`, gzipSync(text.slice(0, MOST_RAW_BYTES), { level: 1 })]),
        ),
      });
      const { covered, found } = dump;
      return [
        `stacks of ${formatCount(covered)} of ${formatCount(found)} tasks read in ${formatDuration(tookMs)}${stopText(sampled)}`,
        ...creators.slice(0, SHOWN).map((creator) => `${creatorText(creator)} (${creator.source})`),
        ...groups
          .filter(({ frames }) => frames.length > 0 || !groups.some((group) => group.frames.length > 0))
          .slice(0, SHOWN)
          .map((group) => `${groupText(group)} (+${formatCount(group.grew)} since the start)`),
        ...dump.notes.map((note) => `note: ${note}`),
        ...lost,
      ].join('\n');
    },
    record: ({ event, fields, message }) => {
      if (!ACTIONS.has(event)) return;
      const [first = ''] = message.split('\n');
      actions.push({ time: new Date().toISOString(), action: event, message: first, tasks: fields['tasks'] });
    },
    finish: async () => {
      if (written === undefined) return [];
      const said = parts.stderr();
      const goroutines = parseGoroutines(said);
      const creators = goCreators(goroutines);
      // Go says for every goroutine who made it: that is exact.
      const better = creators.length === 0 ? {} : { creators, headline: headline(creators, written.groups) };
      const lost = write(parts.incident, {
        'incident.json': text({ ...written.document, ...better, actions }),
        ...(said === '' ? {} : { 'stderr.txt': said.slice(-STDERR_BYTES) }),
        ...(goroutines.length === 0 ? {} : { 'goroutines.txt.gz': gzipSync(said, { level: 1 }) }),
      });
      // Loaded now: no start has to wait for it.
      const { writeReport } = await import('./report.ts');
      if (lost.length === 0) lost.push(...attempt(() => writeReport(parts.incident)));
      removeOldIncidents(parts.incident.path, parts.keep);
      return lost;
    },
  };
}

/** What the ladder did, and what made it. */
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

const NOT_SAMPLED: Sampled = { samples: [], stops: 0, stoppedMs: 0, longestStopMs: 0 };

/** Who makes the threads of the largest process; a part of the time is kept for it. */
function catchInTheAct({ now, pause, root }: Parts, pids: readonly number[], dump: Dump, timeoutMs: number): Sampled {
  const [pid] = [...pids].sort((a, b) => (countThreads(root, b) ?? 0) - (countThreads(root, a) ?? 0));
  if (pid === undefined || timeoutMs < LEAST_SAMPLING_MS || isJvm(root, pid)) return NOT_SAMPLED;
  return sampleCreators(root, pid, {
    now,
    timeoutMs,
    stopMs: Math.min(MOST_STOPPED_MS, timeoutMs),
    pythonThreads: dump.python.get(pid),
    pause: (one, until) => pause(one, until) ?? pauseBySignal(one),
  });
}

/** A JVM makes threads in code that only itself can name: it is asked, as often as there is time. */
function askAgain({ libc, now, root }: Parts, { stacks }: Dump, timeoutMs: number): Sampled['samples'] {
  const jvm = stacks.find(({ runtime }) => runtime === 'jvm');
  return jvm === undefined || timeoutMs < LEAST_SAMPLING_MS ? [] : sampleJvm(root, jvm.pid, { libc, now, timeoutMs });
}

function isJvm(root: KernelRoot, pid: number): boolean {
  return readCodeMaps(root, pid)?.some(({ path }) => path.endsWith('/libjvm.so')) ?? false;
}

function creatorsOf(dump: Dump, stops: number, { samples }: Sampled): Creator[] {
  const named = namedCreators(dump.stacks);
  if (named.length > 0) return named;
  const how = stops > 0 ? `in ${formatCount(stops)} stops` : 'in stacks read one after another';
  return rankCreators(
    [...samples, ...dump.stacks],
    (caught) => `caught making them ${formatCount(caught)} times ${how}`,
  );
}

/** Stood still once more, for the stacks. */
function withStop(sampled: Sampled, stoppedMs: number): Sampled {
  if (stoppedMs === 0) return sampled;
  return {
    ...sampled,
    stops: sampled.stops + 1,
    stoppedMs: sampled.stoppedMs + stoppedMs,
    longestStopMs: Math.max(sampled.longestStopMs, stoppedMs),
  };
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
