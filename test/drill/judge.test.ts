import { describe, expect, it } from 'vitest';
import { type DrillFacts, judgeDrill } from '../../src/drill/judge.ts';
import { drillFacts, held } from './facts.ts';

const judged = (over: Partial<DrillFacts>) => judgeDrill(drillFacts(over));

describe('the verdict', () => {
  it('in time: ended, nothing left, nothing over, and others could fork', () => {
    expect(judged({})).toEqual({
      verdict: 'in time',
      reason:
        'the bomb never held more than its budget of 400 tasks (400), others could fork 20 of 20 times and all of it was gone 340 ms after it came to its budget',
      hint: '',
    });
  });
  it.for<[string, Partial<DrillFacts>, RegExp]>([
    ['one task over', { peakTasks: 401 }, /^the bomb held 401 tasks, 1 over its budget$/],
    [
      'one fork failed',
      { host: { tried: 20, failed: 1, longestGapMs: 97 } },
      /^others could not fork 1 of 20 times, for up to 97 ms$/,
    ],
    ['nobody watched', { host: { tried: 0, failed: 0, longestGapMs: 0 } }, /^nobody tried to fork meanwhile$/],
    ['it lived on', { stoppedByGuard: false, guardEnd: undefined }, /^the guard did not stop the bomb within 10 s$/],
    [
      'the guard died',
      { stoppedByGuard: false, guardEnd: 'SIGKILL' },
      /^the guard ended \(SIGKILL\) and did not stop the bomb$/,
    ],
    ['some are left', { leftTasks: 3 }, /^3 tasks of the bomb were left$/],
    ['never seen gone', { emptyAtMs: undefined }, /^0 tasks of the bomb were left$/],
    [
      'it came to nothing',
      { sign: undefined, peakTasks: 44 },
      /^the bomb came to 44 of 400 tasks in 10 s, which tells nothing$/,
    ],
    [
      'all at once',
      {
        peakTasks: 600,
        stoppedByGuard: false,
        guardEnd: undefined,
        leftTasks: 600,
        emptyAtMs: undefined,
        host: { tried: 9, failed: 9, longestGapMs: 9_000 },
      },
      /^the guard did not stop .* 10 s; the bomb held 600 tasks, 200 over its budget; others could not fork 9 of 9 times/,
    ],
  ])('not in time: %s', ([, over, reason]) => {
    const { hint, verdict, reason: said } = judged(over);
    expect(verdict).toBe('not in time');
    expect(said).toMatch(reason);
    expect(hint).not.toBe('');
  });
  it.for([
    ['rlimit', 396, 'in time', /never held more than its budget of 400 tasks \(396\)/],
    ['rlimit', 404, 'in time', /^the bomb held 404 tasks for a budget of 400 \(RLIMIT_NPROC counts others too/],
    ['rlimit', 416, 'in time', /^the bomb held 416 tasks/],
    ['rlimit', 417, 'not in time', /17 over its budget$/],
    ['cgroup', 404, 'not in time', /4 over its budget$/],
  ] as const)('%s and %i tasks: %s', ([by, peakTasks, verdict, reason]) => {
    const found = judged({ hold: held(by), peakTasks });
    expect(found).toEqual({ verdict, reason: expect.stringMatching(reason), hint: found.hint });
    expect(found.hint === '').toBe(verdict === 'in time');
  });
  it('an end that was seen before the sign is none that took less than no time', () => {
    expect(judged({ emptyAtMs: 900, sign: { by: 'trip', timeMs: 1_000 } }).reason).toMatch(/gone 0 ms after/);
  });
  it.for([
    ['cgroup', /^threadguard doctor says what is missing here$/],
    ['systemd-scope', /^threadguard doctor says what is missing here$/],
    ['rlimit', /^only in a cgroup/],
    ['nothing', /^only in a cgroup/],
    ['surroundings', /^it is by surroundings, protects what is outside of it, not what is inside: /],
  ] as const)('what to do where %s holds', ([by, hint]) => {
    expect(judged({ hold: held(by), peakTasks: 500 }).hint).toMatch(hint);
  });
  it('what to do where nothing could be told', () => {
    expect(judged({ sign: undefined }).hint).toMatch(/more time with --for/);
  });
});
