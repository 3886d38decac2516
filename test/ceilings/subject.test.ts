import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cgroupOwner } from '../../src/ceilings/owner.ts';
import { openContext, type SubjectSources } from '../../src/ceilings/subject.ts';
import { openSurroundings } from '../../src/ceilings/surroundings.ts';
import { calibratedCost } from '../../src/core/cost.ts';
import { kernelRoot } from '../../src/procfs/root.ts';
import { addProcess } from '../fixtures/processes.ts';
import { makeTree } from '../fixtures/tree.ts';

let tree: ReturnType<typeof makeTree>;
beforeEach(() => {
  tree = makeTree({
    'proc/loadavg': '0.15 0.07 0.02 2/250 4000\n',
    'proc/meminfo': 'MemTotal: 8000000 kB\nMemAvailable: 4000000 kB\n',
    'proc/sys/kernel/pid_max': '32768\n',
    'proc/sys/kernel/threads-max': '62000\n',
    'proc/sys/vm/max_map_count': '65530\n',
    'proc/self/mountinfo': '20 1 0:5 / /proc rw - proc proc rw\n30 1 0:30 / /cg rw - cgroup2 cgroup2 rw\n',
    'proc/self/cgroup': '0::/\n',
    'proc/self/status':
      'Name:\tnode\nUid:\t0\t0\t0\t0\nNSpid:\t99\nThreads:\t4\nVmData:\t10000 kB\nCapEff:\t000001ffffffffff\n',
    'cg/cgroup.controllers': 'pids memory\n',
  });
  tree.link('proc/self/ns/pid', 'pid:[4026531836]');
  tree.link('proc/self/ns/user', 'user:[4026531837]');
});
afterEach(() => tree.remove());

const cost = calibratedCost('native', 8 << 20);
const sources = (over: Partial<SubjectSources> = {}): SubjectSources => ({
  process: () => undefined,
  cost: () => cost,
  gate: (scan) => scan,
  ...over,
});
const context = (pid: number | 'self', over: Partial<SubjectSources> = {}) =>
  openContext(kernelRoot(tree.dir), pid, sources(over));
const status = (uid: number, caps: string, nsPids = '42') =>
  tree.write('proc/42/status', `Name:\tx\nUid:\t${uid}\t0\t0\t0\nNSpid:\t${nsPids}\nThreads:\t1\nCapEff:\t${caps}\n`);

describe('a subject', () => {
  it.for([
    ['root of the host', 0, '0', 'user:[4026531837]', 0, true],
    ['a plain user', 1000, '0000000000000000', 'user:[4026531837]', 0, false],
    ['CAP_SYS_RESOURCE', 1000, '0000000001000000', 'user:[4026531837]', 0, true],
    ['CAP_SYS_ADMIN', 1000, '0000000000200000', 'user:[4026531837]', 0, true],
    ['another capability', 1000, '0000000000001000', 'user:[4026531837]', 0, false],
    ['root of a user namespace that is somebody outside', 0, '000001ffffffffff', 'user:[4026532002]', 1000, false],
    ['root of a user namespace that is root outside', 0, '000001ffffffffff', 'user:[4026532002]', 0, true],
    ['a capability in a user namespace', 1000, '0000000001000000', 'user:[4026532002]', 1000, false],
  ] as const)('%s: exempt from RLIMIT_NPROC?', ([, uid, caps, namespace, outside, want]) => {
    addProcess(tree, 42);
    status(uid, caps);
    tree.link('proc/42/ns/user', namespace);
    tree.write('proc/self/uid_map', `         0 ${outside} 1\n`);
    expect(context(42)).toMatchObject({ uid, isNprocExempt: want, isInUserNamespace: namespace.includes('2002') });
  });
  it.for([
    ['host', '42', 'pid:[4026531836]', 'host'],
    ['our own nested one', '42', 'pid:[4026532001]', 'nested'],
    ['another one', '42\t1', 'pid:[4026531836]', 'foreign'],
  ] as const)('pid namespace: %s', ([, nsPids, own, want]) => {
    addProcess(tree, 42);
    status(0, '0', nsPids);
    tree.link('proc/self/ns/pid', own);
    expect(context(42).pidNamespace).toBe(want);
  });
  it('one that is gone gives what can still be read, and is exempt from nothing', () => {
    expect(context(42)).toMatchObject({ uid: -1, isNprocExempt: false, pidNamespace: 'host' });
    expect(context(42).limits.size).toBe(0);
  });
  it('the asker is one who will be gone; a guard stays', () => {
    expect(context('self', { isPassing: true }).asker).toMatchObject({ tasks: 4, uid: 0, committedBytes: 10_240_000 });
    expect(context('self').asker).toBeUndefined();
  });
  it('a process that does not exist yet is taken for a small one', () => {
    expect(context('self').memory()).toEqual({ vmSizeBytes: 2_700_000, vmDataBytes: 300_000 });
    addProcess(tree, 42, { vmSizeKb: 5_000 });
    expect(context('self', { process: () => ({ pid: 42, maps: 3 }) }).memory()).toMatchObject({
      vmSizeBytes: 5_000 * 1024,
    });
  });
  it('a scan is wrapped by whoever looks often', () => {
    addProcess(tree, 400);
    let scans = 0;
    const gate: SubjectSources['gate'] = (scan) => () => {
      scans += 1;
      return scan();
    };
    const found = context('self', { gate });
    expect(scans).toBe(0);
    expect([found.pidUse(), found.uidTasks(), scans]).toEqual([
      { tasks: undefined, outside: 0, pinned: 0, isWhole: true },
      1,
      2,
    ]);
  });
  it('hidepid: root sees everybody all the same', () => {
    tree.write('proc/self/mountinfo', '20 1 0:5 / /proc rw - proc proc rw,hidepid=2\n');
    expect(context('self').pidUse().isWhole).toBe(true);
    tree.write('proc/self/status', 'Name:\tx\nUid:\t1000\t0\t0\t0\nThreads:\t1\n');
    expect(context('self').pidUse().isWhole).toBe(false);
  });
});

describe('what is around a target', () => {
  const open = (onError: (name: string, error: unknown) => void = () => {}, perThread = () => undefined as never) =>
    openSurroundings(
      kernelRoot(tree.dir),
      { heaviest: () => ({ pid: 42, maps: 7 }), perThread, libc: undefined, now: () => 0 },
      onError,
    );
  it('is all ceilings, in the order of the checks, read anew at every look', () => {
    const around = open();
    expect(around.host().tasks).toBe(250);
    const names = around.readCeilings().map(({ name }) => name);
    expect(names).toEqual([
      'RLIMIT_AS',
      'vm.max_map_count',
      'RLIMIT_DATA',
      'MemAvailable',
      'RLIMIT_NPROC',
      'kernel.threads-max',
      'kernel.pid_max',
    ]);
    tree.write('proc/sys/kernel/threads-max', '1000\n');
    expect(around.readCeilings().find(({ name }) => name === 'kernel.threads-max')?.limit).toBe(1_000);
  });
  it('one ceiling that fails is told once and left out, and the others stand', () => {
    const told: string[] = [];
    const around = open(
      (name, error) => told.push(`${name}: ${(error as Error).message}`),
      () => {
        throw new Error('broken');
      },
    );
    for (let look = 0; look < 3; look += 1) around.readCeilings();
    expect(told.sort()).toEqual([
      'MemAvailable: broken',
      'RLIMIT_AS: broken',
      'RLIMIT_DATA: broken',
      'vm.max_map_count: broken',
    ]);
    expect(around.readCeilings().map(({ name }) => name)).toEqual([
      'RLIMIT_NPROC',
      'kernel.threads-max',
      'kernel.pid_max',
    ]);
  });
  it('a thread costs what was learnt, as soon as enough of them came and went', () => {
    const slope = (range: number) => ({ perUnit: 5, uncertainty: 0, range });
    const roomFor = (range: number) => {
      const fitted = { maps: slope(range), userBytes: undefined };
      const around = openSurroundings(
        kernelRoot(tree.dir),
        { heaviest: () => ({ pid: 42, maps: 530 }), perThread: () => fitted, libc: undefined, now: () => 0 },
        () => {},
      );
      return around.readCeilings().find(({ name }) => name === 'vm.max_map_count')?.additionalThreads;
    };
    // 65,000 maps are left: at two maps a thread by calibration, at five by what was learnt.
    expect([roomFor(15), roomFor(16)]).toEqual([32_500, 13_000]);
  });
  it('a machine where no number can be read has no tasks', () => {
    tree.write('proc/loadavg', '');
    expect(open().host().tasks).toBe(0);
  });
});

describe('who set a limit', () => {
  const POD =
    '/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod11111111_2222_3333_4444_555555555555.slice';
  const ID = '0123456789abcdef'.repeat(4);
  it.for([
    [
      '/system.slice/web.service',
      'tasks',
      /set-property web\.service TasksMax=/,
      /^systemd: TasksMax= of web\.service$/,
    ],
    ['/system.slice/web.service', 'memory', /set-property web\.service MemoryMax=/, undefined],
    ['/user.slice', 'tasks', /set-property user\.slice/, /systemd/],
    [POD, 'tasks', /podPidsLimit/, /kubelet/],
    [POD, 'memory', /limits\.memory of the containers of the pod/, /pod together/],
    ['/kubepods/burstable/pod11111111-2222-3333-4444-555555555555', 'tasks', /podPidsLimit/, /kubelet/],
    [`${POD}/cri-containerd-${ID}.scope`, 'tasks', /container runtime/, undefined],
    [`${POD}/cri-containerd-${ID}.scope`, 'memory', /limits\.memory of the container$/, undefined],
    [`/docker/${ID}`, 'tasks', /docker update --pids-limit/, /container engine/],
    [`/machine.slice/libpod-${ID}.scope`, 'memory', /podman update --memory/, /container engine/],
    ['/jobs/one', 'tasks', /^write pids\.max of that cgroup$/, undefined],
    ['/jobs/one', 'memory', /^write memory\.max of that cgroup$/, undefined],
    ['/system.slice/gone.scope (deleted)', 'tasks', /gone\.scope TasksMax/, /gone\.scope/],
    ['/', 'tasks', /write pids\.max/, undefined],
  ] as const)('%s, %s', ([path, setting, raise, note]) => {
    const owner = cgroupOwner(path, setting);
    expect(owner.raise).toMatch(raise);
    if (note === undefined) expect(owner.note).toBeUndefined();
    else expect(owner.note).toMatch(note);
  });
});
