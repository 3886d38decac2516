import { ceilingLabel } from '../core/ceiling.ts';
import { reaches } from '../core/model.ts';
import { escapeText, formatCount, formatDuration } from '../core/units.ts';
import type { ContainedEvent } from '../policy/event.ts';

/** What will happen at which number, said before it happens. */
export function bannerLines(event: ContainedEvent): string[] {
  return [
    `guarding ${commandText(event.command)}`,
    ...roomLine(event),
    lineText(event),
    heldText(event),
    ...(event.policies.length > 0 ? [`policies: ${event.policies.join(', ')}`] : []),
    ...(event.metrics === null ? [] : [`metrics on http://${event.metrics}/metrics`]),
    ...event.fallbacks,
    ...event.cannot.map((text) => `note: ${text}`),
  ];
}

/** What holds the target, and how often it is looked at: all that a later run of the same command has to say. */
export function heldText({ cap, holder, intervalMs, isHeld, recordsCreators }: ContainedEvent): string {
  const at = cap === 'max' || !isHeld ? '' : `, cap of ${formatCount(cap)} tasks (the kernel allows no more)`;
  return `held by ${holder}${at}; looks every ${formatDuration(intervalMs)}${recordsCreators ? '; the kernel records who makes its tasks' : ''}`;
}

/** A command as one line with nothing in it that a terminal would obey. */
export function commandText(command: readonly string[]): string {
  return command.map(escapeText).join(' ');
}

function roomLine({ binding }: ContainedEvent): string[] {
  if (binding === null) return [];
  const { additionalThreads, limit, unit, used } = binding;
  return [
    `room: ${formatCount(Number(additionalThreads))} more threads, bound by ${ceilingLabel(binding)} (${used}/${limit} ${unit})`,
  ];
}

function lineText(event: ContainedEvent): string {
  const { line, maps } = event;
  const ofMaps = maps === null ? '' : `, at ${formatCount(maps.tripAt)} maps in one process (${maps.setBy})`;
  if (line === null) return `no ceiling on tasks could be read: only --max-tasks would stop it${ofMaps}`;
  const { setBy, tripAt, warnAt } = line;
  return `warns at ${formatCount(warnAt)} tasks, trips when it asks for more than ${formatCount(tripAt)} (${setBy})${ofMaps}${steps(event)}`;
}

function steps({ dryRun, graceMs, until }: ContainedEvent): string {
  if (dryRun) return '; dry run: nothing is done, only said';
  if (!reaches(until, 'clamp')) return '; only warns';
  const parts = ['clamps'];
  if (reaches(until, 'dump')) parts.push('dumps');
  if (reaches(until, 'terminate')) parts.push('terminates');
  if (reaches(until, 'kill')) parts.push(`kills after ${formatDuration(graceMs)}`);
  return `; then ${parts.join(', ')}`;
}
