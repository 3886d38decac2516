import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { delegationRefusal } from '../../src/cgroup/delegation.ts';
import { openKiller, parsePids } from '../../src/cgroup/kill.ts';
import type { CgroupPlaces, Place } from '../../src/cgroup/locate.ts';
import { openPids, parseEvents } from '../../src/cgroup/pids.ts';
import { kernelRoot } from '../../src/procfs/root.ts';
import type { Libc } from '../../src/sys/libc.ts';
import { makeTree } from '../fixtures/tree.ts';

let tree: ReturnType<typeof makeTree>;
beforeEach(() => {
  tree = makeTree();
});
afterEach(() => tree.remove());

const at = (path: string) => join(tree.dir, path);
const text = (path: string) => readFileSync(at(path), 'utf8');

describe('the files of the pids controller', () => {
  beforeEach(() => {
    tree.write('cg/pids.current', '12\n');
    tree.write('cg/pids.events', 'max 3\n');
    tree.write('cg/pids.max', 'max\n');
  });
  it('are read anew at every look', () => {
    const pids = openPids(at('cg'));
    expect([pids.current(), pids.refused()]).toEqual([12, 3]);
    tree.write('cg/pids.current', '13\n');
    tree.write('cg/pids.events', 'max 4\n');
    expect([pids.current(), pids.refused()]).toEqual([13, 4]);
    pids.close();
  });
  it('a cap is written, and believed only when the kernel shows it', () => {
    const pids = openPids(at('cg'));
    expect([pids.isMax('max'), pids.isMax(50)]).toEqual([true, false]);
    tree.write('cg/pids.max', '50\n');
    expect([pids.isMax('max'), pids.isMax(50), pids.isMax(51)]).toEqual([false, true, false]);
    pids.close();
    const other = openPids(at('cg'));
    other.setMax(7);
    expect(text('cg/pids.max')[0]).toBe('7');
    other.close();
  });
  it('a cgroup without them cannot be opened; a cgroup that is gone has no number', () => {
    expect(() => openPids(at('nowhere'))).toThrow(/ENOENT/);
    tree.rm('cg/pids.current');
    tree.rm('cg/pids.events');
    const pids = openPids(at('cg'));
    expect([pids.current(), pids.refused()]).toEqual([undefined, undefined]);
    pids.close();
  });
  it.for([
    ['max 12\n', 12],
    ['max 0\nmax.imposed 3\n', 0],
    ['maximum 3\n', undefined],
    ['', undefined],
    [undefined, undefined],
  ] as const)('events %j: %s', ([events, want]) => expect(parseEvents(events)).toBe(want));
});

describe('ending a cgroup', () => {
  it('by one write where there is such a file', () => {
    tree.write('cg/cgroup.kill', '');
    tree.write('cg/cgroup.events', 'populated 1\n');
    const killer = openKiller(at('cg'), at('cg'));
    expect([killer.kill(), text('cg/cgroup.kill'), killer.isPopulated()]).toEqual([true, '1', true]);
    tree.write('cg/cgroup.events', 'populated 0\n');
    expect(killer.isPopulated()).toBe(false);
    killer.close();
  });
  it('v1 has none: its processes are listed', () => {
    tree.write('cg/cgroup.procs', '7\n8\n7\n0\n');
    const killer = openKiller(at('cg'), undefined);
    expect([killer.kill(), killer.processes(), killer.isPopulated()]).toEqual([false, [7, 8], true]);
    tree.write('cg/cgroup.procs', '');
    expect(killer.isPopulated()).toBe(false);
    killer.close();
  });
  it('a signal to 0 would be one to ourselves', () => expect(parsePids('0\n5\n0\n')).toEqual([5]));
});

describe('whose tree it is', () => {
  const place: Place = { version: 2, mountPoint: '/cg', dir: '/cg/a/b', path: '/a/b' };
  const places = (over: Partial<CgroupPlaces> = {}): CgroupPlaces => ({
    pids: place,
    unified: place,
    memory: undefined,
    freezer: undefined,
    systemd: undefined,
    ...over,
  });
  const marks = (path: string, name: string) =>
    ({
      getxattr: (dir: string, key: string) => (dir === at(path) && key === name ? '1' : undefined),
    }) as unknown as Libc;
  const ask = (over: Partial<CgroupPlaces> = {}, libc?: Libc, uid = 0) =>
    delegationRefusal(kernelRoot(tree.dir), places(over), libc, uid);
  it('without systemd it is whoever may write it', () => {
    expect(ask()).toBeUndefined();
  });
  it('with systemd it is systemd’s, unless it has marked it or an ancestor', () => {
    tree.mkdir('run/systemd/system');
    tree.mkdir('cg/a/b');
    expect(ask()).toBe('systemd has not delegated /a/b');
    expect(ask({}, marks('cg/a', 'trusted.delegate'))).toBeUndefined();
    expect(ask({}, marks('cg/a/b', 'user.delegate'))).toBeUndefined();
    expect(ask({}, marks('elsewhere', 'user.delegate'))).toBeDefined();
  });
  it('what a plain user owns is the user’s own; root owns everything, which says nothing', () => {
    tree.mkdir('run/systemd/system');
    tree.mkdir('cg/a/b');
    const uid = process.getuid?.() ?? 0;
    if (uid === 0) expect(ask({}, undefined, 0)).toBeDefined();
    else expect(ask({}, undefined, uid)).toBeUndefined();
    expect(ask({}, undefined, uid + 1)).toBeDefined();
  });
  it('a machine without any tree has nothing to delegate', () => {
    tree.mkdir('run/systemd/system');
    expect(ask({ pids: undefined, unified: undefined })).toBeUndefined();
  });
  it('a v1 host: the marks are in the tree of systemd', () => {
    tree.mkdir('run/systemd/system');
    const v1 = { unified: undefined, systemd: { ...place, dir: '/cg/systemd/a', mountPoint: '/cg/systemd' } };
    expect(ask(v1, marks('cg/systemd/a', 'trusted.delegate'))).toBeUndefined();
    expect(ask(v1)).toBeDefined();
  });
});
