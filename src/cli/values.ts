import { InvalidArgumentError } from 'commander';
import { BUDGET_NAMES } from '../core/ceilingTable.ts';
import { parseCount, parseDurationMs, parseShare } from '../core/units.ts';
import { EVENT_NAMES } from '../reporters/eventTable.ts';

/** Parsers of flag values, shared by every command. Each throws what commander turns into a sentence. */
export function count(text: string): number {
  return countFrom(1, text, 'It must be a whole number from 1.');
}

export function pid(text: string): number {
  return countFrom(1, text, 'It must be a process id.');
}

export function duration(text: string): number {
  const value = parseDurationMs(text);
  if (value === undefined) throw new InvalidArgumentError('It must be a duration like 250ms, 10s or 5m.');
  return value;
}

/** Of something that is done again and again: not oftener than ten times a second. */
export function interval(text: string): number {
  const value = parseDurationMs(text);
  if (value === undefined || value < 100) throw new InvalidArgumentError('It must be a duration from 100ms, like 2s.');
  return value;
}

export function share(text: string): number {
  const value = parseShare(text);
  if (value === undefined) throw new InvalidArgumentError('It must be a share above 0% and at most 100%.');
  return value;
}

export function tasksOrShare(text: string): { share: number } | { tasks: number } {
  const tasks = parseCount(text);
  if (tasks !== undefined) return { tasks };
  const value = parseShare(text);
  if (value === undefined) throw new InvalidArgumentError('It must be a number of tasks or a share like 5%.');
  return { share: value };
}

/** `5/10m`: so many within so long. */
export function restarts(text: string): { count: number; windowMs: number } {
  const [many = '', window = ''] = text.split('/');
  const windowMs = parseDurationMs(window);
  const times = parseCount(many);
  if (times === undefined || windowMs === undefined || windowMs === 0)
    throw new InvalidArgumentError('It must be a number and a time, like 5/10m.');
  return { count: times, windowMs };
}

export function descriptor(text: string, previous: number[]): number[] {
  const fd = parseCount(text);
  if (fd === undefined || fd < 3 || fd > 1023)
    throw new InvalidArgumentError('It must be a descriptor from 3 to 1023.');
  return [...previous, fd];
}

function countFrom(least: number, text: string, message: string): number {
  const value = parseCount(text);
  if (value === undefined || value < least) throw new InvalidArgumentError(message);
  return value;
}

/** A repeated option is a list. */
export function words(text: string, previous: readonly string[]): string[] {
  return [...previous, text];
}

/** An event of the log. */
export function eventName(text: string, previous: readonly string[] | undefined): string[] {
  if (!EVENT_NAMES.some((name) => name === text))
    throw new InvalidArgumentError(`It must be one of ${EVENT_NAMES.join(', ')}.`);
  return [...(previous ?? []), text];
}

/** `50%` for all ceilings, or `NAME=50%` for one. */
export function budgetShare(text: string, previous: Record<string, number>): Record<string, number> {
  const equals = text.indexOf('=');
  const name = equals < 0 ? undefined : text.slice(0, equals);
  const value = share(text.slice(equals + 1));
  if (name !== undefined && !BUDGET_NAMES.includes(name)) {
    throw new InvalidArgumentError(`There is no ceiling ${name}: it is one of ${BUDGET_NAMES.join(', ')}.`);
  }
  const names = name === undefined ? ['host', 'pid-namespace', 'user', 'cgroup', 'process'] : [name];
  return { ...previous, ...Object.fromEntries(names.map((key) => [key, value])) };
}
