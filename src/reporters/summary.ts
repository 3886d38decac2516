import { ceilingLabel } from '../core/ceiling.ts';
import type { Ended } from '../core/model.ts';
import { formatCount, formatShare } from '../core/units.ts';
import type { ExitEvent } from '../policy/event.ts';

/** A share of a budget below this is not worth a word. */
const WORTH_SAYING = 0.01;

/** What happened, in a few lines at the end. */
export function summaryLines(event: ExitEvent): string[] {
  const { dropped, dryRun, ended, endedTasks, incident, leftTasks, leftWhere, stoppedByGuard, summary } = event;
  const outcome = stoppedByGuard ? 'stopped by threadguard (exit 113)' : endedText(ended);
  const lines = [`${outcome}; peak ${formatCount(summary.peakTasks)} tasks${maps(event)}${nearest(event)}`];
  const actions = Object.entries(summary.actions).map(([name, count]) => (count === 1 ? name : `${name} ×${count}`));
  if (actions.length > 0) lines.push(`${dryRun ? 'would have done' : 'actions'}: ${actions.join(', ')}`);
  if ((summary.refused ?? 0) > 0) {
    const where = summary.refusedBy.length === 0 ? ' at the cap' : '';
    lines.push(`the kernel refused ${formatCount(summary.refused ?? 0)} new tasks${where}`);
  }
  for (const { ceiling, path, verdict } of summary.refusedBy) {
    lines.push(`refused by ${ceilingLabel({ name: ceiling, ...(path === undefined ? {} : { path }) })} (${verdict})`);
  }
  if (incident !== undefined) lines.push(`evidence: ${incident}`);
  if (endedTasks > 0) lines.push(`ended what outlived it: ${tasksText(endedTasks)} (--on-daemons kill)`);
  if (leftTasks > 0) lines.push(`still alive: ${tasksText(leftTasks)} that it left behind (${leftWhere})`);
  if (dropped > 0) lines.push(`${formatCount(dropped)} log lines were dropped: the reader was too slow`);
  return lines;
}

/** `exit 3`, `ended by SIGTERM`. */
export function endedText(ended: Ended): string {
  if (ended.by === 'gone') return 'ended';
  return ended.by === 'exit' ? `exit ${ended.code}` : `ended by ${ended.signal}`;
}

function tasksText(tasks: number): string {
  return tasks === 1 ? '1 task' : `${formatCount(tasks)} tasks`;
}

function maps({ summary: { peakMaps } }: ExitEvent): string {
  return peakMaps === undefined ? '' : `, ${formatCount(peakMaps)} maps`;
}

function nearest({ summary: { nearest: near } }: ExitEvent): string {
  if (near === undefined || near.share < WORTH_SAYING) return '';
  return `; nearest ceiling ${near.label} at ${formatShare(near.share)} of its budget`;
}
