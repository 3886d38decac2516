import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCeiling } from '../../src/core/ceiling.ts';
import { findKernel, findRoom } from '../../src/doctor/examine.ts';
import { findSight } from '../../src/doctor/sight.ts';
import { kernelRoot } from '../../src/procfs/root.ts';
import { addProcess } from '../fixtures/processes.ts';
import { makeTree } from '../fixtures/tree.ts';

let tree: ReturnType<typeof makeTree>;
beforeEach(() => {
  tree = makeTree();
});
afterEach(() => tree.remove());

const root = () => kernelRoot(tree.dir);

describe('what the kernel offers', () => {
  const V1 = '30 1 0:30 / /cg/pids rw - cgroup cgroup rw,pids\n';
  const V2 = '31 1 0:31 / /cg/v2 rw - cgroup2 cgroup2 rw\n';
  const stand = (mounts: string, memberships: string) => {
    tree.write('proc/self/mountinfo', mounts);
    tree.write('proc/self/cgroup', memberships);
  };
  it('nothing is mounted', () => {
    expect(findKernel(root(), '6.1.0')).toEqual({
      kernel: '6.1.0',
      cgroupVersion: undefined,
      hasCgroupKill: false,
      hasLocalEvents: false,
      hasAutogroup: false,
    });
  });
  it('plain v1 has no cgroup.kill, however new the kernel', () => {
    stand(V1, '8:pids:/a\n');
    expect(findKernel(root(), '6.18.0')).toMatchObject({ cgroupVersion: 1, hasCgroupKill: false });
  });
  it.for([
    ['4.19.0', false],
    ['5.13.9', false],
    ['5.14.0', true],
    ['6.1.0-13-amd64', true],
  ] as const)('with a v2 tree, Linux %s: cgroup.kill %s', ([version, want]) => {
    stand(V1 + V2, '8:pids:/a\n0::/\n');
    expect(findKernel(root(), version)).toMatchObject({ cgroupVersion: 1, hasCgroupKill: want });
  });
  it('a kernel that has the file has it, whatever it calls itself', () => {
    stand(V2, '0::/a/b\n');
    tree.write('cg/v2/cgroup.controllers', 'pids\n');
    tree.write('cg/v2/a/cgroup.kill', '');
    tree.write('cg/v2/a/pids.events.local', 'max 0\n');
    tree.write('proc/sys/kernel/sched_autogroup_enabled', '1\n');
    expect(findKernel(root(), '5.10.0-backport')).toMatchObject({
      cgroupVersion: 2,
      hasCgroupKill: true,
      hasLocalEvents: true,
      hasAutogroup: true,
    });
  });
});

describe('what this user may see', () => {
  it('root sees everything', () => {
    tree.write('proc/self/status', 'Name:\tx\nUid:\t0\t0\t0\t0\nThreads:\t1\nCapEff:\t000001ffffffffff\n');
    tree.write('proc/self/mountinfo', '20 1 0:5 / /proc rw - proc proc rw,hidepid=2\n');
    tree.write('proc/slabinfo', 'slabinfo - version: 2.1\n');
    tree.write('proc/sys/kernel/yama/ptrace_scope', '1\n');
    expect(findSight(root(), { PATH: '/nowhere' })).toMatchObject({
      ptraceScope: 1,
      canPtrace: true,
      hidesProcesses: false,
      canReadSlabs: true,
      canTrace: undefined,
      runtimes: [],
    });
  });
  it('a plain user does not, and tools are looked for on the PATH that was given', () => {
    tree.write('proc/self/status', 'Name:\tx\nUid:\t1000\t0\t0\t0\nThreads:\t1\nCapEff:\t0000000000000000\n');
    tree.write('proc/self/mountinfo', '20 1 0:5 / /proc rw - proc proc rw,hidepid=invisible\n');
    for (const name of ['strace', 'ruby']) {
      tree.write(`bin/${name}`, '#!/bin/sh\n');
      chmodSync(join(tree.dir, 'bin', name), 0o755);
    }
    tree.write('bin/java', 'not executable');
    expect(findSight(root(), { PATH: join(tree.dir, 'bin') })).toMatchObject({
      ptraceScope: undefined,
      canPtrace: false,
      hidesProcesses: true,
      canReadSlabs: false,
      canTrace: 'strace',
      runtimes: [{ name: 'ruby', channel: 'names threads after the line that made them' }],
    });
  });
});

describe('the rights of ptrace', () => {
  it.for([
    ['CAP_SYS_PTRACE alone', '0000000000080000', true],
    ['the capability before it', '0000000000040000', false],
    ['the capability after it', '0000000000100000', false],
    ['everything but it', '000001fffff7ffff', false],
    ['a line that is no number', 'zz', false],
  ] as const)('%s', ([, caps, want]) => {
    tree.write('proc/self/status', `Name:\tx\nUid:\t1000\t0\t0\t0\nThreads:\t1\nCapEff:\t${caps}\n`);
    expect(findSight(root(), {}).canPtrace).toBe(want);
  });
  it.for([
    ['0\n', 0],
    ['3\n', 3],
    ['max\n', undefined],
    ['', undefined],
  ] as const)('ptrace_scope %j is %s', ([text, want]) => {
    tree.write('proc/sys/kernel/yama/ptrace_scope', text);
    expect(findSight(root(), {}).ptraceScope).toBe(want);
  });
});

describe('tracing', () => {
  it('is done by the kernel where its tracer may be written to, strace or not', () => {
    tree.write('proc/self/mountinfo', '30 1 0:30 / /trace rw - tracefs nodev rw\n');
    tree.mkdir('trace/instances');
    expect(findSight(root(), { PATH: '/nowhere' }).canTrace).toBe('tracefs');
  });
  it('a mount without its folder of instances does not do', () => {
    tree.write('proc/self/mountinfo', '30 1 0:30 / /trace rw - tracefs nodev rw\n');
    expect(findSight(root(), { PATH: '/nowhere' }).canTrace).toBeUndefined();
  });
  it('nothing is found without a PATH that has it', () => {
    expect(findSight(root(), { PATH: tree.dir })).toMatchObject({ canTrace: undefined, runtimes: [] });
  });
});

describe('how much room there is', () => {
  const ceiling = (limit: number | 'unknown', unit: 'tasks' | 'bytes' = 'tasks') =>
    makeCeiling({ name: 'pids.max', scope: 'cgroup', path: '/a', unit, used: 10, limit, source: '', raise: '' });
  const room = (ceilings: readonly ReturnType<typeof ceiling>[], meanwhile: () => void = () => {}) =>
    findRoom(root(), { readCeilings: () => [...ceilings] }, async () => meanwhile());
  it('is what the tightest ceiling on tasks leaves', async () => {
    expect((await room([ceiling(500), ceiling(100), ceiling(11, 'bytes')])).room).toEqual({
      tasks: 90,
      by: 'pids.max of /a',
    });
    expect((await room([ceiling('unknown')])).room).toEqual({ tasks: undefined, by: '' });
  });
  it('limits of this process', async () => {
    tree.write(
      'proc/self/limits',
      'Limit                     Soft Limit           Hard Limit           Units     \nMax open files            1024                 4096                 files     \nMax address space         unlimited            unlimited            bytes     \n',
    );
    expect(await room([])).toMatchObject({ openFiles: 4_096, addressSpaceBytes: 'unlimited', init: 'PID 1' });
  });
  it('zombies of PID 1 that are still there after a while; others are reaped in time', async () => {
    addProcess(tree, 1, { name: 'app', ppid: 0 });
    for (const pid of [10, 11, 12]) addProcess(tree, pid, { state: 'Z', ppid: 1 });
    addProcess(tree, 13, { state: 'Z', ppid: 5 });
    addProcess(tree, 14, { state: 'Z', ppid: 1, threads: 3 });
    const found = await room([], () => tree.rm('proc/11'));
    expect([found.unreaped, found.init]).toEqual([2, 'app']);
  });
});
