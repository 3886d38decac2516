import { afterEach, describe, expect, it } from 'vitest';
import { speakersOf } from '../../src/session/speakers.ts';
import { type FakeProc, type FakeProcess, makeProc } from '../fixtures/procTree.ts';

const GUARD = 10;
const MAIN = 20;
let proc: FakeProc | undefined;
afterEach(() => {
  proc?.remove();
  proc = undefined;
});

interface Scene {
  readonly processes: readonly FakeProcess[];
  readonly listed?: readonly number[];
  readonly own?: readonly number[];
  readonly isReaper?: boolean;
  readonly main?: number | undefined;
}

/** Asks who may speak on a machine with a guard (10) and a command (20), whose parent is the guard. */
function asking({ processes, listed = [], own = [], isReaper = true, ...rest }: Scene) {
  proc = makeProc({ pid: 1, ppid: 0 }, { pid: GUARD, ppid: 1 }, { pid: MAIN, ppid: GUARD }, ...processes);
  let nowMs = 0;
  let lists = 0;
  const current = {
    pid: 'main' in rest ? rest.main : MAIN,
    processes: () => {
      lists += 1;
      return listed;
    },
  };
  const isSpeaker = speakersOf({
    root: proc.root,
    guard: GUARD,
    own: new Set(own),
    isReaper,
    now: () => nowMs,
    current,
  });
  return {
    speaks: (pid: number) => isSpeaker({ pid, uid: 0 }),
    lists: () => lists,
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

describe('who may speak for the command', () => {
  it.each<[string, number, Scene, boolean]>([
    ['its first process', MAIN, { processes: [] }, true],
    ['its first process after its end: nobody else has its number yet', 21, { processes: [], main: 21 }, true],
    ['a child of it', 30, { processes: [{ pid: 30, ppid: MAIN }] }, true],
    [
      'one far below it',
      32,
      {
        processes: [
          { pid: 30, ppid: MAIN },
          { pid: 31, ppid: 30 },
          { pid: 32, ppid: 31 },
        ],
      },
      true,
    ],
    ['an orphan of it, which came to the guard', 30, { processes: [{ pid: 30, ppid: GUARD }] }, true],
    [
      'one below an orphan',
      31,
      {
        processes: [
          { pid: 30, ppid: GUARD },
          { pid: 31, ppid: 30 },
        ],
      },
      true,
    ],
    [
      'one that went to pid 1 and is still in the cgroup',
      30,
      { processes: [{ pid: 30, ppid: 1 }], listed: [30] },
      true,
    ],
    ['a process of somebody else', 30, { processes: [{ pid: 30, ppid: 1 }] }, false],
    ['the parent of the guard', 1, { processes: [] }, false],
    ['the guard itself', GUARD, { processes: [] }, false],
    ['a helper of the guard', 30, { processes: [{ pid: 30, ppid: GUARD }], own: [30] }, false],
    [
      'a process below a helper of the guard',
      31,
      {
        processes: [
          { pid: 30, ppid: GUARD },
          { pid: 31, ppid: 30 },
        ],
        own: [30],
      },
      false,
    ],
    [
      'a child of a guard to which no orphans come',
      30,
      { processes: [{ pid: 30, ppid: GUARD }], isReaper: false },
      false,
    ],
    ['one that has ended', 99, { processes: [] }, false],
    ['one without a number in our namespace', 0, { processes: [] }, false],
    ['anybody between two runs', MAIN, { processes: [], main: undefined }, false],
  ])('%s', (_, pid, scene, want) => {
    expect(asking(scene).speaks(pid)).toBe(want);
  });
  it('a circle of parents, as a walk may see it, has an end', () => {
    const { speaks } = asking({
      processes: [
        { pid: 30, ppid: 31 },
        { pid: 31, ppid: 30 },
      ],
    });
    expect(speaks(30)).toBe(false);
  });
  it('a flood of others does not read the list of the target for each', () => {
    const { lists, pass, speaks } = asking({ processes: [{ pid: 30, ppid: 1 }] });
    for (let count = 0; count < 50; count += 1) speaks(30);
    expect(lists()).toBe(1);
    pass(100);
    speaks(30);
    expect(lists()).toBe(2);
  });
});
