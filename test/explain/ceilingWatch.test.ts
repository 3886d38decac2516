import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCeiling } from '../../src/core/ceiling.ts';
import { CeilingWatch } from '../../src/explain/ceilingWatch.ts';
import { GatedMeasure } from '../../src/explain/gatedMeasure.ts';
import { Tightest } from '../../src/explain/tightest.ts';
import { kernelRoot } from '../../src/procfs/root.ts';
import { addProcess } from '../fixtures/processes.ts';
import { makeTree } from '../fixtures/tree.ts';

let tree: ReturnType<typeof makeTree>;
let nowMs = 0;
beforeEach(() => {
  nowMs = 0;
  tree = makeTree({
    'proc/loadavg': '0 0 0 1/250 4000\n',
    'proc/meminfo': 'MemTotal: 8000000 kB\nMemAvailable: 4000000 kB\n',
    'proc/sys/kernel/pid_max': '32768\n',
    'proc/sys/kernel/threads-max': '62000\n',
    'proc/sys/vm/max_map_count': '65530\n',
    'proc/self/mountinfo': '30 1 0:30 / /cg rw - cgroup2 cgroup2 rw\n',
    'proc/self/cgroup': '0::/\n',
    'cg/cgroup.controllers': 'pids\n',
    'cg/a/pids.max': '500\n',
    'cg/a/pids.current': '100\n',
    'cg/a/pids.events': 'max 3\n',
  });
});
afterEach(() => tree.remove());

const watch = (processes: () => readonly number[]) =>
  new CeilingWatch(kernelRoot(tree.dir), { processes, ids: undefined, now: () => nowMs });
const row = (seen: CeilingWatch, name: string) => seen.tightest.find((ceiling) => ceiling.name === name);
const inA = { cgroup: '0::/a\n' };

describe('a watch', () => {
  it('keeps how tight every ceiling was, in the order of the checks', () => {
    addProcess(tree, 42, inA);
    const seen = watch(() => [42]);
    seen.look(100);
    tree.write('cg/a/pids.current', '480\n');
    seen.look(480);
    tree.write('cg/a/pids.current', '20\n');
    seen.look(20);
    expect(row(seen, 'pids.max')).toMatchObject({ used: 480, remaining: 20, path: '/a' });
    const orders = seen.tightest.map(({ order }) => order);
    expect(orders).toEqual([...orders].sort((a, b) => a - b));
  });
  it('knows what may have been made between two looks', () => {
    addProcess(tree, 42, inA);
    const seen = watch(() => [42]);
    for (const tasks of [100, 130, 300, 310]) seen.look(tasks);
    expect(seen.slack).toEqual({ tasks: 170, maps: 3 });
    // Looked at because something was refused just now: nothing was made since.
    seen.lookClosely(310);
    expect(seen.slack.tasks).toBe(3);
  });
  it('looks at the process with the most threads, of equal ones at the largest', () => {
    addProcess(tree, 42, { ...inA, threads: 1, vmSizeKb: 10, maps: 5 });
    addProcess(tree, 43, { ...inA, threads: 1, vmSizeKb: 900, maps: 7 });
    const seen = watch(() => [42, 43]);
    seen.look(2);
    expect(row(seen, 'vm.max_map_count')).toMatchObject({ used: 7, path: 'pid 43' });
    addProcess(tree, 44, { ...inA, threads: 3, maps: 9 });
    const other = watch(() => [42, 43, 44]);
    other.look(5);
    expect(row(other, 'vm.max_map_count')).toMatchObject({ used: 9, path: 'pid 44' });
  });
  it('follows a target into another cgroup, and a limit that was changed', () => {
    addProcess(tree, 42, inA);
    tree.write('cg/b/pids.max', '50\n');
    tree.write('cg/b/pids.current', '49\n');
    tree.write('cg/b/pids.events', 'max 0\n');
    const seen = watch(() => [42]);
    seen.look(1);
    addProcess(tree, 42, { cgroup: '0::/b\n' });
    seen.look(1);
    expect(seen.tightest.some(({ path }) => path === '/b')).toBe(false);
    nowMs += 20;
    seen.look(1);
    expect(seen.tightest.filter(({ name }) => name === 'pids.max').map(({ path }) => path)).toEqual(['/a', '/b']);
    tree.write('cg/b/pids.events', 'max 4\n');
    expect(seen.counted().pidsEvents).toEqual([
      { path: '/a', isLocal: false, count: 0 },
      { path: '/b', isLocal: false, count: 4 },
    ]);
  });
  it('sees nothing where nothing lives, and goes on with what it has opened', () => {
    expect(watch(() => []).look(0)).toBeUndefined();
    addProcess(tree, 42, inA);
    let pids: readonly number[] = [42];
    const seen = watch(() => pids);
    seen.look(1);
    pids = [];
    nowMs += 20;
    expect(seen.look(1)).toBeDefined();
  });
});

describe('what the maps of a process cost', () => {
  /** A clock on which every measurement and every count takes `costMs`. */
  const measureOf = (costMs = 0) => {
    let isSecond = false;
    return new GatedMeasure(kernelRoot(tree.dir), () => {
      isSecond = !isSecond;
      return isSecond ? nowMs : nowMs + costMs;
    });
  };
  it('they are counted again after eight times what that costs', () => {
    const measure = measureOf();
    addProcess(tree, 42, { maps: 5 });
    expect(measure.of(42).maps).toBe(5);
    addProcess(tree, 42, { maps: 9 });
    nowMs = 1;
    expect(measure.of(42).maps).toBe(9);
  });
  it('a dear count is not repeated soon', () => {
    const gated = new GatedMeasure(kernelRoot(tree.dir), () => nowMs);
    addProcess(tree, 42, { maps: 5 });
    gated.of(42);
    const dear = measureOf(10);
    dear.of(42);
    addProcess(tree, 42, { maps: 9 });
    // Measured at 0 for 10 ms: it is measured again at 500, and counted meanwhile, first at once.
    nowMs = 20;
    expect(dear.of(42).maps).toBe(9);
    addProcess(tree, 42, { maps: 11 });
    nowMs = 99;
    expect(measureMaps(dear)).toBe(9);
    nowMs = 100;
    expect(measureMaps(dear)).toBe(11);
  });
  it('a process that has ended keeps what was known of it, and may have grown since', () => {
    const measure = measureOf();
    addProcess(tree, 42, { maps: 100 });
    measure.of(42);
    nowMs = 10;
    addProcess(tree, 42, { maps: 300 });
    measure.of(42);
    expect([measure.maps, measure.grownSince]).toEqual([300, 0]);
    nowMs = 60;
    // The kernel ends the file early when the process ends while it is read: its size is gone too.
    addProcess(tree, 42, { maps: 40, vmSizeKb: 0 });
    expect(measure.of(42).maps).toBe(300);
    // 20 maps a millisecond were seen, and the last count is 50 ms old: twice that.
    expect(measure.grownSince).toBe(2_000);
  });
  it('another process in its place, with fewer maps, says nothing about it', () => {
    const measure = measureOf();
    addProcess(tree, 42, { maps: 100 });
    addProcess(tree, 7, { maps: 3 });
    measure.of(42);
    nowMs = 10;
    addProcess(tree, 42, { maps: 300 });
    measure.of(42);
    nowMs = 20;
    expect([measure.of(7).maps, measure.grownSince]).toEqual([3, 400]);
  });
  it('maps that may not be read are none that could be counted', () => {
    addProcess(tree, 42);
    tree.rm('proc/42/maps');
    const measure = measureOf();
    expect([measure.of(42).maps, measure.maps]).toEqual(['unknown', 0]);
  });
});

const measureMaps = (measure: GatedMeasure): number | 'unknown' => measure.of(42).maps;

describe('the tightest row', () => {
  const ceiling = (used: number | 'unknown', path = '/a', name = 'pids.max') =>
    makeCeiling({ name, scope: 'cgroup', path, unit: 'tasks', used, limit: 100, source: '', raise: '' });
  it.for([
    ['a tighter one replaces it', [10, 90], 90],
    ['a wider one does not', [90, 10], 90],
    ['an equal one does: it is newer', [50, 50], 50],
    ['an unknown one does not replace a number', [50, 'unknown'], 50],
    ['a number replaces an unknown one', ['unknown', 5], 5],
  ] as const)('%s', ([, uses, want]) => {
    const tightest = new Tightest();
    for (const used of uses) tightest.keep(ceiling(used));
    expect(tightest.rows()[0]?.used).toBe(want);
  });
  it('every cgroup has one of its own; of processes there is one for all', () => {
    const tightest = new Tightest();
    tightest.keep(ceiling(1, '/a'));
    tightest.keep(ceiling(1, '/b'));
    for (const pid of [7, 8]) tightest.keep({ ...ceiling(pid, `pid ${pid}`, 'vm.max_map_count'), scope: 'process' });
    expect(tightest.rows().map(({ name, path }) => `${name} ${path}`)).toEqual([
      'vm.max_map_count pid 8',
      'pids.max /a',
      'pids.max /b',
    ]);
  });
});
