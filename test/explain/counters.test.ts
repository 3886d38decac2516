import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CgroupPlaces, Place } from '../../src/cgroup/locate.ts';
import { CounterWatch, countersSince, readCounters } from '../../src/explain/counters.ts';
import { kernelRoot } from '../../src/procfs/root.ts';
import { makeTree } from '../fixtures/tree.ts';

let tree: ReturnType<typeof makeTree>;
beforeEach(() => {
  tree = makeTree();
});
afterEach(() => tree.remove());

const place = (mountPoint: string, path: string, version: 1 | 2 = 2): Place => ({
  version,
  mountPoint,
  dir: `${mountPoint}${path}`,
  path,
});
const places = (path: string): CgroupPlaces => ({
  pids: place('/pids', path),
  memory: place('/mem', path),
  unified: undefined,
  freezer: undefined,
  systemd: undefined,
});
const NOWHERE: CgroupPlaces = { ...places('/'), pids: undefined, memory: undefined };
const read = (path: string) => readCounters(kernelRoot(tree.dir), places(path));

describe('counters', () => {
  it('of every ancestor; where there is a local count, that one', () => {
    tree.write('pids/a/b/pids.events', 'max 7\n');
    tree.write('pids/a/b/pids.events.local', 'max 2\n');
    tree.write('pids/a/pids.events', 'max 5\n');
    expect([...read('/a/b').pids]).toEqual([
      ['/a/b', { count: 2, isLocal: true }],
      ['/a', { count: 5, isLocal: false }],
    ]);
  });
  it.for([
    ['v2, of this cgroup alone', { 'memory.events.local': 'oom 3\noom_kill 2\n', 'memory.events': 'oom_kill 9\n' }, 2],
    ['v2, with those below', { 'memory.events': 'low 0\noom_kill 9\n' }, 9],
    ['v1', { 'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 4\n' }, 4],
    ['a kernel that does not count kills', { 'memory.oom_control': 'under_oom 0\n' }, undefined],
  ] as const)('kills: %s', ([, files, want]) => {
    for (const [name, text] of Object.entries(files)) tree.write(`mem/a/${name}`, text);
    expect(read('/a').oomKills.get('/a')).toBe(want);
  });
  it('none where there is no controller', () => {
    const { oomKills, pids } = readCounters(kernelRoot(tree.dir), NOWHERE);
    expect([pids.size, oomKills.size]).toEqual([0, 0]);
  });
});

describe('what was counted meanwhile', () => {
  it('a cgroup that was not there before began at 0', () => {
    const before = { pids: new Map([['/a', { count: 3, isLocal: false }]]), oomKills: new Map([['/a', 1]]) };
    const after = {
      pids: new Map([
        ['/a', { count: 5, isLocal: false }],
        ['/a/new', { count: 1, isLocal: false }],
      ]),
      oomKills: new Map([['/a', 1]]),
    };
    expect(countersSince(before, after)).toEqual({
      pidsEvents: [
        { path: '/a', isLocal: false, count: 2 },
        { path: '/a/new', isLocal: false, count: 1 },
      ],
      hasPidsEvents: true,
      oomKills: [{ path: '/a', count: 0 }],
    });
  });
  it('a target that moves is followed, and what a cgroup counted before it came is left out', () => {
    tree.write('pids/a/pids.events', 'max 10\n');
    tree.write('pids/b/pids.events', 'max 20\n');
    const watch = new CounterWatch(kernelRoot(tree.dir));
    watch.follow(places('/a'));
    tree.write('pids/a/pids.events', 'max 12\n');
    watch.follow(places('/b'));
    tree.write('pids/b/pids.events', 'max 21\n');
    expect(watch.since().pidsEvents).toEqual([
      { path: '/a', isLocal: false, count: 2 },
      { path: '/b', isLocal: false, count: 1 },
    ]);
    // It is killed, and shown in the root: that says nothing new of the others.
    watch.follow(NOWHERE);
    expect(watch.since().pidsEvents).toHaveLength(2);
  });
  it('before it was seen anywhere nothing is known', () => {
    expect(new CounterWatch(kernelRoot(tree.dir)).since()).toEqual({
      pidsEvents: [],
      hasPidsEvents: false,
      oomKills: [],
    });
  });
});
