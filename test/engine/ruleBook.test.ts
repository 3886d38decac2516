import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/core/model.ts';
import { RuleBook } from '../../src/engine/ruleBook.ts';
import type { Rule } from '../../src/policy/rules.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../src/policy/settings.ts';
import { OK, type Opinion } from '../../src/policy/verdict.ts';
import { rule } from '../fixtures/rule.ts';

const settings = (rules: readonly Rule[], over: Partial<Settings> = {}): Settings => ({
  ...DEFAULT_SETTINGS,
  rules,
  ...over,
});
const own: Opinion = { level: 'trip', cause: 'budget', ceiling: 'pids.max', unit: 'tasks' };

/** A look at so many tasks. */
const look = (book: RuleBook, tasks: number, verdict: Opinion | typeof OK = OK) => {
  const sample = { timeMs: 0, tasks, maps: undefined, refused: 0 };
  return book.look(verdict, { nowMs: 0, sample, samples: [sample], lines: { tasks: 100, maps: undefined } });
};

describe('how far a rule goes', () => {
  it.each<[string, readonly Step[], Partial<Settings>, object]>([
    ['as far as it asks', ['clamp'], {}, { until: 'clamp', graceMs: 10_000, patienceMs: 0 }],
    ['never further than the operator allows', ['terminate', 'kill'], { until: 'dump' }, { until: 'dump' }],
    ['no grace for a kill without a SIGTERM', ['kill'], {}, { until: 'kill', graceMs: 0 }],
    ['the grace of the settings with one', ['terminate', 'kill'], { graceMs: 7 }, { until: 'kill', graceMs: 7 }],
  ])('%s', (_, steps, over, reach) => {
    const seen = look(new RuleBook(settings([rule(steps)], over)), 6);
    expect(seen).toMatchObject({ verdict: { level: 'trip', cause: 'policy', ceiling: 'small' }, reach, extra: [] });
  });
});

describe('beside the lines of the guard', () => {
  it('without rules the own verdict stands, with the own reach', () => {
    const seen = look(new RuleBook(settings([], { patienceMs: 3 })), 6, own);
    expect(seen).toEqual({ verdict: own, reach: { until: 'kill', graceMs: 10_000, patienceMs: 3 }, extra: [] });
  });
  it.each<[readonly Step[], string[]]>([
    [['warn'], ['warn']],
    [['dump'], ['warn', 'dump']],
  ])('one that only looks (%s) is no verdict', (steps, effects) => {
    const seen = look(new RuleBook(settings([rule(steps)])), 6);
    expect([seen.verdict, seen.extra.map(({ effect }) => effect)]).toEqual([OK, effects]);
  });
});

describe('how often', () => {
  it('once, and again after it did not hold', () => {
    const book = new RuleBook(settings([rule(['warn'])]));
    expect([6, 7, 5, 6].map((tasks) => look(book, tasks).extra.length)).toEqual([1, 0, 0, 1]);
  });
  it.each<[string, Rule, number]>([
    ['the same does not begin anew', rule(['warn']), 0],
    ['a changed one does', rule(['warn'], { above: 4 }), 1],
    ['one of another name too', rule(['warn'], { name: 'other' }), 1],
  ])('after a reload %s', (_, next, times) => {
    const book = new RuleBook(settings([rule(['warn'])]));
    look(book, 6);
    book.reload(settings([next]));
    expect(look(book, 6).extra).toHaveLength(times);
  });
  it('a reload does not shorten how long the same one must last', () => {
    const three = [rule(['warn'], { lasts: { samples: 3 } })];
    const book = new RuleBook(settings(three));
    look(book, 6);
    look(book, 6);
    book.reload(settings(three, { until: 'clamp' }));
    expect([look(book, 6).extra.length, book.reach.until]).toEqual([1, 'clamp']);
  });
});
