import { BUDGET_NAMES } from '../core/ceilingTable.ts';
import type { Scope } from '../core/model.ts';
import { parseCount } from '../core/units.ts';
import { EVENT_NAMES } from '../reporters/eventTable.ts';
import type { Kind } from './kind.ts';
import { share } from './quantities.ts';

/** Any words, as they are: the name of a file, an address, a command. */
export const text: Kind<string> = textOf('<text>');
export const file: Kind<string> = textOf('<file>');

/** A switch: it is on when it is given. */
export const yes: Kind<boolean> = {
  form: 'boolean',
  value: '',
  expects: () => 'yes or no',
  parse: () => true,
  show: String,
};

/** A switch whose name begins with `no-`: it turns something off when it is given. */
export const no: Kind<boolean> = { ...yes, parse: () => false, isNegated: true };

/** One of a few words. */
export function choice<const T extends string>(words: readonly T[], value: string): Kind<T> {
  return {
    form: 'choice',
    value,
    expects: () => `one of ${words.join(', ')}`,
    parse: (word) => words.find((one) => one === word),
    show: String,
    choices: words,
  };
}

/** One or more destinations. In a file a single one may stand without a list. */
export const destinations: Kind<readonly string[]> = {
  form: 'texts-or-one',
  value: '<destination...>',
  expects: () => 'a destination',
  parse: (word, before = []) => [...before, word],
  show: showList,
};

/** Names of events of the log. */
export const eventNames: Kind<readonly string[]> = {
  form: 'texts',
  value: '<event...>',
  expects: () => `one of ${EVENT_NAMES.join(', ')}`,
  parse: (word, before = []) => (EVENT_NAMES.some((name) => name === word) ? [...before, word] : undefined),
  show: showList,
};

/** Numbers of open files. The command gets the first three in any case. */
export const descriptors: Kind<readonly number[]> = {
  form: 'descriptors',
  value: '<fd...>',
  expects: () => 'a descriptor from 3 to 1023',
  parse: (word, before = []) => {
    const fd = parseCount(word);
    return fd === undefined || fd < 3 || fd > 1023 ? undefined : [...before, fd];
  },
  show: showList,
};

const SCOPES: readonly string[] = ['host', 'pid-namespace', 'user', 'cgroup', 'process'] satisfies readonly Scope[];

/** `50%` for every scope, or `NAME=50%` for one ceiling or one scope; a later word wins. */
export const budgetShares: Kind<Readonly<Record<string, number>>> = {
  form: 'shares',
  value: '<share...>',
  expects: (word) => {
    const names = [...BUDGET_NAMES, ...SCOPES].join(', ');
    return isBudgetName(splitShare(word).name) ? share.expects(word) : `NAME=50%, where NAME is one of ${names}`;
  },
  parse: (word, before = {}) => {
    const { amount, name } = splitShare(word);
    const value = share.parse(amount, undefined);
    if (value === undefined || !isBudgetName(name)) return undefined;
    const names = name === undefined ? SCOPES : [name];
    return { ...before, ...Object.fromEntries(names.map((key) => [key, value])) };
  },
  show: (shares) => {
    const entries = Object.entries(shares);
    const [first] = entries;
    if (first === undefined) return '';
    const isOneForAll = entries.length === SCOPES.length && SCOPES.every((scope) => shares[scope] === first[1]);
    if (isOneForAll) return share.show(first[1]);
    return JSON.stringify(Object.fromEntries(entries.map(([name, value]) => [name, share.show(value)])));
  },
};

function isBudgetName(name: string | undefined): boolean {
  return name === undefined || BUDGET_NAMES.includes(name) || SCOPES.includes(name);
}

function splitShare(word: string): { readonly name: string | undefined; readonly amount: string } {
  const equals = word.indexOf('=');
  return { name: equals < 0 ? undefined : word.slice(0, equals), amount: word.slice(equals + 1) };
}

function textOf(value: string): Kind<string> {
  return {
    form: 'text',
    value,
    expects: () => 'some text',
    parse: (word) => word,
    show: (word) => (isPlain(word) ? word : JSON.stringify(word)),
  };
}

/** Whether YAML surely reads a word without quotes as text, and not as a number, a boolean, nothing or a mapping. */
function isPlain(word: string): boolean {
  return /^[A-Za-z/][\w/.:@+-]*$/.test(word) && !/:$|^(true|false|yes|no|on|off|null|y|n)$/i.test(word);
}

function showList(list: readonly (string | number)[]): string {
  return list.length === 0 ? '' : JSON.stringify(list);
}
