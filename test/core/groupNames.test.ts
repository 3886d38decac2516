import { expect, it } from 'vitest';
import { tellNames } from '../../src/core/groupNames.ts';

const told = (...names: readonly string[]) => {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return tellNames(counts, 5).map(({ count, name }) => `${count} ${name}`);
};

it.for([
  ['a name alone keeps its number', ['w32'], ['1 w32']],
  ['so do some of one name', ['w32', 'w32'], ['2 w32']],
  ['a pool is one', ['pool-1-thread-1', 'pool-1-thread-2', 'pool-1-thread-3'], ['3 pool-1-thread-N']],
  ['two pools', ['pool-1-thread-1', 'pool-1-thread-2', 'pool-2-thread-1'], ['2 pool-1-thread-N', '1 pool-2-thread-N']],
  ['many pools', ['pool-1-thread-1', 'pool-2-thread-1', 'pool-3-thread-2', 'pool-4-thread-2'], ['4 pool-N-thread-N']],
  ['kinds', ['C1 CompilerThread0', 'C2 CompilerThread0'], ['1 C1 CompilerThread0', '1 C2 CompilerThread0']],
  [
    'kinds whose names the kernel has cut',
    ['C1 CompilerThre', 'C2 CompilerThre'],
    ['1 C1 CompilerThre', '1 C2 CompilerThre'],
  ],
  ['a number between words is counted', ['Thread-1 (work)', 'Thread-2 (work)'], ['2 Thread-N (work)']],
  ['hashes', ['job_deadbeef01', 'job_deadbeef02'], ['2 job_N']],
  ['a line of Ruby', ['app.rb:12', 'app.rb:13'], ['1 app.rb:12', '1 app.rb:13']],
  ['others', ['a', 'b-1', 'b-2'], ['2 b-N', '1 a']],
  ['none', [], []],
] as const)('%s', ([, names, want]) => {
  expect(told(...names)).toEqual(want);
});

it('no more than are wanted, the most frequent first', () => {
  expect(
    tellNames(
      new Map([
        ['a', 1],
        ['b', 3],
        ['c', 2],
      ]),
      2,
    ),
  ).toEqual([
    { name: 'b', count: 3 },
    { name: 'c', count: 2 },
  ]);
});
