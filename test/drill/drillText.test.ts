import { describe, expect, it } from 'vitest';
import { drillDocument, drillText } from '../../src/drill/drillText.ts';
import type { DrillFacts } from '../../src/drill/judge.ts';
import type { NamedCode } from '../../src/drill/named.ts';
import { drillFacts, held } from './facts.ts';

const about = (over: { kind?: 'threads' | 'forks'; named?: NamedCode } = {}) => ({
  kind: over.kind ?? 'threads',
  named: over.named,
  tookMs: 588.4,
});
const document = (over: Partial<DrillFacts> = {}, more: Parameters<typeof about>[0] = {}) =>
  drillDocument(drillFacts(over), about(more));

describe('the document of a drill', () => {
  it('has every number', () => {
    expect(document({}, { named: { as: 'creator', function: 'spawn', file: 'a.c', line: 3 } })).toEqual({
      schema: 'threadguard.drill/1',
      verdict: 'in time',
      reason: expect.stringMatching(/never held more/),
      hint: '',
      bomb: 'threads',
      holds: { by: 'cgroup', detail: 'it is by cgroup', whyNot: [] },
      budget: 400,
      peakTasks: 400,
      overBudget: 0,
      sign: 'refusal',
      emptyMs: 340,
      leftTasks: 0,
      stoppedByGuard: true,
      named: { as: 'creator', function: 'spawn', file: 'a.c', line: 3 },
      host: { tried: 20, failed: 0, longestGapMs: 71 },
      tookMs: 588,
    });
  });
  it.for<[string, Partial<DrillFacts>, object]>([
    ['over the budget', { peakTasks: 604 }, { overBudget: 204 }],
    ['below it', { peakTasks: 45 }, { overBudget: 0 }],
    ['nothing came of it', { sign: undefined }, { sign: null, emptyMs: null }],
    ['some are left', { leftTasks: 2 }, { emptyMs: null, leftTasks: 2 }],
    ['it lives on', { emptyAtMs: undefined }, { emptyMs: null }],
    ['the end was seen a moment before the sign', { emptyAtMs: 998 }, { emptyMs: 0 }],
  ])('%s', ([, over, want]) => {
    expect(document(over)).toMatchObject(want);
  });
});

describe('a drill for people', () => {
  it('that went well', () => {
    const named: NamedCode = { as: 'creator', function: 'spawn', file: 'a.c', line: 3 };
    expect(drillText(document({}, { named }))).toBe(
      [
        'a bomb that makes threads, with a budget of 400 tasks; the drill took 588 ms',
        '  what holds  it is by cgroup',
        '  peak        400 tasks, 0 over the budget',
        '  gone        340 ms after the kernel first refused it a task',
        '  named       spawn (a.c:3), caught making them',
        '  others      forked 20 of 20 times; 71 ms was the longest time without',
        'in time: the bomb never held more than its budget of 400 tasks (400), others could fork 20 of 20 times and all of it was gone 340 ms after it came to its budget',
        '',
      ].join('\n'),
    );
  });
  it('that did not: why nothing stronger was had, what was left, and what to do', () => {
    const text = drillText(
      document(
        {
          hold: held('rlimit'),
          peakTasks: 1_604,
          leftTasks: 1_604,
          stoppedByGuard: false,
          guardEnd: undefined,
          host: { tried: 9, failed: 2, longestGapMs: 150 },
        },
        { kind: 'forks', named: { as: 'group', function: 'pause', module: 'libc.so.6' } },
      ),
    );
    expect(text.split('\n')).toEqual([
      'a bomb that makes processes, with a budget of 400 tasks; the drill took 588 ms',
      '  what holds  it is by rlimit',
      '              not by a cgroup',
      '  peak        1,604 tasks, 1,204 over the budget',
      '  gone        1,604 tasks were left, and have been ended by the drill',
      '  named       pause (libc.so.6), where most of them stand',
      '  others      forked 7 of 9 times; 150 ms was the longest time without',
      'not in time: the guard did not stop the bomb within 10 s; the bomb held 1,604 tasks, 1,204 over its budget; others could not fork 2 of 9 times, for up to 150 ms',
      expect.stringMatching(/^ {2}hint: only in a cgroup/),
      '',
    ]);
  });
  it.for([
    [{ sign: { by: 'over', timeMs: 1_000 } }, /gone {8}340 ms after it went over its budget\n/],
    [{ sign: { by: 'trip', timeMs: 1_300 } }, /gone {8}40 ms after the guard tripped\n/],
    [{ sign: undefined }, /gone {8}it did not come to its budget\n {2}named {7}nobody\n/],
  ] as const)('%j', ([over, want]) => {
    expect(drillText(document(over))).toMatch(want);
  });
  it('lets nothing hostile through to the terminal', () => {
    const hostile = '\u001b[2J/evil\n';
    const text = drillText(
      document(
        { hold: { by: 'surroundings', detail: hostile, whyNot: [hostile] }, peakTasks: 500 },
        { named: { as: 'group', function: hostile } },
      ),
    );
    expect(text).not.toContain('\u001b');
    expect(text.split('\n')).toHaveLength(10);
  });
});
