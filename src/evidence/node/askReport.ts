import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import { frameText } from '../../core/headline.ts';
import { siteOf } from '../../core/plumbing.ts';
import { escapeText, formatCount } from '../../core/units.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { catches } from '../../procfs/status.ts';
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
/** `report.DATE.TIME.PID.THREAD.NUMBER.json`, with the pid as the process itself knows it; thread 0 is the main one. */
const REPORT_NAME = /^report\.\d+\.\d+\.\d+\.0\.\d+\.json$/;

/**
 * The diagnostic report of a Node process that was started with `--report-on-signal`. It says what the JavaScript does,
 * which no native stack shows. The process itself writes it, with its environment in it, so the file is read and removed
 * again. `undefined` for a process that was started without that option, or does not handle the signal any more: it would end
 * the process.
 */
export function askNode(root: KernelRoot, pid: number, reading: Reading): NodeAnswer | undefined {
  const { endMs, now, signals, wait } = reading;
  const plan = reportPlan(root, pid);
  if (signals === undefined || plan === undefined || !catches(root, pid, plan.signal)) return undefined;
  const leftMs = endMs - now();
  if (leftMs <= 0) return { text: '', notes: [`there was no time left to ask Node process ${pid} for its report`] };
  const lastMs = now() + leftMs * ANSWER_SHARE;
  const dir = isAbsolute(plan.dir) ? root.proc(pid, 'root', plan.dir) : join(root.proc(pid, 'cwd'), plan.dir);
  const before = new Set(plan.file === undefined ? list(dir) : []);
  try {
    signals.send(pid, plan.signal);
  } catch {
    return undefined;
  }
  do {
    wait(POLL_MS);
    const stacks = takeReport(dir, plan, before);
    if (stacks !== undefined) return { text: stacks.text, notes: notesOf(pid, stacks) };
  } while (now() < lastMs);
  return { text: '', notes: [`Node process ${pid} did not write its report in time: it may lie in its directory`] };
}

/** The first whole report that was not there before. It is removed: nobody asked the process to leave one. */
function takeReport(dir: string, { file }: ReportPlan, before: ReadonlySet<string>): NodeStacks | undefined {
  const isReport = (name: string): boolean => (file === undefined ? REPORT_NAME.test(name) : name === basename(file));
  for (const name of list(dir)) {
    if (!isReport(name) || before.has(name)) continue;
    const stacks = parse(join(dir, name));
    if (stacks === undefined) continue;
    rmSync(join(dir, name), { force: true });
    return stacks;
  }
  return undefined;
}

function list(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

/** `undefined` while it is being written. */
function parse(file: string): NodeStacks | undefined {
  try {
    return parseNodeReport(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
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
