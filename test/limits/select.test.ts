import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reasonsAgainst } from '../../src/limits/reasons.ts';
import { type Selector, select } from '../../src/limits/select.ts';
import { readWho } from '../../src/limits/who.ts';
import { kernelRoot } from '../../src/procfs/root.ts';
import { addProcess } from '../fixtures/processes.ts';
import { makeTree } from '../fixtures/tree.ts';

let tree: ReturnType<typeof makeTree>;
beforeEach(() => {
  tree = makeTree({
    'proc/self/cgroup': '8:pids:/\n7:memory:/\n6:freezer:/\n0::/\n',
    'proc/self/mountinfo': [
      '30 1 0:30 / /cg/pids rw - cgroup cgroup rw,pids',
      '31 1 0:31 / /cg/memory rw - cgroup cgroup rw,memory',
      '32 1 0:32 / /cg/unified rw - cgroup2 cgroup2 rw',
      '33 1 0:33 / /cg/freezer rw - cgroup cgroup rw,freezer',
      '',
    ].join('\n'),
  });
});
afterEach(() => tree.remove());

const root = () => kernelRoot(tree.dir);
const find = (selector: Selector) => select(root(), selector);

describe('a cgroup', () => {
  it('is looked for in every hierarchy, and those that do not have it are left out', () => {
    tree.mkdir('cg/pids/a');
    tree.mkdir('cg/unified/a');
    const { label, places } = find({ kind: 'cgroup', path: '/a' });
    expect(label).toBe('cgroup /a');
    expect(places?.pids).toMatchObject({ dir: '/cg/pids/a', path: '/a', version: 1 });
    expect(places?.unified?.dir).toBe('/cg/unified/a');
    expect([places?.memory, places?.freezer]).toEqual([undefined, undefined]);
  });
  it.for(['/a', 'a', '/cg/pids/a', '/cg/unified/a', '/a/'] as const)('may be named %s', (path) => {
    tree.mkdir('cg/pids/a');
    expect(find({ kind: 'cgroup', path }).places?.pids?.dir).toBe('/cg/pids/a');
  });
  it('the root itself', () => {
    tree.mkdir('cg/pids');
    expect(find({ kind: 'cgroup', path: '/' }).label).toBe('cgroup /');
    expect(find({ kind: 'cgroup', path: '/cg/pids' }).label).toBe('cgroup /');
  });
  it('its process is the one with the most threads, of every cgroup below', () => {
    addProcess(tree, 42, { threads: 2 });
    addProcess(tree, 43, { threads: 9 });
    tree.write('cg/pids/a/cgroup.procs', '42\n');
    tree.write('cg/pids/a/b/c/cgroup.procs', '43\n44\n');
    expect(find({ kind: 'cgroup', path: '/a' }).pid).toBe(43);
  });
  it('an empty one has no process, and what cannot be read is not empty', () => {
    tree.write('cg/pids/a/cgroup.procs', '');
    expect(find({ kind: 'cgroup', path: '/a' }).pid).toBeUndefined();
    tree.mkdir('cg/pids/a/b/cgroup.procs');
    expect(() => find({ kind: 'cgroup', path: '/a' })).toThrow(/cannot read .*\/b\/cgroup\.procs \(EISDIR\)/);
  });
  it.for(['/nope', '/a/../../etc', '/cg/pids/nope'] as const)('%s is not there', (path) => {
    expect(() => find({ kind: 'cgroup', path })).toThrow(`there is no cgroup ${path}`);
  });
  it('a file in its place is none', () => {
    tree.write('cg/pids/file', '');
    expect(() => find({ kind: 'cgroup', path: '/file' })).toThrow('there is no cgroup /file');
  });
});

describe('a unit', () => {
  it.for([
    ['a service by its bare name', 'web', 'system.slice/web.service', '/system.slice/web.service'],
    ['a scope', 'job.scope', 'user.slice/user-1000.slice/job.scope', '/user.slice/user-1000.slice/job.scope'],
    ['a slice', 'system.slice', 'system.slice', '/system.slice'],
  ] as const)('%s', ([, unit, dir, want]) => {
    tree.mkdir(`cg/unified/${dir}`);
    expect(find({ kind: 'unit', unit }).label).toBe(`cgroup ${want}`);
  });
  it('a cgroup of that name inside of the unit is its own affair', () => {
    tree.mkdir('cg/unified/system.slice/web.service/web.service');
    expect(find({ kind: 'unit', unit: 'web' }).label).toBe('cgroup /system.slice/web.service');
  });
  it('deeper than sixteen levels nothing is looked for', () => {
    tree.mkdir(`cg/unified/${'x/'.repeat(16)}web.service`);
    expect(() => find({ kind: 'unit', unit: 'web' })).toThrow('no running unit web.service has a cgroup here');
  });
});

describe('why a creation may fail although there is room', () => {
  const status = (more: string) => `Name:\tx\nUid:\t0\t0\t0\t0\n${more}Threads:\t1\n`;
  const reasons = () => reasonsAgainst(root(), 42, find({ kind: 'cgroup', path: '/a' }).places ?? ({} as never));
  beforeEach(() => {
    addProcess(tree, 42);
    tree.mkdir('cg/pids/a');
    tree.mkdir('cg/unified/a');
    tree.mkdir('cg/freezer/a');
  });
  it('none, usually', () => expect(reasons()).toEqual([]));
  it.for([
    ['Seccomp:\t2\n', /seccomp filter/],
    ['Seccomp:\t1\n', /strict seccomp/],
  ] as const)('%j', ([line, want]) => {
    tree.write('proc/42/status', status(line));
    expect(reasons()).toEqual([expect.stringMatching(want)]);
  });
  it('locked memory counts only where there is a limit on it', () => {
    tree.write('proc/42/status', status('VmLck:\t64 kB\n'));
    expect(reasons()).toEqual([]);
    tree.write(
      'proc/42/limits',
      'Limit  Soft  Hard  Units\nMax locked memory         65536                65536                bytes     \n',
    );
    expect(reasons()).toEqual([expect.stringMatching(/mlockall/)]);
  });
  it('SCHED_DEADLINE may not clone', () => {
    const fields = ['S', 1, 42, 42, 0, -1, ...Array(9).fill(0), 20, 0, 1, 0, 7, ...Array(18).fill(0), 6, 0];
    tree.write('proc/42/stat', `42 (x) ${fields.join(' ')}\n`);
    expect(reasons()).toEqual([expect.stringMatching(/SCHED_DEADLINE/)]);
  });
  it.for([
    ['v2, the cgroup itself', 'cg/unified/a/cgroup.events', 'populated 1\nfrozen 1\n'],
    ['v2, an ancestor', 'cg/unified/cgroup.events', 'frozen 1\n'],
    ['v1', 'cg/freezer/a/freezer.state', 'FROZEN\n'],
    ['v1, on its way', 'cg/freezer/a/freezer.state', 'FREEZING\n'],
  ] as const)('frozen: %s', ([, path, text]) => {
    tree.write(path, text);
    expect(reasons()).toEqual([expect.stringMatching(/it is frozen/)]);
  });
  it('namespaces that may not be made', () => {
    tree.write('proc/sys/user/max_user_namespaces', '0\n');
    tree.write('proc/sys/user/max_pid_namespaces', '96365\n');
    expect(reasons()).toEqual([expect.stringMatching(/^user\.max_user_namespaces is 0/)]);
  });
  it('of a process that does not exist yet only what holds for everybody', () => {
    tree.write('proc/sys/user/max_net_namespaces', '0\n');
    const places = find({ kind: 'cgroup', path: '/a' }).places ?? ({} as never);
    expect(reasonsAgainst(root(), undefined, places)).toEqual([expect.stringMatching(/max_net_namespaces/)]);
  });
});

describe('who holds the tasks', () => {
  it('by process, user and cgroup; a zombie is blamed on its parent', () => {
    tree.write('etc/passwd', 'root:x:0:0::/root:/bin/sh\nweb:x:1000:1000::/:/bin/sh\nbroken\n');
    tree.write('proc/meminfo', 'KernelStack:    2048 kB\nPageTables:     1024 kB\n');
    addProcess(tree, 1, { name: 'init', ppid: 0, cgroup: '8:pids:/\n0::/init.scope\n' });
    addProcess(tree, 42, { name: 'orders', uid: 1000, threads: 30, cgroup: '8:pids:/web\n0::/other\n' });
    addProcess(tree, 50, { name: 'dead', state: 'Z', ppid: 42, uid: 1000, cgroup: '8:pids:/web\n' });
    addProcess(tree, 51, { name: 'leader', state: 'Z', ppid: 42, threads: 4, uid: 77, cgroup: '0::/v2\n' });
    const who = readWho(root());
    expect(who).toMatchObject({ tasks: 36, processes: 4, zombies: 1 });
    expect(who.byProcess.map(({ name, tasks }) => [name, tasks])).toEqual([
      ['orders', 30],
      ['leader', 4],
      ['init', 1],
      ['dead', 1],
    ]);
    expect(who.byUser).toEqual([
      { name: 'web', tasks: 31 },
      { name: 'uid 77', tasks: 4 },
      { name: 'root', tasks: 1 },
    ]);
    expect(who.byCgroup).toEqual([
      { name: '/web', tasks: 31 },
      { name: '/v2', tasks: 4 },
      { name: '/', tasks: 1 },
    ]);
    expect(who.zombieParents).toEqual([{ pid: 42, name: 'orders', tasks: 1 }]);
    expect(who.memory).toEqual({
      kernelStackBytes: 2 << 20,
      pageTablesBytes: 1 << 20,
      taskStructBytes: 'unknown',
      vmAreaBytes: 'unknown',
    });
  });
  it('an empty /proc holds nothing, and says what it does not know', () => {
    expect(readWho(root())).toMatchObject({ tasks: 0, processes: 0, memory: { kernelStackBytes: 'unknown' } });
  });
});
