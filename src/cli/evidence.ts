import { gzipSync } from 'node:zlib';
import { type Creator, namedCreators, rankCreators } from '../core/creators.ts';
import { folded } from '../core/folded.ts';
import { creatorText, groupText, headline } from '../core/headline.ts';
import { type Baseline, groupStacks } from '../core/stackGroups.ts';
import { countNames } from '../core/threadName.ts';
import { formatCount, formatDuration } from '../core/units.ts';
import { GuardError } from '../errors.ts';
import { type Dump, dumpProcesses } from '../evidence/dump.ts';
import { readTask } from '../evidence/dumpers/native.ts';
import type { IncidentDir } from '../evidence/incident.ts';
import { type Pause, pauseBySignal, type Sampled, sampleCreators, sampleJvm } from '../evidence/sampler.ts';
import type { DumpFacts } from '../guard/model.ts';
import { readText } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { listThreads } from '../procfs/task.ts';
import type { Libc } from '../sys/libc.ts';

/** Takes the picture of a target: a baseline of its thread names early on, and the groups at a trip. */
export interface EvidenceWriter {
  takeBaseline(): void;
  /** Writes the incident's files; returns the sentences for people. */
  dump(facts: DumpFacts, timeoutMs: number): string;
}

/** Most groups shown to people; the file has all of them. */
const SHOWN = 3;
const BASELINE_MS = 100;
/** Of the time for evidence: the stacks first, then who makes them. */
const STACKS_SHARE = 0.7;
/** Of the rest: the target stands still for that long at most. */
const MOST_STOPPED_MS = 200;
/** Less is no time to catch anybody. */
const LEAST_SAMPLING_MS = 20;
/** `/proc` counts in hundredths of a second, whatever the kernel was built with (USER_HZ). */
const TICKS_PER_SECOND = 100;
/** A dump is kept as the runtime printed it up to this size, before it is compressed. */
const MOST_RAW_BYTES = 32 << 20;

export function evidenceWriter(parts: {
  readonly root: KernelRoot;
  readonly libc: Libc | undefined;
  readonly incident: IncidentDir;
  readonly command: readonly string[];
  readonly pid: () => number | undefined;
  readonly processes: () => readonly number[];
  /** Stops the whole target, where it can be done in one act. */
  readonly pause: Pause;
  readonly now: () => number;
}): EvidenceWriter {
  const { libc, now, root } = parts;
  let baseline: Baseline | undefined;
  return {
    takeBaseline: () => {
      baseline = readBaseline(root, parts.processes(), now);
    },
    dump: (facts, timeoutMs) => {
      const startMs = now();
      const dump = dumpProcesses(root, parts.processes(), { libc, now, timeoutMs: timeoutMs * STACKS_SHARE });
      const leftMs = timeoutMs - (now() - startMs);
      const sampled = catchCreators(parts, dump, leftMs);
      const creators = creatorsOf(dump, sampled);
      const groups = groupStacks(dump.stacks, 'function', baseline);
      const tookMs = now() - startMs;
      const document = {
        schema: 'threadguard.incident/1',
        time: new Date().toISOString(),
        headline: headline(creators, groups),
        command: parts.command,
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
        ceilings: facts.ceilings,
        groups: groups.map(({ names, ...group }) => ({ ...group, names: names.map(({ name }) => name) })),
      };
      const lost = write(parts.incident, {
        'incident.json': `${JSON.stringify(document, null, 2)}\n`,
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
  };
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

/** Where the dump itself did not catch them. */
function catchCreators(
  { libc, now, pause, root }: Pick<Parameters<typeof evidenceWriter>[0], 'libc' | 'now' | 'pause' | 'root'>,
  dump: Dump,
  leftMs: number,
): Sampled {
  if (leftMs < LEAST_SAMPLING_MS || namedCreators(dump.stacks).length > 0) return NOT_SAMPLED;
  const jvm = dump.stacks.find(({ runtime }) => runtime === 'jvm');
  if (jvm !== undefined) return { ...NOT_SAMPLED, samples: sampleJvm(root, jvm.pid, { libc, now, timeoutMs: leftMs }) };
  return sampleCreators(root, dump.stacks, {
    now,
    timeoutMs: leftMs,
    stopMs: Math.min(MOST_STOPPED_MS, leftMs),
    pause: (pid) => pause(pid) ?? pauseBySignal(pid),
  });
}

function creatorsOf(dump: Dump, { samples, stops }: Sampled): Creator[] {
  const named = namedCreators(dump.stacks);
  if (named.length > 0) return named;
  const how = stops > 0 ? `in ${formatCount(stops)} stops` : 'in stacks read one after another';
  return rankCreators(
    [...samples, ...dump.stacks],
    (caught) => `caught making them ${formatCount(caught)} times ${how}`,
  );
}

function stopText({ stops, stoppedMs }: Sampled): string {
  return stops === 0 ? '' : `, target stopped ${formatCount(stops)} times for ${formatDuration(stoppedMs)} in all`;
}

/** Writes the files; a full disk must not hide from the operator what was seen, so it becomes a line of its own. */
function write(incident: IncidentDir, files: Readonly<Record<string, string | Buffer>>): string[] {
  try {
    for (const [name, text] of Object.entries(files)) incident.write(name, text);
    return [];
  } catch (error) {
    if (!(error instanceof GuardError)) throw error;
    return [`kept nowhere but here: ${error.message}`, `hint: ${error.hint}`];
  }
}
