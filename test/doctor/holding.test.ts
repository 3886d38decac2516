import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checksOf } from '../../src/doctor/checks.ts';
import { examine } from '../../src/doctor/examine.ts';
import { kernelRoot } from '../../src/procfs/root.ts';
import { addProcess } from '../fixtures/processes.ts';
import { makeTree } from '../fixtures/tree.ts';

let tree: ReturnType<typeof makeTree>;
beforeEach(() => {
  tree = makeTree({
    'proc/loadavg': '0.15 0.07 0.02 2/250 4000\n',
    'proc/sys/kernel/pid_max': '32768\n',
    'proc/sys/kernel/threads-max': '62000\n',
    'proc/self/status': 'Name:\tnode\nUid:\t0\t0\t0\t0\nNSpid:\t99\nThreads:\t4\nCapEff:\t000001ffffffffff\n',
    'proc/self/cgroup': '0::/\n',
  });
  addProcess(tree, 1, { name: 'init', ppid: 0 });
});
afterEach(() => tree.remove());

const found = () => examine(kernelRoot(tree.dir), undefined, { PATH: '/nowhere' }, async () => {});
const V2 = '31 1 0:31 / /cg rw - cgroup2 cgroup2 rw\n';

describe('what a guard can hold', () => {
  it('without a cgroup and without libc it counts only, and says why it can do no better', async () => {
    const { containment } = await found();
    expect(containment).toMatchObject({ kind: 'sampling', isCgroup: false });
    expect(containment.why).toEqual([
      expect.stringMatching(/^not contained by a cgroup: /),
      expect.stringMatching(/^not by RLIMIT_NPROC either: /),
    ]);
  });
  it('a tree that this user may not divide is the reason, and it is left as it was', async () => {
    tree.write('proc/self/mountinfo', V2);
    tree.write('proc/self/cgroup', '0::/a\n');
    tree.write('cg/cgroup.controllers', 'pids\n');
    tree.write('cg/a/cgroup.controllers', 'memory\n');
    tree.write('cg/a/cgroup.procs', '99\n');
    const before = readdirSync(join(tree.dir, 'cg/a'));
    const { containment } = await found();
    expect(containment).toMatchObject({ kind: 'sampling', isCgroup: false });
    expect(containment.why[0]).toMatch(/pids/);
    expect(readdirSync(join(tree.dir, 'cg/a'))).toEqual(before);
  });
  it.for([
    ['root', 0, 'nice'],
    ['a plain user', 1000, 'none'],
  ] as const)('the priority of %s without real-time', async ([, uid, want]) => {
    tree.write('proc/self/status', `Name:\tnode\nUid:\t${uid}\t0\t0\t0\nThreads:\t4\nCapEff:\t0\n`);
    expect(await found()).toMatchObject({ priority: want, hasLibc: false, isSubreaper: false });
  });
});

describe('all of it together', () => {
  it('every check has something to say about a bare machine', async () => {
    const checks = checksOf(await found());
    expect(checks.filter(({ detail }) => detail === '' || detail.includes('undefined'))).toEqual([]);
    const missing = checks.filter(({ ok }) => !ok);
    expect(missing.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['containment', 'cgroups', 'cgroup.kill', 'priority', 'libc', 'subreaper', 'trace']),
    );
    for (const { hint } of missing) expect(hint).not.toBe('');
  });
  it('room is bound by the tightest ceiling of the host', async () => {
    // 300 numbers are reserved, and PID 1 holds one of those.
    expect((await found()).room).toEqual({ tasks: 32_768 - 300 - (250 - 1), by: 'kernel.pid_max' });
  });
});
