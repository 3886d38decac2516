import { describe, expect, it } from 'vitest';
import { checksOf } from '../../src/doctor/checks.ts';
import type { Findings } from '../../src/doctor/findings.ts';

const well: Findings = {
  kernel: '6.12.0',
  containment: { kind: 'cgroup-v2', isCgroup: true, why: [] },
  cgroupVersion: 2,
  hasCgroupKill: true,
  hasLocalEvents: true,
  hasLibc: true,
  isSubreaper: true,
  priority: 'realtime',
  hasAutogroup: true,
  ptraceScope: 0,
  canPtrace: true,
  hidesProcesses: false,
  canReadSlabs: true,
  canTrace: 'strace',
  whyNotTraced: undefined,
  runtimes: [{ name: 'java', channel: 'x' }],
  room: { tasks: 20_000, by: 'kernel.pid_max' },
  openFiles: 1024,
  addressSpaceBytes: 'unlimited',
  unreaped: 0,
  init: 'systemd',
};

describe('checksOf', () => {
  it('a machine that has everything misses nothing, and gets no advice', () => {
    const checks = checksOf(well);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(checks.filter(({ hint }) => hint !== '')).toEqual([]);
  });
  it.for([
    [
      'containment',
      { containment: { kind: 'rlimit', isCgroup: false, why: ['not delegated'] } },
      /not delegated/,
      /Delegate/,
    ],
    ['cgroups', { cgroupVersion: 1 }, /Linux 6\.12\.0, tasks are counted by cgroup v1/, /unified_cgroup_hierarchy/],
    ['cgroups', { cgroupVersion: undefined }, /no cgroup tree/, /mount cgroup2/],
    ['cgroup.kill', { hasCgroupKill: false }, /walk/, /5\.14/],
    ['priority', { priority: 'none' }, /autogroup/, /CAP_SYS_NICE/],
    ['libc', { hasLibc: false }, /koffi/, /npm ci/],
    ['subreaper', { isSubreaper: false }, /start time/, /libc/],
    ['ptrace', { canPtrace: false, ptraceScope: 1 }, /ptrace_scope 1/, /CAP_SYS_PTRACE/],
    ['hidepid', { hidesProcesses: true }, /hides/, /gid=/],
    ['room', { room: { tasks: 12, by: 'pids.max of /a' } }, /12 more tasks, bound by pids\.max of \/a/, /--suggest/],
    ['open files', { openFiles: 64 }, /64/, /LimitNOFILE/],
    ['address space', { addressSpaceBytes: 1 << 28 }, /^RLIMIT_AS 256 MiB$/, /ulimit -v/],
    ['PID 1', { unreaped: 7, init: 'app' }, /app leaves 7 zombies/, /--init/],
    ['refusals', { hasLocalEvents: false }, /arithmetic/, /6\.11/],
    ['slabs', { canReadSlabs: false }, /slabinfo/, /root/],
    ['creators', { whyNotTraced: 'tracefs may not be read' }, /is sampled.*: tracefs may not be read/, /CAP_PERFMON/],
    ['trace', { canTrace: undefined }, /no way/, /strace/],
    ['runtimes', { runtimes: [] }, /none on the PATH/, /native programs/],
    ['priority', { priority: 'nice' }, /niceness only/, /CAP_SYS_NICE/],
    ['priority', { priority: 'none', hasAutogroup: false }, /^none can be had: it may be late/, /CAP_SYS_NICE/],
    ['ptrace', { canPtrace: false, ptraceScope: undefined }, /own processes only$/, /CAP_SYS_PTRACE/],
  ] as const)('%s: what is missing, and the way to it', ([name, change, detail, hint]) => {
    const missing = checksOf({ ...well, ...(change as Partial<Findings>) }).filter(({ ok }) => !ok);
    expect(missing).toEqual([
      { name, ok: false, detail: expect.stringMatching(detail), hint: expect.stringMatching(hint) },
    ]);
  });
  it.for([
    ['room that is not known', { room: { tasks: undefined, by: '' } }, 'room', 'unknown'],
    ['just enough tasks', { room: { tasks: 64, by: 'x' } }, 'room', '64 more tasks, bound by x'],
    ['just enough files', { openFiles: 128 }, 'open files', 'RLIMIT_NOFILE 128'],
    ['address space that is not known', { addressSpaceBytes: undefined }, 'address space', 'RLIMIT_AS unknown'],
    ['files without a limit', { openFiles: 'unlimited' }, 'open files', 'RLIMIT_NOFILE unlimited'],
    ['files that are not known', { openFiles: undefined }, 'open files', 'RLIMIT_NOFILE unknown'],
    ['just enough address space', { addressSpaceBytes: 2 ** 31 }, 'address space', 'RLIMIT_AS 2.0 GiB'],
    ['tracefs', { canTrace: 'tracefs' }, 'trace', 'explain --trace works by tracefs'],
  ] as const)('%s is well', ([, change, name, detail]) => {
    const found = checksOf({ ...well, ...(change as Partial<Findings>) }).find((one) => one.name === name);
    expect(found).toEqual({ name, ok: true, detail, hint: '' });
  });
  it('what is said of a machine that has everything', () => {
    expect(checksOf(well).map(({ detail, name }) => `${name}: ${detail}`)).toEqual([
      'containment: cgroup-v2: the kernel holds the command',
      'cgroups: Linux 6.12.0, tasks are counted by cgroup v2',
      'cgroup.kill: a whole tree ends with one write',
      'priority: real-time: it is on time beside 1,500 busy threads',
      'libc: loaded',
      'subreaper: orphans of a tree come to the guard',
      'ptrace: maps and stacks of other users’ processes can be read',
      'hidepid: /proc shows every process',
      'room: 20,000 more tasks, bound by kernel.pid_max',
      'open files: RLIMIT_NOFILE 1024',
      'address space: RLIMIT_AS unlimited',
      'PID 1: systemd reaps',
      'refusals: pids.events.local says which ancestor refused',
      'slabs: kernel memory per task can be read',
      'trace: explain --trace works by strace',
      'creators: the kernel records who makes each thread and process (tracepoint task:task_newtask)',
      'runtimes: java (x)',
    ]);
  });
  it('every reason why nothing better could be had is told', () => {
    const containment = { kind: 'sampling', isCgroup: false, why: ['no cgroup', 'no RLIMIT_NPROC'] };
    expect(checksOf({ ...well, containment })[0]?.detail).toBe('sampling: no cgroup; no RLIMIT_NPROC');
  });
  it.for([
    ['one task too few', { room: { tasks: 63, by: 'x' } }, 'room'],
    ['one descriptor too few', { openFiles: 127 }, 'open files'],
    ['a byte too little', { addressSpaceBytes: 2 ** 31 - 1 }, 'address space'],
    ['one zombie', { unreaped: 1 }, 'PID 1'],
  ] as const)('%s is missing', ([, change, name]) => {
    expect(checksOf({ ...well, ...change }).filter(({ ok }) => !ok)).toMatchObject([{ name }]);
  });
  it('every check has a name of its own', () => {
    const names = checksOf(well).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
