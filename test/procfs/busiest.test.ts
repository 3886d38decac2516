import { afterEach, expect, it } from 'vitest';
import { processesWithMostThreads } from '../../src/procfs/busiest.ts';
import { type FakeProc, makeProc } from '../fixtures/procTree.ts';

let proc: FakeProc | undefined;
afterEach(() => proc?.remove());

it.for([
  ['the largest first', [10, 20, 30], [20, 30, 10]],
  ['equal ones stay in their order', [40, 10, 20], [20, 40, 10]],
  ['one that is gone is left out', [10, 999, 20], [20, 10]],
  ['nobody', [], []],
] as const)('%s', ([, pids, want]) => {
  proc = makeProc({ pid: 10, threads: 1 }, { pid: 20, threads: 12 }, { pid: 30, threads: 3 }, { pid: 40, threads: 1 });
  expect(processesWithMostThreads(proc.root, pids).map(({ pid }) => pid)).toEqual(want);
});

it('says how many threads each has', () => {
  proc = makeProc({ pid: 10, threads: 2 }, { pid: 20, threads: 5 });
  expect(processesWithMostThreads(proc.root, [10, 20])).toEqual([
    { pid: 20, threads: 5 },
    { pid: 10, threads: 2 },
  ]);
});
