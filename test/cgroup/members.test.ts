import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listCgroups, MemberReader, parseProcs, readMembers } from '../../src/cgroup/members.ts';
import { UnreadError } from '../../src/cgroup/unread.ts';
import { makeTree } from '../fixtures/tree.ts';

let tree: ReturnType<typeof makeTree>;
beforeEach(() => {
  tree = makeTree();
});
afterEach(() => tree.remove());

/** What `readMembers` throws. */
function refusalOf(dir: string): UnreadError {
  try {
    readMembers(dir);
  } catch (error) {
    if (error instanceof UnreadError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a reader that stays open', () => {
  const reader = () => new MemberReader(join(tree.dir, 'top'));
  it('reads again what has changed, also over a page', () => {
    tree.write('top/cgroup.procs', '10\n11\n10\n');
    const kept = reader();
    expect(kept.read()).toEqual({ pids: [10, 11], hasForeign: false });
    const many = Array.from({ length: 20_000 }, (_, n) => n);
    tree.write('top/cgroup.procs', many.join('\n'));
    expect(kept.read()).toEqual({ pids: many.slice(1), hasForeign: true });
    kept.close();
  });
  it('sees a cgroup that is made below, and one that is gone', () => {
    tree.write('top/cgroup.procs', '10\n');
    const kept = reader();
    expect(kept.read().pids).toEqual([10]);
    tree.write('top/a/cgroup.procs', '12\n');
    expect(kept.read().pids).toEqual([10, 12]);
    tree.remove();
    expect(kept.read().pids).toEqual([]);
    kept.close();
  });
  it('says what cannot be read', () => {
    tree.mkdir('top/cgroup.procs');
    expect(() => reader().read()).toThrow(UnreadError);
  });
});

describe('the processes of a tree of cgroups', () => {
  it('are those of the top and of every cgroup below, each once', () => {
    tree.write('top/cgroup.procs', '10\n11\n10\n');
    tree.write('top/a/cgroup.procs', '12\n');
    tree.write('top/a/b/c/cgroup.procs', '13\n11\n');
    expect(readMembers(join(tree.dir, 'top'))).toEqual({ pids: [10, 11, 12, 13], hasForeign: false });
  });
  it('an empty tree is empty, and so is one that is gone', () => {
    tree.write('top/cgroup.procs', '');
    expect(readMembers(join(tree.dir, 'top')).pids).toEqual([]);
    expect(readMembers(join(tree.dir, 'nowhere')).pids).toEqual([]);
  });
  it('a process of a foreign pid namespace is there, but has no number', () => {
    tree.write('top/cgroup.procs', '0\n0\n7\n');
    expect(readMembers(join(tree.dir, 'top'))).toEqual({ pids: [7], hasForeign: true });
  });
  it('a cgroup that vanishes between the list and the look is no error', () => {
    tree.write('top/cgroup.procs', '1\n');
    // It is listed, and its file is not there any more.
    tree.mkdir('top/vanished');
    expect(readMembers(join(tree.dir, 'top')).pids).toEqual([1]);
  });
  it('a part that cannot be read is an error with a name, and carries what was found elsewhere', () => {
    tree.write('top/cgroup.procs', '1\n');
    // A directory in place of the file: the read fails with EISDIR, for root too.
    tree.mkdir('top/a/cgroup.procs');
    tree.write('top/b/cgroup.procs', '2\n');
    const error = refusalOf(join(tree.dir, 'top'));
    expect(error).toMatchObject({ code: 'unread', errno: 'EISDIR', found: [1, 2] });
    expect(error.path).toBe(join(tree.dir, 'top/a/cgroup.procs'));
    expect(error.message).toBe(`cannot read ${error.path} (EISDIR)`);
  });
  it('a link to another directory is not followed', () => {
    tree.write('top/cgroup.procs', '1\n');
    tree.write('elsewhere/cgroup.procs', '99\n');
    symlinkSync(join(tree.dir, 'elsewhere'), join(tree.dir, 'top/link'));
    expect(readMembers(join(tree.dir, 'top')).pids).toEqual([1]);
  });
});

describe('how much is listed', () => {
  it('every parent comes before its children', () => {
    for (const path of ['top/a/b', 'top/c']) tree.mkdir(path);
    const { dirs, unread } = listCgroups(join(tree.dir, 'top'));
    expect(dirs.map((dir) => dir.slice(tree.dir.length))).toEqual(['/top', '/top/a', '/top/c', '/top/a/b']);
    expect(unread).toBeUndefined();
  });
  it('no deeper than 32 levels: what lies below is unread, not absent', () => {
    tree.mkdir(`top${'/x'.repeat(31)}`);
    expect(listCgroups(join(tree.dir, 'top'))).toMatchObject({ dirs: { length: 32 }, unread: undefined });
    tree.mkdir(`top${'/x'.repeat(32)}`);
    expect(listCgroups(join(tree.dir, 'top'))).toMatchObject({ dirs: { length: 32 }, unread: { errno: 'E2BIG' } });
  });
  it.for([
    ['as many as may be', 8, 8, undefined],
    ['one more', 7, 7, 'E2BIG'],
    ['many more', 1, 1, 'E2BIG'],
  ] as const)('%s', ([, most, found, errno]) => {
    for (const path of ['a', 'b', 'c/d', 'c/e', 'f/g']) tree.mkdir(`top/${path}`);
    const { dirs, unread } = listCgroups(join(tree.dir, 'top'), most);
    expect([dirs.length, unread?.errno]).toEqual([found, errno]);
  });
});

describe('cgroup.procs', () => {
  it.for([
    ['one a line', '3\n4\n', [3, 4]],
    ['nothing', '', []],
    ['a last line without its end', '3\n4', [3, 4]],
    ['a line that is no number', '3\nx\n4\n', [3, 4]],
  ] as const)('%s', ([, text, want]) => expect(parseProcs(text)).toEqual(want));
  it('every list of pids is read back', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4_194_304 })), (pids) => {
        expect(parseProcs(pids.map((pid) => `${pid}\n`).join(''))).toEqual(pids);
      }),
    );
  });
});

it.for([
  ['EMFILE', /LimitNOFILE/],
  ['ENFILE', /open files/],
  ['EACCES', /as root/],
  ['E2BIG', /further down/],
  ['EIO', /still mounted/],
] as const)('%s: what an operator can do', ([errno, want]) => {
  expect(new UnreadError('/x', errno).hint).toMatch(want);
});
