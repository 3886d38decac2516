import { describe, expect, it } from 'vitest';
import { GuardLog } from '../../src/drill/guardLog.ts';

function read(...lines: readonly (string | object)[]) {
  const log = new GuardLog();
  for (const line of lines) log.add(typeof line === 'string' ? line : JSON.stringify(line));
  return log.facts;
}

const contained = { event: 'contained', by: 'cgroup-v1', cap: 400, fallbacks: ['not by x'], cannot: [] };
const trip = { event: 'trip', time: '2026-01-02T03:04:05.678Z', tasks: 400 };
const exit = { event: 'exit', stoppedByGuard: true, peakTasks: 400, leftTasks: 0, incident: '/tmp/i', msg: 'stopped' };

describe('the log of the guard', () => {
  it('says what holds, when it tripped and how it ended', () => {
    expect(read({ event: 'start' }, contained, { event: 'sample', tasks: 3 }, trip, exit)).toEqual({
      by: 'cgroup-v1',
      cap: 400,
      fallbacks: ['not by x'],
      tripMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
      exit: { stoppedByGuard: true, peakTasks: 400, leftTasks: 0, incident: '/tmp/i' },
      words: [],
    });
  });
  it('the first trip counts', () => {
    expect(read(trip, { ...trip, time: '2026-01-02T03:04:09.000Z' }).tripMs).toBe(Date.UTC(2026, 0, 2, 3, 4, 5, 678));
  });
  it('keeps the words of a guard that did not start', () => {
    const { by, words } = read('threadguard: cannot start', '  hint: do not', '');
    expect([by, words]).toEqual([undefined, ['threadguard: cannot start', 'hint: do not']]);
  });
  it.for<[string, unknown, unknown]>([
    ['a cap of max is none', { ...contained, cap: 'max' }, { by: 'cgroup-v1', cap: undefined }],
    ['a log without a cap', { event: 'contained', by: 'sampling' }, { by: 'sampling', cap: undefined, fallbacks: [] }],
    ['fallbacks of another type', { ...contained, fallbacks: ['a', 3, null] }, { fallbacks: ['a'] }],
    ['a kind that is no text', { ...contained, by: 4 }, { by: undefined }],
    ['a trip without a time', { event: 'trip' }, { tripMs: undefined }],
    ['a trip at no time', { event: 'trip', time: 'soon' }, { tripMs: undefined }],
    [
      'an end without anything',
      { event: 'exit' },
      { exit: { stoppedByGuard: false, peakTasks: 0, leftTasks: 0, incident: undefined } },
    ],
    ['an event of a later version', { event: 'later', by: 'x' }, { by: undefined, words: [] }],
    ['half a line', '{"event":"exit","stopped', { exit: undefined, words: ['{"event":"exit","stopped'] }],
  ])('%s', ([, line, want]) => {
    expect(read(line as string | object)).toMatchObject(want as object);
  });
});
