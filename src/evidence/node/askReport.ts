import { basename, isAbsolute } from 'node:path';
import { frameText } from '../../core/headline.ts';
import { siteOf } from '../../core/plumbing.ts';
import { escapeText, formatCount } from '../../core/units.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { catches, readStatus } from '../../procfs/status.ts';
import { type Held, holdForeign, holdIn, listHeld, readHeld, release, unlinkIn } from '../../sys/foreignPath.ts';
import type { Reading } from '../dumpers/dumper.ts';
import { type NodeStacks, parseNodeReport } from './reportDocument.ts';
import { type ReportPlan, reportPlan } from './reportOptions.ts';

export interface NodeAnswer {
  /** The report, without environment and secrets; empty if it did not come in time. */
  readonly text: string;
  /** Where its threads are in JavaScript: sentences. */
  readonly notes: readonly string[];
}

const POLL_MS = 5;
/** The share of the time in which the report may come. If none comes, the native stacks are read in the rest. */
const ANSWER_SHARE = 0.6;
const MOST_NOTES = 4;
/** A report of 1,000 workers has 4 MB. */
const MOST_BYTES = 16 << 20;
/** It is parsed in one go, so one that would take longer than what is left is not begun: 6 MB took 200 ms. */
const BYTES_PER_MS = 24 << 10;
const MOST_NAMES = 10_000;
/** `report.DATE.TIME.PID.THREAD.NUMBER.json`, with the pid as the process itself knows it; thread 0 is the main one. */
const REPORT_NAME = /^report\.\d+\.\d+\.\d+\.0\.\d+\.json$/;

/**
 * The diagnostic report of a Node process that was started with `--report-on-signal`. It says what the JavaScript does,
 * which no native stack shows. The process itself writes it, with its environment in it, so the file is read and removed
 * again. `undefined` for a process that was started without that option, or does not handle the signal any more: it would end
 * the process.
 */
export function askNode(root: KernelRoot, pid: number, reading: Reading): NodeAnswer | undefined {
  const { endMs, now, signals } = reading;
  const plan = reportPlan(root, pid);
  if (signals === undefined || plan === undefined || !catches(root, pid, plan.signal)) return undefined;
  if (endMs <= now()) return { text: '', notes: [`there was no time left to ask Node process ${pid} for its report`] };
  const dir = holdDirectory(root, pid, plan, reading.libc);
  if (dir === undefined) {
    return { text: '', notes: [`Node process ${pid} has no directory for its report that could be trusted`] };
  }
  try {
    return askIn({ dir, uid: readStatus(root, pid)?.fsUid ?? Number.NaN }, pid, plan, reading);
  } finally {
    release(dir);
  }
}

/** Where it writes, and as whom. */
interface Place {
  readonly dir: Held;
  readonly uid: number;
}

function askIn(place: Place, pid: number, plan: ReportPlan, reading: Reading): NodeAnswer | undefined {
  const { endMs, now, signals, wait } = reading;
  const lastMs = now() + (endMs - now()) * ANSWER_SHARE;
  const before = new Set(plan.file === undefined ? list(place.dir) : []);
  try {
    signals?.send(pid, plan.signal);
  } catch {
    return undefined;
  }
  do {
    wait(POLL_MS);
    const stacks = takeReport(place, plan, before, Math.min(MOST_BYTES, (endMs - now()) * BYTES_PER_MS));
    if (stacks !== undefined) return { text: stacks.text, notes: notesOf(pid, stacks) };
  } while (now() < lastMs);
  return { text: '', notes: [`Node process ${pid} did not write its report in time: it may lie in its directory`] };
}

/** The target may be hostile: the directory is found inside of its root, and held from now on. */
function holdDirectory(root: KernelRoot, pid: number, { dir }: ReportPlan, libc: Reading['libc']): Held | undefined {
  const top = root.proc(pid, isAbsolute(dir) ? 'root' : 'cwd');
  try {
    return holdForeign(top, dir, { kind: 'directory' }, libc);
  } catch {
    return undefined;
  }
}

/** The first whole report that was not there before. It is removed: nobody asked the process to leave one. */
function takeReport(
  place: Place,
  { file }: ReportPlan,
  before: ReadonlySet<string>,
  mostBytes: number,
): NodeStacks | undefined {
  const names = file === undefined ? list(place.dir).filter((name) => REPORT_NAME.test(name)) : [basename(file)];
  for (const name of names) {
    if (before.has(name)) continue;
    const stacks = parse(place, name, mostBytes);
    if (stacks === undefined) continue;
    remove(place.dir, name);
    return stacks;
  }
  return undefined;
}

function list(dir: Held): string[] {
  try {
    return listHeld(dir, MOST_NAMES);
  } catch {
    return [];
  }
}

/** `undefined` while it is being written, for one that is too large, and for what the process itself did not write. */
function parse({ dir, uid }: Place, name: string, mostBytes: number): NodeStacks | undefined {
  let held: Held | undefined;
  try {
    held = holdIn(dir, name, { kind: 'file', uid });
    return held.stat.size > mostBytes ? undefined : parseNodeReport(readHeld(held, held.stat.size).toString('utf8'));
  } catch {
    return undefined;
  } finally {
    release(held);
  }
}

function remove(dir: Held, name: string): void {
  try {
    unlinkIn(dir, name);
  } catch {
    // It is gone already, or cannot be removed: it was read all the same.
  }
}

/** Where the main thread is, and where most workers are. */
function notesOf(pid: number, { stacks }: NodeStacks): string[] {
  const [main = [], ...workers] = stacks;
  const place = (frames: NodeStacks['stacks'][number]): string | undefined => {
    const site = siteOf(frames, 'node') ?? frames[0];
    return site === undefined ? undefined : frameText(site);
  };
  const counts = new Map<string, number>();
  for (const at of workers.map(place)) if (at !== undefined) counts.set(at, (counts.get(at) ?? 0) + 1);
  const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, MOST_NOTES);
  const mainAt = place(main);
  return [
    ...(mainAt === undefined ? [] : [`the main thread of Node process ${pid} is in ${mainAt}`]),
    ...most.map(
      ([at, count]) => `${formatCount(count)} of ${formatCount(workers.length)} workers are in ${escapeText(at)}`,
    ),
  ];
}
