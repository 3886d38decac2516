import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { locate } from '../cgroup/locate.ts';
import { readKernelLine, readMessage } from '../core/messages.ts';
import { type Explanation, explainRefusal } from '../core/refusal.ts';
import { select } from '../limits/select.ts';
import type { IdCalls } from '../procfs/ids.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { countThreads, listThreads } from '../procfs/task.ts';
import { CeilingWatch } from './ceilingWatch.ts';
import { readCounters } from './counters.ts';
import { traceProcess } from './trace/trace.ts';

const LOOK_EVERY_MS = 5;
const TAIL_BYTES = 64 * 1024;

/**
 * Watches a live process for a while: counters before and after, what its stderr file and the kernel log say, and
 * how tight every ceiling was. Nothing is attached to it, unless `trace` asks for that.
 */
export async function explainProcess(parts: {
  readonly root: KernelRoot;
  readonly pid: number;
  readonly ids: IdCalls | undefined;
  readonly forMs: number;
  readonly trace: boolean;
  readonly onNote: (sentence: string) => void;
}): Promise<{ readonly explanation: Explanation; readonly label: string }> {
  const { root, pid } = parts;
  const { label } = select(root, { kind: 'pid', pid });
  const now = (): number => performance.now();
  const watch = new CeilingWatch(root, { processes: () => [pid], ids: parts.ids, now });
  const before = readCounters(root, locate(root, pid));
  const stderr = openTail(root.proc(pid, 'fd', 2));
  const tracing = parts.trace ? await traceProcess(root, pid, listThreads(root, pid)) : undefined;
  if (tracing !== undefined) parts.onNote(tracing.cost);
  const startMs = now();
  let isGone = false;
  for (;;) {
    const tasks = countThreads(root, pid);
    isGone = tasks === undefined;
    if (isGone || watch.look(tasks ?? 0) === undefined) break;
    const moved = watch.counted();
    const isCounted = [...moved.pidsEvents, ...moved.oomKills].some(({ count }) => count > 0);
    if (isCounted || (tracing?.failed() ?? false)) {
      watch.lookClosely(tasks ?? 0);
      break;
    }
    if (now() - startMs >= parts.forMs) break;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  const messages = stderr
    .read()
    .split('\n')
    .map(readMessage)
    .filter((message) => message !== undefined);
  const explanation = explainRefusal({
    ceilings: watch.tightest,
    slack: watch.slack,
    ...watch.counted(),
    call: tracing?.call(),
    messages,
    endedBy: isGone ? 'it ended' : undefined,
  });
  stderr.close();
  tracing?.close();
  return { label, explanation: withHistory(explanation, root, before.pids, locate(root, pid).pids?.path) };
}

/** What was refused before anybody watched: a fact about the past, not about now. */
function withHistory(
  explanation: Explanation,
  root: KernelRoot,
  before: ReadonlyMap<string, { readonly count: number }>,
  own: string | undefined,
): Explanation {
  const past = [...before]
    .filter(([, { count }]) => count > 0)
    .map(([path, { count }]) => `pids.events of ${path}: ${count} refused before this watch began`);
  const log = kernelLog(root)
    .map(readKernelLine)
    .filter((line) => line !== undefined)
    .filter(({ forkingCgroup }) => forkingCgroup === own)
    .map(
      ({ forkingCgroup }) =>
        `the kernel log once said that a fork in ${forkingCgroup} was refused (by it or an ancestor)`,
    );
  return { ...explanation, evidence: [...explanation.evidence, ...past, ...log.slice(0, 1)] };
}

/** The kernel's ring buffer, where we may read it (root, or dmesg_restrict 0); one record a read(2). */
function kernelLog(root: KernelRoot): string[] {
  const lines: string[] = [];
  let fd: number | undefined;
  try {
    fd = openSync(root.at('/dev/kmsg'), constants.O_RDONLY | constants.O_NONBLOCK);
    const chunk = Buffer.alloc(8192);
    for (;;) lines.push(chunk.toString('latin1', 0, readSync(fd, chunk, 0, chunk.length, null)));
  } catch {
    // EAGAIN is the end of it; EPERM or ENOENT mean that there is none for us.
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
  return lines;
}

/** The end of a regular file that stderr was sent to. A pipe, a socket or a terminal is somebody else's to read. */
function openTail(path: string): { read(): string; close(): void } {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!fstatSync(fd).isFile()) {
      closeSync(fd);
      fd = undefined;
    }
  } catch {
    fd = undefined;
  }
  return {
    read: () => {
      if (fd === undefined) return '';
      const chunk = Buffer.alloc(TAIL_BYTES);
      const start = Math.max(0, fstatSync(fd).size - TAIL_BYTES);
      return chunk.toString('latin1', 0, readSync(fd, chunk, 0, chunk.length, start));
    },
    close: () => {
      if (fd !== undefined) closeSync(fd);
    },
  };
}
