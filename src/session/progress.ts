import { ceilingLabel } from '../core/ceiling.ts';
import { formatBytes, formatCount } from '../core/units.ts';
import type { TrackView } from '../engine/trackView.ts';
import { statusLine } from '../reporters/statusLine.ts';

const USAGE_EVERY_MS = 10_000;
const STATUS_EVERY_MS = 500;

/** The status line's own reading of processor and memory; opened before the child starts. */
export type Usage = (pid: number) => Promise<string>;

/** pidusage forks getconf the first time it is asked: that must not happen on a machine that is nearly full. */
export async function openUsage(): Promise<Usage> {
  const { default: pidusage } = await import('pidusage');
  const read: Usage = async (pid) => {
    const { cpu, memory } = await pidusage(pid);
    return `${cpu.toFixed(0)}% cpu, ${formatBytes(memory)}`;
  };
  await read(process.pid).catch(() => '');
  return read;
}

/** Draws the status line until the returned function is called. */
export function startProgress(
  look: () => TrackView,
  draw: (text: string) => void,
  usage: Usage,
  pid: number,
): () => void {
  let context = '';
  const readUsage = (): void => {
    usage(pid)
      .then((text) => {
        context = text;
      })
      .catch(() => {
        // Context only: a child that has ended has none.
      });
  };
  const paint = (): void => {
    const { binding, ...view } = look();
    const left =
      binding === undefined
        ? undefined
        : `${formatCount(Number(binding.additionalThreads))} left (${ceilingLabel(binding)})`;
    draw(
      statusLine(
        { ...view, perSecond: view.growth.shortPerSecond, binding: left, context },
        process.stderr.columns ?? 80,
      ),
    );
  };
  const timers = [setInterval(readUsage, USAGE_EVERY_MS), setInterval(paint, STATUS_EVERY_MS)];
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}
