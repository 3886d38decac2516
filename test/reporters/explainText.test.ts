import { describe, expect, it } from 'vitest';
import { makeCeiling } from '../../src/core/ceiling.ts';
import { readMessage } from '../../src/core/messages.ts';
import type { Explanation } from '../../src/core/refusal.ts';
import { explanationDocument, explanationText, logText } from '../../src/reporters/explainText.ts';

const pidsMax = makeCeiling({
  name: 'pids.max',
  scope: 'cgroup',
  path: '/a',
  unit: 'tasks',
  used: 500,
  limit: 500,
  source: '',
  raise: 'write it',
});
const kills = makeCeiling({ ...pidsMax, name: 'memory.max', unit: 'bytes', limit: 500, effect: 'kills' });
const found = (over: Partial<Explanation> = {}): Explanation => ({
  verdict: 'proved',
  ceiling: pidsMax,
  evidence: ['pids.events of /a rose by 2'],
  alternatives: [],
  settle: undefined,
  ...over,
});

describe('an explanation for people', () => {
  it('names the ceiling, what was seen, and how to raise it', () => {
    expect(explanationText('make', found())).toBe(
      'proved: pids.max of /a refused make\n  pids.events of /a rose by 2\n  raise it: write it\n',
    );
  });
  it('an inference has alternatives, and a way to be sure', () => {
    const text = explanationText(
      'make',
      found({ verdict: 'inferred', alternatives: [kills, pidsMax], settle: 'look' }),
    );
    expect(text.split('\n').slice(2)).toEqual([
      '  or: memory.max of /a, pids.max of /a',
      '  raise it: write it',
      '  to be sure: look',
      '',
    ]);
  });
  it.for([
    ['a limit that kills', { ceiling: kills }, 'proved: memory.max of /a killed make'],
    ['nothing was refused', { verdict: 'none', evidence: [] }, 'nothing was refused to make'],
    ['a rule and no ceiling', { ceiling: undefined }, 'proved: no ceiling refused make anything'],
  ] as const)('%s', ([, over, headline]) => {
    expect(explanationText('make', found(over)).split('\n')[0]).toBe(headline);
  });
  it('nothing to raise where nothing was refused', () => {
    expect(explanationText('make', found({ verdict: 'none' }))).not.toContain('raise it');
  });
  it('a hostile name or line reaches no terminal', () => {
    const text = explanationText('a\u001b[31m', found({ evidence: ['it printed (native): \u001b[2J'] }));
    expect(text).not.toContain('\u001b');
  });
});

it('an explanation as a document: names only, and null for what there is not', () => {
  expect(explanationDocument('make', found({ alternatives: [kills] }))).toEqual({
    schema: 'threadguard.explain/1',
    subject: 'make',
    verdict: 'proved',
    ceiling: 'pids.max',
    path: '/a',
    evidence: ['pids.events of /a rose by 2'],
    alternatives: ['memory.max of /a'],
    settle: null,
    raise: 'write it',
  });
  expect(explanationDocument('make', found({ ceiling: undefined }))).toMatchObject({
    ceiling: null,
    path: null,
    raise: null,
  });
});

describe('what a log says', () => {
  const said = (...texts: readonly string[]) =>
    logText(
      texts.flatMap((text, index) => {
        const message = readMessage(text);
        return message === undefined ? [] : [{ line: index + 1, message }];
      }),
    ).split('\n');
  it('each line, and once for each kind what it can mean, in the order of the checks of the kernel', () => {
    expect(said('sh: Cannot fork', 'hello', 'sh: Cannot fork')).toEqual([
      'line 1 (shell, wanted a process): sh: Cannot fork',
      'line 3 (shell, wanted a process): sh: Cannot fork',
      'a refused process means: RLIMIT_NPROC, kernel.threads-max, kernel.pid_max or pids.max for EAGAIN; CommitLimit or memory for ENOMEM',
      'no log says which one it was: use threadguard explain -- COMMAND, or explain --pid while it lives',
      '',
    ]);
  });
  it.for([
    ["RuntimeError: can't start new thread", /^a refused thread means: RLIMIT_NPROC, .* or pids\.max \(EAGAIN/],
    [
      'mmap: Cannot allocate memory',
      /^a refused map means: RLIMIT_AS, vm\.max_map_count, RLIMIT_DATA or CommitLimit: seldom/,
    ],
    ['write: EAGAIN', /^a refused call means: a limit on tasks for EAGAIN/],
  ] as const)('%s', ([line, meaning]) => expect(said(line)[1]).toMatch(meaning));
});
