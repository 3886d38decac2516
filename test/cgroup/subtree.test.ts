import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSubtree, type Subtree } from '../../src/cgroup/subtree.ts';
import { UnreadError } from '../../src/cgroup/unread.ts';
import { kernelRoot } from '../../src/procfs/root.ts';
import { makeTree } from '../fixtures/tree.ts';

let tree: ReturnType<typeof makeTree>;
let nowMs = 0;
const opened: Subtree[] = [];
beforeEach(() => {
  tree = makeTree();
  nowMs = 0;
});
afterEach(() => {
  for (const subtree of opened.splice(0)) subtree.close();
  tree.remove();
});

function open(dirs: { pids?: string; unified?: string }): Subtree {
  const at = (path: string | undefined) => (path === undefined ? undefined : join(tree.dir, path));
  const subtree = openSubtree(kernelRoot(tree.dir), { pids: at(dirs.pids), unified: at(dirs.unified) }, () => nowMs);
  opened.push(subtree);
  return subtree;
}
const alive = (pid: number, state = 'S', threads = 1): void =>
  tree.write(`proc/${pid}/stat`, `${pid} (x) ${state} 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 ${threads} 0 7 0 0\n`);
/** A later look, after anything that is gated by its cost. */
const later = (ms = 1_000): void => {
  nowMs += ms;
};

describe('tasks', () => {
  it('are what the top counts, zombies and nested cgroups included', () => {
    tree.write('pids/pids.current', '41\n');
    const subtree = open({ pids: 'pids' });
    expect(subtree.tasks()).toBe(41);
    tree.write('pids/pids.current', '42\n');
    expect(subtree.tasks()).toBe(42);
  });
  it('unknown where there is no such file, and where there is no pids controller at all', () => {
    tree.mkdir('pids');
    expect(open({ pids: 'pids' }).tasks()).toBeUndefined();
    expect(open({ unified: 'pids' }).tasks()).toBeUndefined();
  });
  it('one that cannot be read is an error, not 0', () => {
    tree.mkdir('pids/pids.current');
    expect(() => open({ pids: 'pids' }).tasks()).toThrow(UnreadError);
  });
});

describe('refusals', () => {
  it('v1: the cgroup that forked counts, so a refusal below is found there', () => {
    tree.write('top/pids.events', 'max 2\n');
    tree.write('top/inner/pids.events', 'max 5\n');
    tree.write('top/inner/deeper/pids.events', 'max 1\n');
    expect(open({ pids: 'top' }).refusals()).toBe(8);
  });
  it('a cgroup that is made later is found, and one that is removed keeps its count', () => {
    tree.write('top/pids.events', 'max 0\n');
    const subtree = open({ pids: 'top' });
    expect(subtree.refusals()).toBe(0);
    tree.write('top/inner/pids.events', 'max 3\n');
    later();
    expect(subtree.refusals()).toBe(3);
    tree.write('top/inner/pids.events', 'max 4\n');
    later();
    expect(subtree.refusals()).toBe(4);
    tree.rm('top/inner');
    later();
    expect(subtree.refusals()).toBe(4);
    // Another one of the same name starts at 0: its refusals are new ones.
    tree.write('top/inner/pids.events', 'max 2\n');
    later();
    expect(subtree.refusals()).toBe(6);
  });
  it('a cgroup that was made again between two looks is told by its lower count', () => {
    tree.write('top/pids.events', 'max 0\n');
    tree.write('top/inner/pids.events', 'max 9\n');
    const subtree = open({ pids: 'top' });
    expect(subtree.refusals()).toBe(9);
    tree.write('top/inner/pids.events', 'max 2\n');
    later();
    expect(subtree.refusals()).toBe(11);
  });
  it('v2 from 6.11: the top counts for everything below, and is not counted twice', () => {
    tree.write('top/cgroup.stat', 'nr_descendants 1\nnr_dying_descendants 0\n');
    tree.write('top/pids.events', 'max 7\n');
    tree.write('top/pids.events.local', 'max 2\n');
    tree.write('top/inner/pids.events', 'max 5\n');
    tree.write('top/inner/pids.events.local', 'max 5\n');
    expect(open({ pids: 'top', unified: 'top' }).refusals()).toBe(7);
  });
  it('v2 mounted with pids_localevents: both files count for one cgroup alone', () => {
    tree.write('top/cgroup.stat', 'nr_descendants 1\nnr_dying_descendants 0\n');
    for (const [dir, count] of [
      ['top', 2],
      ['top/inner', 5],
    ] as const)
      for (const file of ['pids.events', 'pids.events.local']) tree.write(`${dir}/${file}`, `max ${count}\n`);
    expect(open({ pids: 'top', unified: 'top' }).refusals()).toBe(7);
  });
  it('v2 before 6.11: no local file, so all are summed; nothing below is opened while cgroup.stat says none', () => {
    tree.write('top/cgroup.stat', 'nr_descendants 0\nnr_dying_descendants 3\n');
    tree.write('top/pids.events', 'max 1\n');
    tree.write('top/inner/pids.events', 'max 5\n');
    const subtree = open({ pids: 'top', unified: 'top' });
    expect(subtree.refusals()).toBe(1);
    tree.write('top/cgroup.stat', 'nr_descendants 1\nnr_dying_descendants 3\n');
    later();
    expect(subtree.refusals()).toBe(6);
  });
  it('what lies below is not read more often than its cost allows', () => {
    tree.write('top/pids.events', 'max 0\n');
    tree.write('top/inner/pids.events', 'max 1\n');
    const subtree = open({ pids: 'top' });
    expect(subtree.refusals()).toBe(1);
    tree.write('top/inner/pids.events', 'max 2\n');
    later(4);
    expect(subtree.refusals()).toBe(1);
    later(1);
    expect(subtree.refusals()).toBe(2);
  });
  it('never goes down, and stays when the top is gone', () => {
    tree.write('top/pids.events', 'max 3\n');
    const subtree = open({ pids: 'top' });
    expect(subtree.refusals()).toBe(3);
    tree.write('top/pids.events', 'max 1\n');
    expect(subtree.refusals()).toBe(3);
    tree.write('top/pids.events', '');
    expect(subtree.refusals()).toBe(3);
  });
  it('unknown on a kernel that counts none', () => {
    tree.mkdir('top');
    expect(open({ pids: 'top' }).refusals()).toBeUndefined();
    expect(open({ unified: 'top' }).refusals()).toBeUndefined();
  });
  it.for([
    ['of the top', 'top/pids.events'],
    ['of one below', 'top/inner/pids.events'],
  ] as const)('a count %s that cannot be read is an error', ([, path]) => {
    tree.write('top/pids.events', 'max 3\n');
    tree.rm(path);
    tree.mkdir(path);
    expect(() => open({ pids: 'top' }).refusals()).toThrow(/cannot read .*pids\.events \(EISDIR\)/);
  });
  it('a cgroup without the controller has no count, and its tasks count in its parent', () => {
    tree.write('top/pids.events', 'max 3\n');
    tree.mkdir('top/threaded');
    expect(open({ pids: 'top' }).refusals()).toBe(3);
  });
});

describe('processes', () => {
  it('hybrid: those of both hierarchies, because a target may leave one of them', () => {
    tree.write('v1/cgroup.procs', '10\n');
    tree.write('v1/inner/cgroup.procs', '11\n');
    tree.write('v2/cgroup.procs', '10\n11\n12\n');
    expect(open({ pids: 'v1', unified: 'v2' }).processes()).toEqual([10, 11, 12]);
  });
  it('v2: one directory is read once', () => {
    tree.write('v2/cgroup.procs', '10\n');
    expect(open({ pids: 'v2', unified: 'v2' }).processes()).toEqual([10]);
  });
  it('one hierarchy that cannot be read does not hide the other', () => {
    mkdirSync(join(tree.dir, 'v1/cgroup.procs'), { recursive: true });
    tree.write('v2/cgroup.procs', '12\n');
    const subtree = open({ pids: 'v1', unified: 'v2' });
    let error: unknown;
    try {
      subtree.processes();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(UnreadError);
    expect(error).toMatchObject({ errno: 'EISDIR', found: [12] });
  });
});

describe('whether somebody is left', () => {
  it.for([
    { name: 'v2 says so itself, for the whole tree', events: 'populated 1\nfrozen 0\n', want: true },
    { name: 'v2 says that nobody is', events: 'populated 0\nfrozen 0\n', want: false },
  ])('$name', ({ events, want }) => {
    tree.write('v2/cgroup.events', events);
    tree.write('v2/cgroup.procs', '');
    expect(open({ pids: 'v2', unified: 'v2' }).isPopulated()).toBe(want);
  });
  it('hybrid: one who left the v2 cgroup is still in the v1 cgroup', () => {
    tree.write('v2/cgroup.events', 'populated 0\n');
    tree.write('v1/inner/cgroup.procs', '10\n');
    const subtree = open({ pids: 'v1', unified: 'v2' });
    expect(subtree.isPopulated()).toBe(false);
    alive(10);
    expect(subtree.isPopulated()).toBe(true);
  });
  it.for([
    ['a process', 'S', 1, true],
    ['a zombie', 'Z', 1, false],
    ['a main thread that ended before the others', 'Z', 3, true],
  ] as const)('v1: %s', ([, state, threads, want]) => {
    tree.write('v1/a/cgroup.procs', '10\n');
    alive(10, state, threads);
    expect(open({ pids: 'v1' }).isPopulated()).toBe(want);
  });
  it('v1: a process that our pid namespace does not show', () => {
    tree.write('v1/cgroup.procs', '0\n');
    expect(open({ pids: 'v1' }).isPopulated()).toBe(true);
  });
  it('what cannot be read is never empty', () => {
    tree.mkdir('v1/cgroup.procs');
    expect(() => open({ pids: 'v1' }).isPopulated()).toThrow(UnreadError);
    tree.mkdir('v2/cgroup.events');
    expect(() => open({ unified: 'v2' }).isPopulated()).toThrow(UnreadError);
  });
  it('one that was found elsewhere is an answer all the same', () => {
    tree.mkdir('v1/a/cgroup.procs');
    tree.write('v1/b/cgroup.procs', '10\n');
    alive(10);
    expect(open({ pids: 'v1' }).isPopulated()).toBe(true);
  });
  it('a target whose cgroups were removed is empty', () => {
    expect(open({ pids: 'v1', unified: 'v2' }).isPopulated()).toBe(false);
  });
});
