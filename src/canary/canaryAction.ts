import { formatDuration, jsonLine } from '../core/units.ts';
import { leaveAs } from '../launch/leave.ts';
import { kernelRoot } from '../procfs/root.ts';
import { canaryDocument, canaryText } from '../reporters/canaryText.ts';
import { Connections, mostConnections } from '../service/connections.ts';
import { openHttpServer } from '../service/httpServer.ts';
import { systemClock } from '../sys/clock.ts';
import { type Libc, loadLibc, RLIMIT_NOFILE } from '../sys/libc.ts';
import { listenForStop, type StopSignals } from '../sys/stopSignals.ts';
import { writeOut } from '../sys/writeOut.ts';
import type { CanaryOptions } from './canaryOptions.ts';
import { writePage } from './canaryPage.ts';
import { openSource } from './live.ts';
import { exitOf, planCanary } from './planCanary.ts';
import { remainingOf } from './remaining.ts';
import { type CanaryReport, type CanaryWorld, runCanary } from './runCanary.ts';
import { guardWith, startCandidate } from './startCandidate.ts';

/**
 * `threadguard canary`. Returns the exit status. When a signal ends it before there is a verdict, it dies by the same
 * signal. `launcher` finds the program that starts a guard around a command.
 */
export async function canary(
  options: CanaryOptions,
  command: readonly string[],
  launcher: () => string,
): Promise<number> {
  const plan = planCanary(options, command);
  const libc = loadLibc();
  const signals = listenForStop();
  try {
    const verdict = await runCanary(plan, worldOf(options, launcher, libc, signals));
    if (verdict !== undefined) return exitOf(verdict, options.judging);
  } finally {
    signals.close();
  }
  leaveAs({ by: 'signal', signal: signals.by() ?? 'SIGTERM' }, libc);
  return exitOf('inconclusive', options.judging);
}

function worldOf(
  options: CanaryOptions,
  launcher: () => string,
  libc: Libc | undefined,
  { asked, stop }: StopSignals,
): CanaryWorld {
  const root = kernelRoot();
  return {
    clock: systemClock,
    stop,
    asked,
    open: (selector) => openSource(root, selector, options.subjects.loadMetric),
    start: (command) =>
      startCandidate(
        command,
        { root, clock: systemClock, guard: guardWith(launcher()), runtime: process.execPath, kill, onExit },
        stop,
      ),
    serve: (address, answer) =>
      openHttpServer(address, 'gates', answer, new Connections(mostConnections(openFilesOf(libc)))),
    remainingOf: (candidate) => remainingOf(root, libc, candidate),
    report: reportOf(options),
  };
}

function openFilesOf(libc: Libc | undefined): number | undefined {
  const limit = libc?.getLimit(0, RLIMIT_NOFILE)?.soft;
  return limit === undefined ? undefined : Number(limit);
}

/** The verdict goes to stdout. Everything else goes to stderr, the progress only to a terminal. */
function reportOf({ output }: CanaryOptions): CanaryReport {
  const progress = (text: string): void => {
    if (process.stderr.isTTY === true) process.stderr.write(`\r\u001b[K${text}`);
  };
  return {
    serving: (address) => void process.stderr.write(`threadguard: gates on http://${address}/v1/canary\n`),
    sampled: (samples, elapsedMs, forMs) =>
      progress(`${samples} samples, ${formatDuration(elapsedMs)} of ${formatDuration(forMs)}`),
    watched: () => progress(''),
    judged: async (result) => {
      await writeOut(output.json ? jsonLine(canaryDocument(result)) : canaryText(result));
      if (output.html !== undefined) writePage(output.html, result);
    },
  };
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the list and the signal.
  }
}

function onExit(callback: () => void): () => void {
  process.once('exit', callback);
  return () => process.off('exit', callback);
}
