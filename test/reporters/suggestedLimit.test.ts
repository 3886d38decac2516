import { describe, expect, it } from 'vitest';
import { suggestedLimitDocument, suggestedLimitText } from '../../src/reporters/suggestedLimit.ts';

const found = { limit: 610, reasons: ['unit:orders is flat', 'the most it ever held is 406'] };
const none = { limit: undefined, reasons: ['unit:orders grows'] };

describe('a suggested limit', () => {
  it('is written as systemd, the kubelet and the guard want it, then why', () => {
    expect(suggestedLimitText(found)).toBe(
      [
        'systemd:     TasksMax=610',
        'kubelet:     podPidsLimit: 626 (the pause process and the probes of the pod count too)',
        'threadguard: --max-tasks 610',
        '  unit:orders is flat',
        '  the most it ever held is 406',
        '',
      ].join('\n'),
    );
  });
  it('that does not follow from the recordings is only explained', () => {
    expect(suggestedLimitText(none)).toBe('  unit:orders grows\n');
  });
  it('is a number or null in JSON', () => {
    expect(suggestedLimitDocument(found)).toEqual({ schema: 'threadguard.suggest-limit/1', ...found });
    expect(suggestedLimitDocument(none)).toEqual({ schema: 'threadguard.suggest-limit/1', ...none, limit: null });
  });
});
