import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearest } from '../../src/config/nearest.ts';

describe('the name that was meant', () => {
  it.for([
    ['maxTask', ['maxTasks', 'maxMaps'], 'maxTasks'],
    ['MAXTASKS', ['maxTasks', 'maxMaps'], 'maxTasks'],
    ['grase', ['grace', 'patience'], 'grace'],
    ['gracee', ['grace', 'startGrace'], 'grace'],
    ['qiet', ['quiet'], 'quiet'],
    ['frobnicate', ['grace', 'quiet'], undefined],
    ['x', ['y'], 'y'],
    ['x', ['keep'], undefined],
    ['', ['keep'], undefined],
    ['keep', [], undefined],
  ] as const)('%s of %j → %s', ([word, names, want]) => {
    expect(nearest(word, names)).toBe(want);
  });
  it('is the name itself where it is there', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.stringMatching(/^[a-z]{3,12}$/), { minLength: 1 }),
        (names) => nearest(names[0] as string, names) === names[0],
      ),
    );
  });
});
