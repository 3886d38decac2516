import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LiveSource, openSource } from '../../src/canary/live.ts';
import { kernelRoot } from '../../src/procfs/root.ts';
import { addProcess } from '../fixtures/processes.ts';
import { makeTree } from '../fixtures/tree.ts';

let tree: ReturnType<typeof makeTree>;
beforeEach(() => {
  tree = makeTree({
    'proc/self/cgroup': '0::/\n',
    'proc/self/mountinfo': '30 1 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
    'sys/fs/cgroup/cgroup.controllers': 'pids memory\n',
  });
});
afterEach(() => tree.remove());

const open = (text: string, loadField?: string) => openSource(kernelRoot(tree.dir), text, loadField);
const live = (text: string): LiveSource => open(text) as LiveSource;
const cgroup = (path: string, pids: readonly number[]) =>
  tree.write(`sys/fs/cgroup${path}/cgroup.procs`, pids.map((pid) => `${pid}\n`).join(''));

describe('a selector', () => {
  beforeEach(() => {
    addProcess(tree, 42, { name: 'orders' });
    cgroup('/system.slice/orders.service', [42]);
    tree.write('a.ndjson', '{"timeMs":0,"tasks":1}\n');
  });
  it.for([
    ['42', 'pid 42 (orders)'],
    ['pid:42', 'pid 42 (orders)'],
    ['unit:orders', 'cgroup /system.slice/orders.service'],
    ['unit:orders.service', 'cgroup /system.slice/orders.service'],
    ['cgroup:/system.slice/orders.service', 'cgroup /system.slice/orders.service'],
  ] as const)('%s', ([text, label]) => expect(live(text).label).toBe(label));
  it('a bare path, and a file that is named so, are recordings', () => {
    expect(open(`${tree.dir}/a.ndjson`)).toMatchObject({ kind: 'file', series: { points: [{ tasks: 1 }] } });
    expect(open(`file:${tree.dir}/a.ndjson`).kind).toBe('file');
  });
  it.for([
    ['pid:x', /"pid:x" is no process/],
    ['pid:0', /"pid:0" is no process/],
    ['pid:-1', /is no process/],
    ['pid:43', /there is no process 43/],
    ['unit:other', /no running unit other\.service/],
    ['cgroup:/other', /there is no cgroup \/other/],
    ['nowhere.ndjson', /cannot read nowhere\.ndjson \(ENOENT\)/],
  ] as const)('%s is refused', ([text, want]) => expect(() => open(text)).toThrow(want));
  it('of what runs, only processor time is known as load', () => {
    expect(open('42', 'cpu').kind).toBe('live');
    expect(() => open('42', 'requests')).toThrow('42 has no "requests": only cpu is known of what runs now');
  });
});

describe('a sample', () => {
  it('of a process is of everything below it', async () => {
    addProcess(tree, 42, { threads: 3, cpuTicks: 5, rssAnonKb: 10, maps: 7 });
    addProcess(tree, 50, { ppid: 42, threads: 2, cpuTicks: 1, rssAnonKb: 1, maps: 9 });
    addProcess(tree, 60, { ppid: 50 });
    addProcess(tree, 70, { ppid: 1, threads: 5 });
    expect(await live('42').sample()).toEqual({
      tasks: 6,
      processes: 3,
      maps: 9,
      cpuMs: 60,
      memoryBytes: 11 * 1024,
    });
  });
  it('of a cgroup is of every cgroup below it too', async () => {
    addProcess(tree, 42, { threads: 2 });
    addProcess(tree, 43, { threads: 4 });
    cgroup('/job', [42]);
    cgroup('/job/inner/deeper', [43]);
    expect(await live('cgroup:/job').sample()).toMatchObject({ tasks: 6, processes: 2 });
  });
  it('maps are those of the process that has the most, of the four with the most threads', async () => {
    cgroup(
      '/job',
      [1, 2, 3, 4, 5].map((n) => 40 + n),
    );
    for (const n of [1, 2, 3, 4, 5]) addProcess(tree, 40 + n, { threads: n, maps: n === 1 ? 500 : n });
    expect((await live('cgroup:/job').sample())?.maps).toBe(5);
  });
  it('maps that may not be read are unknown, and the rest stands', async () => {
    addProcess(tree, 42);
    tree.rm('proc/42/maps');
    expect(await live('42').sample()).toMatchObject({ tasks: 1, maps: undefined });
  });
  it('once it has ended there is none, nor of another run in its place', async () => {
    addProcess(tree, 42, { startTime: 100 });
    const source = live('42');
    expect(await source.sample()).toBeDefined();
    addProcess(tree, 42, { startTime: 200 });
    expect(await source.sample()).toBeUndefined();
    tree.rm('proc/42');
    expect(await source.sample()).toBeUndefined();
  });
  it('a unit whose main process was restarted is another run, although others live on', async () => {
    addProcess(tree, 42, { startTime: 100 });
    addProcess(tree, 43, { startTime: 150 });
    cgroup('/job', [43, 42]);
    const source = live('cgroup:/job');
    expect((await source.sample())?.processes).toBe(2);
    tree.rm('proc/42');
    cgroup('/job', [43]);
    expect(await source.sample()).toBeUndefined();
  });
  it('an empty cgroup gives none', async () => {
    cgroup('/job', []);
    expect(await live('cgroup:/job').sample()).toBeUndefined();
  });
  it('a cgroup that cannot be read is an error, not an end', async () => {
    addProcess(tree, 42);
    cgroup('/job', [42]);
    const source = live('cgroup:/job');
    tree.mkdir('sys/fs/cgroup/job/inner/cgroup.procs');
    await expect(source.sample()).rejects.toThrow(/cannot read .*inner\/cgroup\.procs/);
  });
});
