import type { BudgetRule } from '../core/budget.ts';
import { parseCount, parseDurationMs, parseShare } from '../core/units.ts';
import type { Kind } from './kind.ts';

/** A whole number of things, from 1. */
export const count: Kind<number> = wholeNumber('<count>', 1, Number.MAX_SAFE_INTEGER, 'a whole number from 1');

export const processId: Kind<number> = wholeNumber('<pid>', 1, Number.MAX_SAFE_INTEGER, 'a process id');

/** From 0 to 100. */
export const score: Kind<number> = wholeNumber('<score>', 0, 100, 'a whole number from 0 to 100');

/** Milliseconds, written with their unit: `250ms`, `10s`, `5m`, `1h`, or `0`. */
export const duration: Kind<number> = milliseconds(0, 'a duration like 250ms, 10s or 5m');

/** Milliseconds between two looks: ten looks a second are the most. */
export const interval: Kind<number> = milliseconds(100, 'a duration from 100ms, like 2s');

/** From 0 (not included) to 1, written `80%`. */
export const share: Kind<number> = {
  form: 'share',
  value: '<share>',
  expects: () => 'a share above 0% and at most 100%',
  parse: parseShare,
  show: (value) => `${Number((value * 100).toFixed(4))}%`,
};

/** What is kept free: so many tasks, or a share of a limit. */
export const tasksOrShare: Kind<BudgetRule['reserve']> = {
  form: 'amount',
  value: '<amount>',
  expects: () => 'a number of tasks or a share like 5%',
  parse: (word) => {
    const tasks = parseCount(word);
    if (tasks !== undefined) return { tasks };
    const found = parseShare(word);
    return found === undefined ? undefined : { share: found };
  },
  show: (amount) => ('share' in amount ? share.show(amount.share) : String(amount.tasks)),
};

/** `5/10m`: this many within this time. */
export const restartsWithin: Kind<{ readonly count: number; readonly windowMs: number }> = {
  form: 'restarts',
  value: '<n/window>',
  expects: () => 'a number and a time, like 5/10m',
  parse: (word) => {
    const [many = '', window = '', ...rest] = word.split('/');
    const times = parseCount(many);
    const windowMs = duration.parse(window, undefined);
    if (times === undefined || windowMs === undefined || windowMs === 0 || rest.length > 0) return undefined;
    return { count: times, windowMs };
  },
  show: ({ count: times, windowMs }) => `${times}/${duration.show(windowMs)}`,
};

function wholeNumber(value: string, least: number, most: number, what: string): Kind<number> {
  return {
    form: 'count',
    value,
    expects: () => what,
    parse: (word) => {
      const found = parseCount(word);
      return found === undefined || found < least || found > most ? undefined : found;
    },
    show: String,
  };
}

const UNITS: readonly (readonly [name: string, ms: number])[] = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
];

function milliseconds(least: number, what: string): Kind<number> {
  return {
    form: 'duration',
    value: '<duration>',
    expects: () => what,
    parse: (word) => {
      const ms = parseDurationMs(word);
      // Above 2^53 a number is no longer exact: such a duration is a mistake.
      return ms === undefined || ms < least || ms > Number.MAX_SAFE_INTEGER ? undefined : ms;
    },
    show: (ms) => {
      const unit = UNITS.find(([, size]) => ms > 0 && ms % size === 0);
      return unit === undefined ? `${Number(ms.toFixed(6))}ms` : `${ms / unit[1]}${unit[0]}`;
    },
  };
}
