import { describe, expect, it } from 'vitest';
import type { GuardEvent } from '../../src/policy/event.ts';
import { humanReporter } from '../../src/reporters/humanReporter.ts';
import { journalEntry, journalReporter } from '../../src/reporters/journalReporter.ts';

const opinion = {
  level: 'trip',
  cause: 'max-tasks',
  ceiling: '--max-tasks',
  unit: 'tasks',
  line: 60,
  value: 60,
} as const;
const trip: GuardEvent = { event: 'trip', opinion, tasks: 60 };
const error = (problem: string): GuardEvent => ({
  event: 'error',
  about: 'telling',
  problem,
  details: { byWhom: 'x' },
});
const parts = (takes: boolean) => {
  const entries: string[] = [];
  const instead: string[] = [];
  const report = journalReporter(
    (entry) => {
      entries.push(entry.toString('latin1'));
      return takes;
    },
    { target: 'command:x', pid: () => 42 },
    ({ event: name }) => void instead.push(name),
  );
  return { entries, instead, report };
};

describe('an entry of the journal', () => {
  it('has a line for each field, and the length before a value of several lines', () => {
    expect(journalEntry({ MESSAGE: 'a', PRIORITY: '3' }).toString()).toBe('MESSAGE=a\nPRIORITY=3\n');
    expect(journalEntry({ MESSAGE: 'a\nb' })).toEqual(
      Buffer.concat([Buffer.from('MESSAGE\n'), Buffer.from([3, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('a\nb\n')]),
    );
  });
  it('carries the event, the target and what is plain of the fields', () => {
    const { entries, report } = parts(true);
    report(trip);
    expect(entries[0]?.split('\n')).toEqual([
      'MESSAGE=trip: 60 tasks reach --max-tasks 60',
      'PRIORITY=3',
      'SYSLOG_IDENTIFIER=threadguard',
      'THREADGUARD_EVENT=trip',
      'THREADGUARD_TARGET=command:x',
      'THREADGUARD_PID=42',
      'THREADGUARD_CAUSE=max-tasks',
      'THREADGUARD_CEILING=--max-tasks',
      'THREADGUARD_UNIT=tasks',
      'THREADGUARD_LINE=60',
      'THREADGUARD_VALUE=60',
      'THREADGUARD_REASON=60 tasks reach --max-tasks 60',
      'THREADGUARD_TASKS=60',
      '',
    ]);
  });
  it('an escape in a text, or a line break in a field, makes no field of its own', () => {
    const { entries, report } = parts(true);
    report({ ...error('a\u001b[31m'), details: { name: 'x\nPRIORITY=0' } } as GuardEvent);
    expect(entries[0]).toContain('MESSAGE=error: a\\x1b[31m\n');
    expect(entries[0]).toContain('THREADGUARD_NAME\n\u000c\0\0\0\0\0\0\0x\nPRIORITY=0\n');
  });
  it('what is for programs is not for it, and what it does not take is said otherwise', () => {
    const { entries, instead, report } = parts(false);
    report({ event: 'start', command: ['x'], scheduling: 'plain', ceilings: [], attempt: 1 });
    report(trip);
    expect([entries.length, instead]).toEqual([1, ['trip']]);
  });
  it('without its socket each line begins with its priority', () => {
    const lines: string[] = [];
    const sink = { write: (line: string) => void lines.push(line) };
    humanReporter(sink, { colour: false, priorities: true })(error('a\nb'));
    expect(lines.join('')).toBe('<3>threadguard: error: a\n<3>threadguard:   b\n');
  });
});
