import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Kind } from '../../src/flags/kind.ts';
import {
  count,
  duration,
  interval,
  processId,
  restartsWithin,
  score,
  share,
  tasksOrShare,
} from '../../src/flags/quantities.ts';

const kinds: Readonly<Record<string, Kind<unknown>>> = {
  count,
  duration,
  interval,
  processId,
  restartsWithin,
  score,
  share,
  tasksOrShare,
};

describe('a word is read', () => {
  it.for<[keyof typeof kinds, string, unknown]>([
    ['count', '1', 1],
    ['count', '4,096', 4_096],
    ['count', '4_096', 4_096],
    ['count', '9007199254740991', Number.MAX_SAFE_INTEGER],
    ['count', '0', undefined],
    ['count', '-1', undefined],
    ['count', '1.5', undefined],
    ['count', '1e3', undefined],
    ['count', '0x10', undefined],
    ['count', ' 5', undefined],
    ['count', '', undefined],
    ['count', '9007199254740992', undefined],
    ['count', 'many', undefined],
    ['processId', '1', 1],
    ['processId', '0', undefined],
    ['processId', 'self', undefined],
    ['score', '0', 0],
    ['score', '100', 100],
    ['score', '101', undefined],
    ['score', '-1', undefined],
    ['duration', '0', 0],
    ['duration', '250ms', 250],
    ['duration', '10s', 10_000],
    ['duration', '1.5s', 1_500],
    ['duration', '5m', 300_000],
    ['duration', '1h', 3_600_000],
    ['duration', '10', undefined],
    ['duration', '10 s', undefined],
    ['duration', '-1s', undefined],
    ['duration', '1d', undefined],
    ['duration', '1S', undefined],
    ['duration', '.5s', undefined],
    ['duration', 's', undefined],
    ['duration', '', undefined],
    ['duration', `${'9'.repeat(400)}h`, undefined],
    ['duration', '9007199254740992ms', undefined],
    ['interval', '100ms', 100],
    ['interval', '99ms', undefined],
    ['interval', '0', undefined],
    ['share', '80%', 0.8],
    ['share', '100%', 1],
    ['share', '0.5%', 0.005],
    ['share', '0%', undefined],
    ['share', '100.1%', undefined],
    ['share', '-5%', undefined],
    ['share', '80', undefined],
    ['share', '0.8', undefined],
    ['share', '%', undefined],
    ['tasksOrShare', '500', { tasks: 500 }],
    ['tasksOrShare', '0', { tasks: 0 }],
    ['tasksOrShare', '5%', { share: 0.05 }],
    ['tasksOrShare', '5 %', undefined],
    ['tasksOrShare', '-5', undefined],
    ['restartsWithin', '5/10m', { count: 5, windowMs: 600_000 }],
    ['restartsWithin', '0/1s', { count: 0, windowMs: 1_000 }],
    ['restartsWithin', '5', undefined],
    ['restartsWithin', '5/', undefined],
    ['restartsWithin', '/10m', undefined],
    ['restartsWithin', '5/0', undefined],
    ['restartsWithin', '5/10', undefined],
    ['restartsWithin', '5/10m/1h', undefined],
    ['restartsWithin', '-1/10m', undefined],
  ])('%s %j → %j', ([name, word, want]) => {
    expect(kinds[name]?.parse(word, undefined)).toEqual(want);
  });
});

describe('a value is shown', () => {
  it.for<[keyof typeof kinds, unknown, string]>([
    ['count', 1_500, '1500'],
    ['duration', 0, '0ms'],
    ['duration', 1, '1ms'],
    ['duration', 1_500, '1500ms'],
    ['duration', 10_000, '10s'],
    ['duration', 60_000, '1m'],
    ['duration', 90_000, '90s'],
    ['duration', 3_600_000, '1h'],
    ['duration', 0.5, '0.5ms'],
    ['share', 0.8, '80%'],
    ['share', 0.07, '7%'],
    ['share', 1 / 3, '33.3333%'],
    ['tasksOrShare', { tasks: 12 }, '12'],
    ['tasksOrShare', { share: 0.05 }, '5%'],
    ['restartsWithin', { count: 5, windowMs: 600_000 }, '5/10m'],
  ])('%s %j → %s', ([name, value, want]) => {
    expect(kinds[name]?.show(value)).toBe(want);
  });
});

const words: Readonly<Record<string, fc.Arbitrary<string>>> = {
  count: fc.integer({ min: 1 }).map(String),
  score: fc.integer({ min: 0, max: 100 }).map(String),
  duration: fc.tuple(fc.nat(1_000_000), fc.constantFrom('ms', 's', 'm', 'h')).map((parts) => parts.join('')),
  interval: fc
    .tuple(fc.integer({ min: 100, max: 1_000_000 }), fc.constantFrom('ms', 's'))
    .map((parts) => parts.join('')),
  share: fc.integer({ min: 1, max: 10_000 }).map((hundredths) => `${hundredths / 100}%`),
  tasksOrShare: fc.oneof(
    fc.nat().map(String),
    fc.integer({ min: 1, max: 100 }).map((percent) => `${percent}%`),
  ),
  restartsWithin: fc.tuple(fc.nat(1_000), fc.integer({ min: 1, max: 10_000 })).map(([n, s]) => `${n}/${s}s`),
};

describe('what is shown is read as the same value', () => {
  it.for(Object.keys(words))('%s', (name) => {
    const kind = kinds[name] as Kind<unknown>;
    fc.assert(
      fc.property(words[name] as fc.Arbitrary<string>, (word) => {
        const value = kind.parse(word, undefined);
        expect(value).toBeDefined();
        expect(kind.parse(kind.show(value), undefined)).toEqual(value);
      }),
    );
  });
  it.for(Object.keys(kinds))('%s never throws and never gives NaN', (name) => {
    const kind = kinds[name] as Kind<unknown>;
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), (word) => {
        expect(JSON.stringify(kind.parse(word, undefined)) ?? '').not.toContain('null');
        expect(kind.expects(word)).not.toBe('');
      }),
    );
  });
});
