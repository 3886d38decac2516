import { afterEach, describe, expect, it } from 'vitest';
import { countBomb } from '../../src/drill/groupTasks.ts';
import { type FakeProc, makeProc, statLine } from '../fixtures/procTree.ts';

let proc: FakeProc | undefined;
afterEach(() => proc?.remove());

/** A process of the group `pgrp`. */
const member = (pid: number, pgrp: number, { state = 'S', threads = 1 } = {}) => ({
  pid,
  files: { stat: statLine({ tid: pid, state }, threads).replace(`1 ${pid} ${pid}`, `1 ${pgrp} ${pgrp}`) },
});

describe('the tasks of the bomb', () => {
  it.for([
    ['its threads', 'threads', [member(50, 50, { threads: 400 })], 400],
    ['threads alone, whoever else is in its group', 'threads', [member(50, 50, { threads: 9 }), member(51, 50)], 9],
    ['its processes and their threads', 'forks', [member(50, 50, { threads: 9 }), member(51, 50), member(52, 50)], 11],
    ['not those of other groups', 'forks', [member(50, 50), member(51, 7), member(7, 7)], 1],
    ['not the dead', 'forks', [member(50, 50, { state: 'Z' }), member(51, 50, { state: 'Z' }), member(52, 50)], 1],
    [
      'a process whose first thread has ended lives as long as another one does',
      'threads',
      [member(50, 50, { state: 'Z', threads: 3 })],
      3,
    ],
    ['children that outlive it', 'forks', [member(51, 50), member(52, 50)], 2],
    ['nothing when it is gone', 'threads', [member(51, 51)], 0],
    ['not another process that has got its number in another group', 'threads', [member(50, 7)], 0],
  ] as const)('%s', ([, kind, processes, want]) => {
    proc = makeProc(...processes);
    expect(countBomb(proc.root, 50, kind)).toBe(want);
  });
});
