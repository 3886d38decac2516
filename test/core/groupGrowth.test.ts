import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GrowingGroup, growthOf, NO_BASELINE } from '../../src/core/groupGrowth.ts';

const AT = 100;
/** A group with so many threads from before the baseline, and so many from after. */
const group = (name: string, older: number, newer: number): GrowingGroup => ({
  starts: [...new Array<number>(older).fill(AT - 1), ...new Array<number>(newer).fill(AT + 1)],
  names: new Map([[name, older + newer]]),
  older: older === 0 ? new Map() : new Map([[name, older]]),
});
const grown = (groups: readonly GrowingGroup[], names: Readonly<Record<string, number>>) => {
  const growth = growthOf(groups, { atTicks: AT, names: new Map(Object.entries(names)) });
  return groups.map((one) => growth.get(one));
};

describe('growth since the baseline', () => {
  it.for([
    ['nobody was there', [group('w', 0, 5)], {}, [5]],
    ['nothing has changed', [group('w', 5, 0)], { w: 5 }, [0]],
    ['a pool changed its threads', [group('w', 0, 5)], { w: 5 }, [0]],
    ['it lost some and made more', [group('w', 4, 9)], { w: 10 }, [3]],
    ['it lost more than it made', [group('w', 4, 2)], { w: 10 }, [0]],
    [
      'those that ended are taken from the group that grew most',
      [group('w', 0, 3), group('w', 0, 9)],
      { w: 5 },
      [3, 4],
    ],
    ['and then from the next', [group('w', 0, 3), group('w', 0, 4)], { w: 6 }, [1, 0]],
    ['another name is another story', [group('w', 0, 5)], { x: 5 }, [5]],
    ['a baseline that was cut short knew only some of them', [group('w', 9, 2)], { w: 5 }, [2]],
    ['no groups', [], { w: 5 }, []],
  ] as const)('%s', ([, groups, names, want]) => {
    expect(grown(groups, names)).toEqual(want);
  });
  it('without a baseline all are new', () => {
    const one = group('w', 3, 4);
    expect(growthOf([one], NO_BASELINE).get(one)).toBe(7);
  });
  it('is never negative, and never more than what is new', () => {
    const some = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat(20), fc.nat(20)), { maxLength: 6 });
    fc.assert(
      fc.property(some, fc.nat(60), fc.nat(60), (specs, a, b) => {
        const groups = specs.map(([name, older, newer]) => group(name, older, newer));
        for (const [index, growth] of grown(groups, { a, b }).entries()) {
          expect(growth).toBeGreaterThanOrEqual(0);
          expect(growth).toBeLessThanOrEqual(specs[index]?.[2] ?? 0);
        }
      }),
      { numRuns: 200, seed: 15 },
    );
  });
});
