import { describe, expect, it } from 'vitest';
import { type Findings, NOTHING_READ } from '../../src/core/incidentDocument.ts';
import { groupStacks } from '../../src/core/stackGroups.ts';
import { captureText, creatorLines } from '../../src/reporters/evidenceText.ts';

const task = (name: string, functionName?: string) => ({
  pid: 1,
  tid: 1,
  name,
  wait: 'read' as const,
  runtime: 'native' as const,
  frames: functionName === undefined ? [] : [{ function: functionName, module: 'app' }],
  isWhole: true,
  cpuTicks: 0,
  startTime: 1,
});
const findings = (change: Partial<Findings> = {}): Findings => ({
  coverage: { ...NOTHING_READ, found: 1_200, covered: 1_100, named: 1_200, tookMs: 480 },
  runtimes: [],
  notes: [],
  creators: [],
  groups: [],
  ...change,
});
const creator = (name: string) => ({ count: 1, share: 0.25, source: 'caught once', frames: [{ function: name }] });

describe('captureText', () => {
  it('how much was read, and what it cost', () => {
    expect(captureText(findings())).toEqual(['stacks of 1,100 of 1,200 tasks read in 480 ms']);
    const coverage = { ...findings().coverage, stops: 12, stoppedMs: 170 };
    expect(captureText(findings({ coverage }))).toEqual([
      'stacks of 1,100 of 1,200 tasks read in 480 ms, target stopped 12 times for 170 ms in all',
    ]);
  });
  it('one stop is a stop', () => {
    const coverage = { ...findings().coverage, stops: 1, stoppedMs: 99 };
    expect(captureText(findings({ coverage }))[0]).toMatch(/, target stopped once for 99 ms$/);
  });
  it('three groups with stacks; those without are left out', () => {
    const groups = groupStacks([task('a', 'f'), task('b', 'g'), task('c', 'h'), task('d', 'i'), task('e')], 'function');
    expect(captureText(findings({ groups })).slice(1)).toEqual([
      '1 task is reading in f (app) (+1 since the start)',
      '1 task is reading in g (app) (+1 since the start)',
      '1 task is reading in h (app) (+1 since the start)',
    ]);
  });
  it('if no group has a stack, their names', () => {
    expect(captureText(findings({ groups: groupStacks([task('conn-1')], 'function') })).at(-1)).toBe(
      '1 task is called "conn-1" (+1 since the start)',
    );
  });
  it('what was not seen', () => {
    expect(captureText(findings({ notes: ['2 tasks ended'] })).at(-1)).toBe('note: 2 tasks ended');
  });
});

it('three creators, with where that is known from', () => {
  expect(creatorLines(['a', 'b', 'c', 'd'].map(creator))).toEqual([
    'a makes 25% of the threads (caught once)',
    'b makes 25% of the threads (caught once)',
    'c makes 25% of the threads (caught once)',
  ]);
});
