import { describe, expect, it } from 'vitest';
import { parseCgroupFile } from '../../src/procfs/cgroupFile.ts';
import { parseLimits } from '../../src/procfs/limits.ts';
import { parseLoadavg } from '../../src/procfs/loadavg.ts';
import { countMaps } from '../../src/procfs/maps.ts';
import { parseMeminfo } from '../../src/procfs/meminfo.ts';
import { parseMountinfo } from '../../src/procfs/mountinfo.ts';
import { KeptFile, parseNumber } from '../../src/procfs/read.ts';
import { kernelRoot } from '../../src/procfs/root.ts';
import { isZombie, parseStat, readStat } from '../../src/procfs/stat.ts';
import { parseStatus, readStatus } from '../../src/procfs/status.ts';
import { countThreads, listThreads } from '../../src/procfs/task.ts';

const tail = '42 42 34816 42 4194304 1 2 3 4 5 6 7 8 20 0 17 0 1234567 0 0';

describe('parsers', () => {
  it.for([
    ['sleep', '42 (sleep) S 7 ', 'sleep', 'S'],
    ['one that named itself ") R 1"', '42 () R 1) S 7 ', ') R 1', 'S'],
    ['one with a newline and escapes', '42 (x\ny \u001b[31m) Z 7 ', 'x\ny \u001b[31m', 'Z'],
  ] as const)('stat of %s', ([, head, name, state]) => {
    expect(parseStat(head + tail)).toEqual({
      pid: 42,
      name,
      state,
      ppid: 7,
      pgrp: 42,
      session: 42,
      ttyNr: 34816,
      tpgid: 42,
      threads: 17,
      startTime: 1234567,
      policy: 0,
      cpuTicks: 11,
    });
  });
  it.for(['', '42 (cut', '42 (cut) S 1'])('stat cut short: %j', (text) => expect(parseStat(text)).toBeUndefined());
  it.for([
    ['it has ended and waits to be reaped', 'Z', 1, true],
    ['its first thread has ended, others run on', 'Z', 7, false],
    ['it sleeps', 'S', 1, false],
    ['it is stopped', 'T', 1, false],
  ] as const)('a zombie? %s', ([, state, threads, want]) => {
    expect(isZombie({ state, threads })).toBe(want);
  });
  it('status, also of a zombie that has no Vm lines', () => {
    expect(parseStatus('Name:\tx\nUid:\t1000\t0\t0\t0\nThreads:\t1\nSigIgn:\t0000000000000001\n')).toMatchObject({
      uid: 1000,
      threads: 1,
      vmSizeBytes: 0,
      ignoredSignals: 1n,
    });
    expect(parseStatus('Name:\tx\nVmSize:\t  12 kB\nThreads:\t9\n')?.vmSizeBytes).toBe(12288);
  });
  it('loadavg, limits, meminfo, numbers', () => {
    expect(parseLoadavg('0.15 0.07 0.02 2/79 2259\n')).toEqual({ running: 2, tasks: 79, lastPid: 2259 });
    expect(parseLoadavg('')).toBeUndefined();
    const limits = parseLimits(
      'Limit                     Soft Limit           Hard Limit           Units     \nMax processes             96365                unlimited            processes \n',
    );
    expect(limits.get('Max processes')).toEqual({ soft: 96365, hard: 'unlimited' });
    expect(parseMeminfo('MemTotal: 10 kB\nMemAvailable:  8 kB\n')).toMatchObject({
      totalBytes: 10240,
      availableBytes: 8192,
    });
    expect(['12\n', 'max\n', '', 'x', undefined].map(parseNumber)).toEqual([
      12,
      'unlimited',
      'unknown',
      'unknown',
      'unknown',
    ]);
  });
  it('cgroup and mountinfo, with a space in a mount point', () => {
    expect(parseCgroupFile('8:pids:/a\n4:cpu,cpuacct:/\n0::/b:c\n')).toEqual([
      { controllers: ['pids'], path: '/a' },
      { controllers: ['cpu', 'cpuacct'], path: '/' },
      { controllers: [], path: '/b:c' },
    ]);
    expect(parseMountinfo('36 35 0:30 / /my\\040cg rw shared:9 - cgroup cgroup rw,pids\n')).toEqual([
      { root: '/', mountPoint: '/my cg', type: 'cgroup', options: ['rw', 'rw', 'pids'] },
    ]);
  });
});

describe('the running kernel', () => {
  const root = kernelRoot();
  it('agrees with itself about this process', async () => {
    const threads = readStatus(root, 'self')?.threads;
    expect(countThreads(root, process.pid)).toBe(threads);
    expect(listThreads(root, process.pid)).toHaveLength(threads ?? -1);
    expect(readStat(root, 'self')?.pid).toBe(process.pid);
    expect(await countMaps(root, process.pid)).toBeGreaterThan(20);
  });
  it('answers absence for a process that is gone', async () => {
    const gone = 2 ** 22 + 7;
    expect([
      readStat(root, gone),
      readStatus(root, gone),
      countThreads(root, gone),
      await countMaps(root, gone),
      listThreads(root, gone),
    ]).toEqual([undefined, undefined, undefined, undefined, []]);
    expect(new KeptFile(root.proc(gone, 'status')).read()).toBeUndefined();
  });
});
