import { describe, expect, it } from 'vitest';
import type { GuardEvent } from '../../src/reporters/event.ts';
import { humanReporter } from '../../src/reporters/humanReporter.ts';
import { journalEntry, journalReporter, priorityOf } from '../../src/reporters/journalReporter.ts';

const event = (over: Partial<GuardEvent> = {}): GuardEvent => ({
  event: 'trip',
  message: 'too many',
  fields: { tasks: 60, byWhom: 'x', list: [1] },
  ...over,
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
    ({ event: name }) => instead.push(name),
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
    report(event());
    expect(entries[0]?.split('\n')).toEqual([
      'MESSAGE=trip: too many',
      'PRIORITY=3',
      'SYSLOG_IDENTIFIER=threadguard',
      'THREADGUARD_EVENT=trip',
      'THREADGUARD_TARGET=command:x',
      'THREADGUARD_PID=42',
      'THREADGUARD_TASKS=60',
      'THREADGUARD_BY_WHOM=x',
      '',
    ]);
  });
  it('a name with a line break or an escape makes no field of its own', () => {
    const { entries, report } = parts(true);
    report(event({ message: 'a\u001b[31m', fields: { name: 'x\nPRIORITY=0' } }));
    expect(entries[0]).toContain('MESSAGE=trip: a\\x1b[31m\n');
    expect(entries[0]).toContain('THREADGUARD_NAME\n\u000c\0\0\0\0\0\0\0x\nPRIORITY=0\n');
  });
  it('samples are not for it, and what it does not take is said otherwise', () => {
    const { entries, instead, report } = parts(false);
    report(event({ event: 'sample' }));
    report(event());
    expect([entries.length, instead]).toEqual([1, ['trip']]);
  });
  it.each([
    ['error', 3],
    ['trip', 3],
    ['warn', 4],
    ['clamp', 4],
    ['restart', 5],
    ['contained', 6],
  ] as const)('%s has priority %i', (name, want) => {
    expect(priorityOf(name)).toBe(want);
  });
  it('without its socket each line begins with its priority', () => {
    const lines: string[] = [];
    const sink = { write: (line: string) => void lines.push(line) };
    humanReporter(sink, { colour: false, priorities: true })(event({ message: 'a\nb' }));
    expect(lines.join('')).toBe('<3>threadguard: trip: a\n<3>threadguard:   b\n');
  });
});
