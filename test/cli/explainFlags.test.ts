import { describe, expect, it } from 'vitest';
import { EXPLAIN_FLAGS, type ExplainFlags, subjectOf } from '../../src/cli/explainFlags.ts';
import { readSlice } from '../../src/flags/flag.ts';

const flags = (given: Readonly<Record<string, unknown>>): ExplainFlags => readSlice<ExplainFlags>(EXPLAIN_FLAGS, given);

describe('what is to be explained', () => {
  it.for([
    [['sleep', '1'], {}, { kind: 'command', command: ['sleep', '1'] }],
    [['sleep', '1'], { trace: true, keep: true }, { kind: 'command', command: ['sleep', '1'] }],
    [[], { pid: 42 }, { kind: 'pid', pid: 42 }],
    [[], { pid: 42, trace: true, for: 1_000 }, { kind: 'pid', pid: 42 }],
    [[], { log: 'a.log' }, { kind: 'log', path: 'a.log' }],
  ] as const)('%j %j → %j', ([words, given, want]) => {
    expect(subjectOf(words, flags(given))).toEqual(want);
  });
  it.for([
    [[], {}, 'nothing to explain was named'],
    [['true'], { pid: 42 }, 'more than one subject was named'],
    [['true'], { log: 'a' }, 'more than one subject was named'],
    [[], { pid: 42, log: 'a' }, 'more than one subject was named'],
    [['true'], { pid: 42, log: 'a' }, 'more than one subject was named'],
    [[], { log: 'a', trace: true }, '--trace watches calls, and a log has none'],
  ] as const)('%j %j: %s', ([words, given, want]) => {
    expect(() => subjectOf(words, flags(given))).toThrow(want);
  });
  it('without --for is watched for as long as it takes', () => {
    expect(flags({})).toEqual({
      pid: undefined,
      log: undefined,
      forMs: undefined,
      json: false,
      trace: false,
      toTheEnd: false,
      keep: false,
    });
  });
});
