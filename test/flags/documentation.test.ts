import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { JUDGING_FLAGS, SUBJECT_FLAGS } from '../../src/cli/canaryFlags.ts';
import { EXPLAIN_FLAGS } from '../../src/cli/explainFlags.ts';
import { LIMITS_FLAGS } from '../../src/cli/limitsAnswer.ts';
import { DEFAULT_SHARES } from '../../src/core/budget.ts';
import { type AnyFlag, defaultOf, placeholderOf } from '../../src/flags/flag.ts';
import { isList } from '../../src/flags/kind.ts';
import { runFlags } from '../../src/flags/runFlags.ts';
import { DEFAULT_SETTINGS } from '../../src/policy/settings.ts';
import { EVENT_NAMES, rowOf } from '../../src/reporters/eventTable.ts';
import { SAMPLES } from '../fixtures/events.ts';

const pages = new URL('../../docs/', import.meta.url);
const run = runFlags();
const others: AnyFlag[] = [LIMITS_FLAGS, EXPLAIN_FLAGS, SUBJECT_FLAGS, JUDGING_FLAGS].flatMap((flags): AnyFlag[] =>
  Object.values(flags),
);

/** `page.md#anchor` of every link in a text. */
const linksOf = (text: string): string[] => [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link as string);
/** What GitHub calls a heading in a link. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w -]/g, '')
    .replaceAll(' ', '-');

describe('the texts of flags', () => {
  it.for(run.filter(({ docs }) => docs !== undefined).map((flag) => [flag.name, flag.docs ?? ''] as const))(
    '--%s links to pages and headings that there are',
    ([, docs]) => {
      for (const link of linksOf(docs)) {
        const [page = '', anchor] = link.split('#');
        expect(existsSync(new URL(page, pages)), link).toBe(true);
        if (anchor === undefined) continue;
        const headings = [...readFileSync(new URL(page, pages), 'utf8').matchAll(/^#+ (.*)$/gm)];
        expect(headings.map(([, heading]) => anchorOf(heading as string))).toContain(anchor);
      }
    },
  );
  it.for([...run, ...others].map((flag) => [flag.name, flag] as const))(
    '--%s is short, plain and complete',
    ([, flag]) => {
      const text = `${flag.help} ${flag.docs ?? ''}`;
      expect(flag.help.split(' ').length).toBeGreaterThan(1);
      // Nobody but the author knows what "it" is in one line of a list.
      expect(flag.help).not.toMatch(/^(it|this|that|of|to|with) /i);
      for (const sentence of text.split(/[.;] /)) expect(sentence.split(' ').length, sentence).toBeLessThanOrEqual(28);
      if (flag.kind.choices !== undefined) expect(flag.help).not.toContain(flag.kind.choices.join(', '));
    },
  );
});

describe('a default in words', () => {
  const wordsOf = (name: string): string => defaultOf(run.find((flag) => flag.name === name) as AnyFlag) ?? '';
  it('of --tell-on names the events that people are told of', () => {
    const told = EVENT_NAMES.filter((name) => rowOf(SAMPLES[name]).isTold(SAMPLES[name] as never));
    const { exit } = SAMPLES;
    expect([rowOf(exit).isTold(exit), rowOf(exit).isTold({ ...exit, stoppedByGuard: true })]).toEqual([false, true]);
    const named = EVENT_NAMES.filter((name) => new RegExp(`\\b${name}\\b`).test(wordsOf('tell-on')));
    expect(named.sort()).toEqual([...told, 'exit'].sort());
  });
  it('of --budget has the share of every scope', () => {
    for (const [scope, share] of Object.entries(DEFAULT_SHARES))
      expect(wordsOf('budget')).toContain(`${scope} ${share * 100}%`);
  });
  it('of --reserve has both of its numbers', () => {
    const { reserve } = DEFAULT_SETTINGS.budget;
    if (!('share' in reserve)) throw new Error('the default is a share');
    expect(wordsOf('reserve')).toBe(`${reserve.share * 100}%, and at least ${reserve.atLeast} tasks`);
  });
});

describe('what stands for a value', () => {
  it.for([...run, ...others].map((flag) => [flag.name, flag] as const))('of --%s is one word', ([, flag]) => {
    expect(placeholderOf(flag)).toMatch(/^(<[a-z]+(\/[a-z]+)?(\.\.\.)?>|\[[a-z]+\])?$/);
    expect(placeholderOf(flag) === '').toBe(flag.kind.form === 'boolean');
  });
  it('is a list only for flags that can be given several times', () => {
    expect(run.filter(({ kind }) => isList(kind)).map(({ name }) => name)).toEqual([
      'budget',
      'pass-fd',
      'tell',
      'tell-on',
    ]);
  });
});
