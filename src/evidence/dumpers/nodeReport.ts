import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import { frameText } from '../../core/headline.ts';
import { siteOf } from '../../core/plumbing.ts';
import { escapeText, formatCount } from '../../core/units.ts';
import { readText } from '../../procfs/read.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { catches } from '../../procfs/status.ts';
import { pauseHere } from '../../sys/pause.ts';
import { type NodeStacks, parseNodeReport } from '../node/reportDocument.ts';

export interface NodeAnswer {
  /** The report, without environment and secrets. */
  readonly text: string;
  /** Where its threads are in JavaScript: sentences. */
  readonly notes: readonly string[];
}

const POLL_MS = 5;
const MOST_NOTES = 4;
const FLAG = '--report-on-signal';

/**
 * The diagnostic report of a Node process that was started with `--report-on-signal`: what its JavaScript does, which
 * no native stack shows. It is written by the process itself, with its environment in it, so the file is read and removed
 * again. `undefined` for a process that was not started so: SIGUSR2 would end it.
 */
export function askNode(
  root: KernelRoot,
  pid: number,
  { now, timeoutMs }: { readonly now: () => number; readonly timeoutMs: number },
): NodeAnswer | undefined {
  const words = optionsOf(root, pid);
  if (!words.includes(FLAG)) return undefined;
  const signal = settingOf(words, '--report-signal') ?? 'SIGUSR2';
  const named = settingOf(words, '--report-filename');
  const where = settingOf(words, '--report-directory') ?? settingOf(words, '--report-dir') ?? '';
  if (!catches(root, pid, signal)) return undefined;
  const dir = isAbsolute(where) ? root.proc(pid, 'root', where) : join(root.proc(pid, 'cwd'), where);
  // `report.DATE.TIME.PID.THREAD.NUMBER.json`, the pid as the process itself has it.
  const isReport = (name: string): boolean =>
    named === undefined ? /^report\.\d+\.\d+\.\d+\.0\.\d+\.json$/.test(name) : name === basename(named);
  const before = new Set(named === undefined ? list(dir) : []);
  try {
    process.kill(pid, signal);
  } catch {
    return undefined;
  }
  const endMs = now() + timeoutMs;
  do {
    pauseHere(POLL_MS);
    for (const name of list(dir).filter((one) => isReport(one) && !before.has(one))) {
      const file = join(dir, name);
      const stacks = parse(file);
      if (stacks === undefined) continue;
      rmSync(file, { force: true });
      return { text: stacks.text, notes: notesOf(pid, stacks) };
    }
  } while (now() < endMs);
  return { text: '', notes: [`Node process ${pid} did not write its report in time: it may lie in its directory`] };
}

/** Its own options: before the script, and from the environment. */
function optionsOf(root: KernelRoot, pid: number): string[] {
  const words = (readText(root.proc(pid, 'cmdline')) ?? '').split('\0');
  const script = words.findIndex((word, index) => index > 0 && !word.startsWith('-'));
  const environment = (readText(root.proc(pid, 'environ')) ?? '').split('\0');
  const given = environment.find((entry) => entry.startsWith('NODE_OPTIONS=')) ?? '';
  return [...words.slice(1, script < 0 ? undefined : script), ...given.slice('NODE_OPTIONS='.length).split(/\s+/)];
}

function settingOf(words: readonly string[], name: string): string | undefined {
  return words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
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
