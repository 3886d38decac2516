import { ceilingLabel } from '../core/ceiling.ts';
import { formatCount, formatDuration } from '../core/units.ts';
import type { GuardEvent } from '../policy/event.ts';
import { captureText } from './evidenceText.ts';
import { verdictText } from './verdictText.ts';

export function done(event: { readonly dryRun?: true }, lines: readonly string[]): readonly string[] {
  return event.dryRun === true ? [`would have: ${lines[0]}`] : lines;
}

export function dumpLines({ findings, lost, postMortem }: Extract<GuardEvent, { event: 'dump' }>): string[] {
  if (findings === undefined) return ['evidence'];
  return [...(postMortem === undefined ? [] : [verdictText(postMortem)]), ...captureText(findings), ...lost];
}

export function killed({ dryRun, emptyMs, survivors }: Extract<GuardEvent, { event: 'kill' }>): string {
  if (dryRun === true) return 'SIGKILL to the whole tree';
  return survivors.length === 0
    ? `whole tree gone in ${formatDuration(emptyMs)}`
    : `survivors after ${formatDuration(emptyMs)}: pid ${survivors.join(', ')}`;
}

function escapeLine({ pids, returned }: { readonly pids: readonly number[]; readonly returned: number }): string {
  const shown = pids.slice(0, 5).join(', ') + (pids.length > 5 ? ', …' : '');
  const who = `${formatCount(pids.length)} of its processes had left its cgroup (pid ${shown})`;
  const left = pids.length - returned;
  return left === 0 ? `${who}; all are inside again` : `${who}; ${formatCount(left)} could not be brought back`;
}

export function warning(event: Extract<GuardEvent, { event: 'warn' }>): string {
  switch (event.about) {
    case 'line':
      return verdictText(event.opinion);
    case 'refusal':
      return `${ceilingLabel(event.ceiling)} refuses it more (${event.verdict}); raise it: ${event.ceiling.raise}`;
    case 'cap':
      return `somebody changed the cap of the target to ${event.moved}; it is ${event.cap} again`;
    case 'escape':
      return escapeLine(event);
    case 'room':
      return `waiting for room: ${formatCount(event.room)} more threads fit, ${formatCount(event.needed)} are wanted for a restart`;
    default:
      return event satisfies never;
  }
}
