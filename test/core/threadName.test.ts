import { expect, it } from 'vitest';
import { countNames, normaliseName } from '../../src/core/threadName.ts';

it.for([
  ['a pool and a number', 'pool-3-thread-17', 'pool-N-thread-N'],
  ['no number', 'worker', 'worker'],
  ['an address', 'conn-7f12a0021000', 'conn-N'],
  ['a hash', 'job_deadbeef01', 'job_N'],
  ['seven hexadecimal letters are a word', 'defaced', 'defaced'],
  ['a line of Ruby is what is wanted', 'app.rb:12', 'app.rb:12'],
  ['nothing', '', ''],
  ['numbers alone', '12345', 'N'],
] as const)('%s', ([, name, want]) => {
  expect(normaliseName(name)).toBe(want);
});

it('names that differ by their numbers are counted together', () => {
  expect([...countNames(['w-1', 'w-2', 'main', 'w-30'])]).toEqual([
    ['w-N', 3],
    ['main', 1],
  ]);
  expect(countNames([]).size).toBe(0);
});
it('takes numbers and hashes out of names', () => {
  expect([normaliseName('pool-3-thread-17'), normaliseName('conn-deadbeef01')]).toEqual(['pool-N-thread-N', 'conn-N']);
});
it('counts per name, and a Ruby name keeps its line', () => {
  expect(countNames(['gc-1', 'gc-2', 'app.rb:7'])).toEqual(
    new Map([
      ['gc-N', 2],
      ['app.rb:7', 1],
    ]),
  );
});
