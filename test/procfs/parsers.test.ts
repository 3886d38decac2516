import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCgroupFile } from '../../src/procfs/cgroupFile.ts';
import { parseLimits } from '../../src/procfs/limits.ts';
import { parseLoadavg } from '../../src/procfs/loadavg.ts';
import { parseMaps } from '../../src/procfs/maps.ts';
import { parseMeminfo } from '../../src/procfs/meminfo.ts';
import { parseMountinfo } from '../../src/procfs/mountinfo.ts';
import { parseNumber } from '../../src/procfs/read.ts';
import { parseSlab } from '../../src/procfs/slabinfo.ts';
import { isZombie, type ProcessStat, parseStat } from '../../src/procfs/stat.ts';
import { parseStatus } from '../../src/procfs/status.ts';
import { parsePlace } from '../../src/procfs/syscall.ts';

/** What a kernel prints after the name; 17 threads, started at 1234567, 11 ticks, SCHED_OTHER. */
const TAIL =
  'S 7 42 42 34816 42 4194304 1 2 3 4 5 6 7 8 20 0 17 0 1234567 10000000 500 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n';
/** Anything that a process may put into its name: 15 bytes without a zero. */
const name = fc
  .array(fc.integer({ min: 1, max: 255 }), { minLength: 0, maxLength: 15 })
  .map((bytes) => Buffer.from(bytes).toString('latin1'));

describe('stat', () => {
  it('whatever a process calls itself, its fields are right', () => {
    fc.assert(
      fc.property(name, fc.integer({ min: 1, max: 4_194_304 }), (comm, pid) => {
        expect(parseStat(`${pid} (${comm}) ${TAIL}`)).toMatchObject({
          pid,
          name: comm,
          state: 'S',
          ppid: 7,
          threads: 17,
          startTime: 1_234_567,
          cpuTicks: 11,
          policy: 0,
        });
      }),
    );
  });
  it.for([
    [') R 1 1 1 (', 'S'],
    ['a) Z 1 1', 'S'],
    ['((((', 'S'],
    ['', 'S'],
  ] as const)('a process named %j is in state %s', ([comm, state]) => {
    expect(parseStat(`42 (${comm}) ${TAIL}`)?.state).toBe(state);
  });
  it('a text that was cut anywhere is no process, or one with its start time', () => {
    const whole = `42 (x) ${TAIL}`;
    fc.assert(
      fc.property(fc.nat(whole.length), (length) => {
        const stat = parseStat(whole.slice(0, length));
        if (stat !== undefined) expect(Number.isFinite(stat.startTime)).toBe(true);
      }),
    );
  });
  it.for([
    ['a real-time process', 'policy', `42 (x) ${TAIL.replace('17 0 0 0 0 0 0\n', '17 1 50 1 0 0 0\n')}`, 1],
    ['no terminal', 'tpgid', `42 (x) ${TAIL.replace('34816 42', '0 -1')}`, -1],
  ] as const)('%s', ([, field, text, want]) => expect(parseStat(text)?.[field]).toBe(want));
  it.for([
    ['Z', 1, true],
    ['Z', 0, true],
    ['Z', 2, false],
    ['S', 1, false],
    ['X', 1, false],
  ] as const)('state %s with %i threads is a zombie: %s', ([state, threads, want]) => {
    expect(isZombie({ state, threads } as ProcessStat)).toBe(want);
  });
});

describe('status', () => {
  const text = [
    'Name:\tsh',
    'State:\tS (sleeping)',
    'Uid:\t1000\t0\t0\t0',
    'NSpid:\t4711\t12\t1',
    'VmSize:\t    1024 kB',
    'VmLck:\t       4 kB',
    'VmData:\t     512 kB',
    'RssAnon:\t     256 kB',
    'Threads:\t17',
    'SigIgn:\t0000000000001000',
    'SigCgt:\t00000001800004ec',
    'CapEff:\t000001ffffffffff',
    'Seccomp:\t2',
    '',
  ].join('\n');
  it('every field that is used', () => {
    expect(parseStatus(text)).toEqual({
      uid: 1000,
      fsUid: 0,
      name: 'sh',
      threads: 17,
      vmSizeBytes: 1024 * 1024,
      vmDataBytes: 512 * 1024,
      vmLockedBytes: 4 * 1024,
      rssAnonBytes: 256 * 1024,
      seccomp: 2,
      nsPids: [4711, 12, 1],
      ignoredSignals: 0x1000n,
      caughtSignals: 0x1800004ecn,
      effectiveCaps: 0x1ffffffffffn,
    });
  });
  it('a name that looks like a field is not one: the kernel escapes its newline', () => {
    expect(parseStatus(text.replace('Name:\tsh', 'Name:\t\\nThreads:\\t999'))).toMatchObject({
      name: '\\nThreads:\\t999',
      threads: 17,
    });
  });
  it.for([
    ['nothing', ''],
    ['a zombie of an old kernel', 'Name:\tx\nState:\tZ (zombie)\n'],
    ['cut before Threads', text.slice(0, text.indexOf('Threads'))],
  ] as const)('%s is no status', ([, cut]) => expect(parseStatus(cut)).toBeUndefined());
  it('fields that are missing are nothing, not a failure', () => {
    expect(parseStatus('Name:\tx\nThreads:\t1')).toMatchObject({
      vmSizeBytes: 0,
      nsPids: [],
      ignoredSignals: 0n,
      seccomp: 0,
    });
    expect(parseStatus('Name:\tx\nThreads:\t1\n')?.uid).toBeNaN();
  });
  it('a mask that is no number is empty', () => {
    expect(parseStatus('Name:\tx\nThreads:\t1\nSigCgt:\tzz\n')?.caughtSignals).toBe(0n);
  });
});

describe('limits', () => {
  const text =
    'Limit                     Soft Limit           Hard Limit           Units     \n' +
    'Max cpu time              unlimited            unlimited            seconds   \n' +
    'Max processes             0                    96365                processes \n' +
    'Max open files            1048576              1048576              files     \n' +
    'Max nice priority         0                    0                    \n';
  it('by the titles of the kernel, with 0 as a number', () => {
    expect([...parseLimits(text)]).toEqual([
      ['Max cpu time', { soft: 'unlimited', hard: 'unlimited' }],
      ['Max processes', { soft: 0, hard: 96_365 }],
      ['Max open files', { soft: 1_048_576, hard: 1_048_576 }],
      ['Max nice priority', { soft: 0, hard: 0 }],
    ]);
  });
  it.for(['', 'Limit  Soft Limit  Hard Limit  Units\n', `${text.slice(0, 90)}`])(
    'half a file: what is whole',
    (cut) => {
      expect(parseLimits(cut).get('Max processes')).toBeUndefined();
    },
  );
});

describe('short files', () => {
  it.for([
    ['0.15 0.07 0.02 2/79 2259\n', { running: 2, tasks: 79, lastPid: 2259 }],
    ['12.00 9.99 9.00 1234/32768 4194303\n', { running: 1_234, tasks: 32_768, lastPid: 4_194_303 }],
    ['0.15 0.07 0.02 2/79', undefined],
    ['0.15 0.07 0.02', undefined],
    ['', undefined],
  ] as const)('loadavg %j', ([text, want]) => expect(parseLoadavg(text)).toEqual(want));
  it.for([
    ['12\n', 12],
    ['0', 0],
    ['-1\n', -1],
    ['max\n', 'unlimited'],
    ['maximum', 'unknown'],
    ['12 13', 'unknown'],
    ['1e3', 'unknown'],
    [' \n', 'unknown'],
    [undefined, 'unknown'],
  ] as const)('a number %j', ([text, want]) => expect(parseNumber(text)).toBe(want));
  it('meminfo: the first line, the last line, and a name that ends like another', () => {
    const text = 'MemTotal:  10 kB\nSMemAvailable: 1 kB\nMemAvailable:  8 kB\nPageTables: 3 kB';
    expect(parseMeminfo(text)).toEqual({
      totalBytes: 10_240,
      availableBytes: 8_192,
      commitLimitBytes: undefined,
      committedBytes: undefined,
      kernelStackBytes: undefined,
      pageTablesBytes: 3_072,
    });
    expect(parseMeminfo('MemTotal: lots\n').totalBytes).toBeUndefined();
    expect(Object.values(parseMeminfo(''))).toEqual(Array(6).fill(undefined));
  });
  it('slabinfo: a cache by its whole name', () => {
    const text =
      'slabinfo - version: 2.1\ntask_struct_x 1 1 5888 5 8 : tunables 0 0 0 : slabdata 1 1 0\ntask_struct 121 140 5888 5 8 : tunables 0 0 0 : slabdata 28 28 0\n';
    expect(parseSlab(text, 'task_struct')).toEqual({ objects: 121, bytes: 28 * 8 * 4096, bytesEach: (8 * 4096) / 5 });
    expect(parseSlab(text, 'task')).toBeUndefined();
    expect(parseSlab(text.slice(0, 120), 'task_struct')).toBeUndefined();
  });
});

describe('where things are mounted', () => {
  it('cgroup: controllers, a named tree, v2, and colons in a path', () => {
    expect(parseCgroupFile('8:pids:/a\n4:cpu,cpuacct:/\n1:name=systemd:/x\n0::/b:c\nbroken\n')).toEqual([
      { controllers: ['pids'], path: '/a' },
      { controllers: ['cpu', 'cpuacct'], path: '/' },
      { controllers: ['name=systemd'], path: '/x' },
      { controllers: [], path: '/b:c' },
    ]);
  });
  it('mountinfo: with and without optional fields, and what is escaped', () => {
    const text =
      '36 35 0:30 / /my\\040cg rw shared:9 master:1 - cgroup cgroup rw,pids\n' +
      '37 35 0:31 /a\\134b /tab\\011 ro,nosuid - cgroup2 cgroup2 rw\n' +
      '38 35 0:32 / /cut\n' +
      '39 35 - x\n';
    expect(parseMountinfo(text)).toEqual([
      { root: '/', mountPoint: '/my cg', type: 'cgroup', options: ['rw', 'rw', 'pids'] },
      { root: '/a\\b', mountPoint: '/tab\t', type: 'cgroup2', options: ['ro', 'nosuid', 'rw'] },
    ]);
    expect(parseMountinfo('')).toEqual([]);
  });
  it('maps: what a path may hold, and lines that are no map', () => {
    const text =
      '55d0a0000000-55d0a0001000 r-xp 00001000 08:01 1234                       /opt/my app (deleted)\n' +
      '7f0000000000-7f0000001000 rw-p 00000000 00:00 0 \n' +
      'ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n' +
      'Size: 4 kB\n7f12';
    expect(parseMaps(text)).toEqual([
      {
        start: 0x55d0a0000000,
        end: 0x55d0a0001000,
        perms: 'r-xp',
        offset: 0x1000,
        device: '08:01',
        inode: 1234,
        path: '/opt/my app (deleted)',
      },
      expect.objectContaining({ start: 0x7f0000000000, perms: 'rw-p', inode: 0, path: '' }),
    ]);
  });
  it('where a thread is: any text is a place, running or nothing', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), (text) => {
        const place = parsePlace(text);
        if (typeof place === 'object') expect([place.sp, place.pc].some(Number.isNaN)).toBe(false);
      }),
    );
  });
});
