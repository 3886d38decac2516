import { afterEach, describe, expect, it } from 'vitest';
import { threadsByTid } from '../../../src/evidence/jvm/threadIds.ts';
import { type FakeProc, makeProc } from '../../fixtures/procTree.ts';

let proc: FakeProc | undefined;
afterEach(() => proc?.remove());

const thread = (nid: number) => ({ name: `t${nid}`, nid, state: '', frames: [] });

describe('threads of a JVM by the ids of the kernel', () => {
  it('are those that it says', () => {
    proc = makeProc({ pid: 42, threads: 2 });
    const found = threadsByTid({ root: proc.root, pid: 42, tids: [42, 43] }, [thread(42), thread(43)]);
    expect([...found.keys()]).toEqual([42, 43]);
  });
  it('of a JVM in a container are those outside of it', () => {
    proc = makeProc({
      pid: 4200,
      nsPids: [4200, 1],
      threads: [
        { tid: 4200, nsPids: [4200, 1] },
        { tid: 4207, nsPids: [4207, 8] },
        { tid: 4299, nsPids: [4299, 77] },
      ],
    });
    const found = threadsByTid({ root: proc.root, pid: 4200, tids: [4200, 4207, 4299, 4300] }, [thread(1), thread(8)]);
    expect([...found].map(([tid, { nid }]) => [tid, nid])).toEqual([
      [4200, 1],
      [4207, 8],
    ]);
  });
  it('of one that is gone: what it said', () => {
    proc = makeProc();
    expect(threadsByTid({ root: proc.root, pid: 42, tids: [] }, [thread(42)]).size).toBe(1);
  });
});
