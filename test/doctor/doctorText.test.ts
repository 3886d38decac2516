import { describe, expect, it } from 'vitest';
import { doctorDocument, doctorText } from '../../src/doctor/doctorText.ts';

const checks = [
  { name: 'libc', ok: true, detail: 'loaded', hint: '' },
  { name: 'containment', ok: false, detail: 'none: not\u001b[2J delegated', hint: 'Delegate=yes' },
];

describe('doctor', () => {
  it('has a line for each check, and below one that failed what to do', () => {
    expect(doctorText(checks)).toBe(
      [
        'ok       libc         loaded',
        'missing  containment  none: not\\x1b[2J delegated',
        '                      → Delegate=yes',
        '',
      ].join('\n'),
    );
  });
  it('of nothing is an empty text, not a crash', () => {
    expect(doctorText([])).toBe('\n');
  });
  it('in JSON names the kernel, the containment and every check', () => {
    const containment = { kind: 'rlimit', isCgroup: false, why: [] };
    expect(doctorDocument({ kernel: '6.12.0', containment }, checks)).toEqual({
      schema: 'threadguard.doctor/1',
      kernel: '6.12.0',
      containment: 'rlimit',
      checks,
    });
  });
});
