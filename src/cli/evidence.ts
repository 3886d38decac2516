import { countNames, groupTasks, type TaskGroup } from '../core/group.ts';
import { escapeText, formatCount, formatDuration } from '../core/units.ts';
import { GuardError } from '../errors.ts';
import { captureTasks } from '../evidence/capture.ts';
import type { IncidentDir } from '../evidence/incident.ts';
import type { DumpFacts } from '../guard/model.ts';
import type { KernelRoot } from '../procfs/root.ts';

/** Takes the picture of a target: a baseline of its thread names early on, and the groups at a trip. */
export interface EvidenceWriter {
  takeBaseline(): void;
  /** Writes `incident.json` and `samples.ndjson`; returns the sentences for people. */
  dump(facts: DumpFacts, timeoutMs: number): string;
}

/** Most groups shown to people; the file has all of them. */
const SHOWN = 3;

export function evidenceWriter(parts: {
  readonly root: KernelRoot;
  readonly incident: IncidentDir;
  readonly command: readonly string[];
  readonly pid: () => number | undefined;
  readonly processes: () => readonly number[];
  readonly now: () => number;
}): EvidenceWriter {
  let baseline = new Map<string, number>();
  const capture = (timeoutMs: number) => captureTasks(parts.root, parts.processes(), { now: parts.now, timeoutMs });
  return {
    takeBaseline: () => {
      baseline = countNames(capture(100).tasks.map(({ name }) => name));
    },
    dump: (facts, timeoutMs) => {
      const { tasks, found, tookMs } = capture(timeoutMs);
      const groups = groupTasks(tasks, baseline);
      const document = {
        schema: 'threadguard.incident/1',
        time: new Date().toISOString(),
        command: parts.command,
        pid: parts.pid(),
        trip: facts.verdict,
        tasks: facts.tasks,
        coverage: { read: tasks.length, found, tookMs: Math.round(tookMs) },
        ceilings: facts.ceilings,
        groups,
      };
      const lost = write(parts.incident, {
        'incident.json': `${JSON.stringify(document, null, 2)}\n`,
        'samples.ndjson': facts.samples.map((sample) => `${JSON.stringify(sample)}\n`).join(''),
      });
      const coverage = `${formatCount(tasks.length)} of ${formatCount(found)} tasks read in ${formatDuration(tookMs)}`;
      return [`${coverage}; most growth:`, ...groups.slice(0, SHOWN).map(groupLine), ...lost].join('\n');
    },
  };
}

/** Writes the files; a full disk must not hide from the operator what was seen, so it becomes a line of its own. */
function write(incident: IncidentDir, files: Readonly<Record<string, string>>): string[] {
  try {
    for (const [name, text] of Object.entries(files)) incident.write(name, text);
    return [];
  } catch (error) {
    if (!(error instanceof GuardError)) throw error;
    return [`kept nowhere but here: ${error.message}`, `hint: ${error.hint}`];
  }
}

function groupLine({ name, count, grew, states, wait }: TaskGroup): string {
  const mix = Object.entries(states)
    .sort((a, b) => b[1] - a[1])
    .map(([state, number]) => `${formatCount(number)} ${state}`)
    .join(', ');
  return `${formatCount(count)} × "${escapeText(name)}" (+${formatCount(Math.max(0, grew))} since the start; ${mix}${wait === '' ? '' : `; in ${wait}`})`;
}
