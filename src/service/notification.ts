import { ceilingLabel } from '../core/ceiling.ts';
import { exhaustionMs, type Growth } from '../core/forecast.ts';
import type { Ceiling } from '../core/model.ts';
import { formatCount, formatDuration } from '../core/units.ts';

/** What a service tells its manager, line by line (sd_notify(3)). */
export interface Notification {
  readonly isReady: boolean;
  readonly isAlive: boolean;
  readonly status: string | undefined;
  /** Lines that can be handed on as they are. */
  readonly others: readonly string[];
}

/**
 * Fields that mean the same when they come from the guard. Others do not: `MAINPID` would replace the guard as the main
 * process. `FDSTORE` and `BARRIER` come with descriptors; the kernel closes them because nobody takes them, and that
 * answers a barrier.
 */
const HANDED_ON = /^(RELOADING|STOPPING|MONOTONIC_USEC|ERRNO|BUSERROR|EXIT_STATUS|EXTEND_TIMEOUT_USEC|WATCHDOG_USEC)=/;
/** Slower growth is not shown. */
const LEAST_PER_SECOND = 0.05;

/** Reads a datagram of the command. Of several `STATUS=` lines the last one counts. */
export function parseNotification(text: string): Notification {
  const lines = text.split('\n').filter((line) => line !== '');
  return {
    isReady: lines.includes('READY=1'),
    isAlive: lines.includes('WATCHDOG=1'),
    status: lines.findLast((line) => line.startsWith('STATUS='))?.slice('STATUS='.length),
    others: lines.filter((line) => HANDED_ON.test(line) || line === 'WATCHDOG=trigger'),
  };
}

/** `412 tasks, +3.1/s; 1,588 more threads until pids.max of /x; full in 18 min`: what `systemctl status` shows. */
export function statusText(view: {
  readonly tasks: number;
  readonly growth: Growth;
  readonly stage: string;
  readonly binding: Ceiling | undefined;
}): string {
  const { binding, growth, stage, tasks } = view;
  const perSecond = growth.longPerSecond;
  const parts = [
    `${stage === 'calm' ? '' : `${stage}: `}${formatCount(tasks)} ${tasks === 1 ? 'task' : 'tasks'}${Math.abs(perSecond) < LEAST_PER_SECOND ? '' : `, ${perSecond > 0 ? '+' : ''}${perSecond.toFixed(1)}/s`}`,
  ];
  const left = binding?.additionalThreads;
  if (binding !== undefined && typeof left === 'number') {
    parts.push(`${formatCount(left)} more threads until ${ceilingLabel(binding)}`);
    const inMs = perSecond < LEAST_PER_SECOND ? Number.POSITIVE_INFINITY : exhaustionMs(left, growth);
    if (Number.isFinite(inMs)) parts.push(`full in ${formatDuration(inMs)}`);
  }
  return parts.join('; ');
}
