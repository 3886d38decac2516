import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { delegationRefusal } from '../../src/cgroup/delegation.ts';
import { openKillFile } from '../../src/cgroup/killFile.ts';
import type { CgroupPlaces, Place } from '../../src/cgroup/locate.ts';
import { openCapFile, parseEvents } from '../../src/cgroup/pids.ts';
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

describe('the cap of a cgroup', () => {
  it('is written, and believed only when the kernel shows it', () => {
    tree.write('cg/pids.max', 'max\n');
    const cap = openCapFile(at('cg'));
    expect(cap.read()).toBe('max');
    tree.write('cg/pids.max', '50\n');
    expect(cap.read()).toBe(50);
    tree.write('cg/pids.max', '');
    expect(cap.read()).toBeUndefined();
    cap.close();
    const other = openCapFile(at('cg'));
    other.set(7);
    other.close();
    expect(text('cg/pids.max')).toBe('7');
  });
  it('cannot be opened where there is none, and has no number once it is closed', () => {
    expect(() => openCapFile(at('nowhere'))).toThrow(/ENOENT/);
    tree.write('cg/pids.max', '5\n');
    const cap = openCapFile(at('cg'));
    cap.close();
    expect(cap.read()).toBeUndefined();
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
    const file = openKillFile(at('cg'));
    expect([file.kill(), text('cg/cgroup.kill')]).toEqual([true, '1']);
    file.close();
  });
  it('v1 and kernels before 5.14 have none', () => {
    for (const dir of [undefined, at('cg')]) {
      const file = openKillFile(dir);
      expect(file.kill()).toBe(false);
      file.close();
    }
  });
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
