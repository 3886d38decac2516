import { afterEach, describe, expect, it } from 'vitest';
import type { Ceiling } from '../../src/core/model.ts';
import { type LimitsReport, limitsDocument, readReport } from '../../src/limits/readReport.ts';
import type { Selector } from '../../src/limits/select.ts';
import { limitsText, suggestionText } from '../../src/reporters/limitsText.ts';
import { makeMachine } from '../fixtures/machine.ts';

const made: { remove(): void }[] = [];
afterEach(() => {
  for (const machine of made.splice(0)) machine.remove();
});

function read(name: string, selector: Selector = { kind: 'pid', pid: 42 }): LimitsReport {
  const machine = makeMachine(name);
  made.push(machine);
  return readReport(machine.root, selector, undefined);
}

const find = ({ ceilings }: LimitsReport, name: string, path?: string): Ceiling | undefined =>
  ceilings.find((one) => one.name === name && (path === undefined || one.path === path));

describe('a plain machine', () => {
  it('counts ids, not processes: reserved, low and the asker’s own are taken out', () => {
    // 250 tasks, 4 below 300 (pid 42 and its threads), 4 our own: 242 of 32,468.
    expect(find(read('base'), 'kernel.pid_max')).toMatchObject({ used: 242, remaining: 32_226, confidence: 'exact' });
  });
  it('tasks from before the limit was lowered hold none of the numbers below it', () => {
    expect(find(read('lowered-pid-max'), 'kernel.pid_max')).toMatchObject({ used: 241, limit: 450 });
  });
  it('threads-max is against nr_threads without the asker', () => {
    expect(find(read('base'), 'kernel.threads-max')).toMatchObject({ used: 246, additionalThreads: 61_754 });
  });
  it('RLIMIT_NPROC counts the tasks of the uid', () => {
    expect(find(read('base'), 'RLIMIT_NPROC')).toMatchObject({ used: 4, limit: 4096, exempt: false });
  });
  it('maps are counted without [vsyscall], a mmap may end one above', () => {
    expect(find(read('base'), 'vm.max_map_count')).toMatchObject({ used: 3, additionalMaps: 65_528, path: 'pid 42' });
  });
  it('a limit that is not set is no number', () => {
    expect(find(read('base'), 'RLIMIT_AS')).toMatchObject({ limit: 'unlimited', additionalThreads: 'unlimited' });
  });
  it('memory kills instead of refusing', () => {
    expect(find(read('base'), 'MemAvailable')).toMatchObject({ effect: 'kills', confidence: 'estimated' });
  });
});

describe('layouts', () => {
  it('cgroups mounted elsewhere: the mount table says where', () => {
    expect(read('mounted-elsewhere').answer).toMatchObject({
      binding: { name: 'pids.max', path: '/jobs/one' },
      additionalThreads: 20,
    });
  });
  it('v1: the leaf’s limit', () => {
    expect(read('v1').answer).toMatchObject({ binding: { name: 'pids.max', path: '/app' }, additionalThreads: 400 });
  });
  it('v1: page cache is given back before anybody is killed', () => {
    expect(find(read('v1'), 'memory.max', '/app')).toMatchObject({ used: 45_000_000, effect: 'kills' });
  });
  it('v1: 2^63 is no limit', () => {
    expect(find(read('v1'), 'memory.max', '/')?.limit).toBe('unlimited');
  });
  it('v1: a dead limit on kernel memory is not shown', () => {
    expect(find(read('v1'), 'memory.kmem.limit_in_bytes')).toBeUndefined();
  });
  it('v1 of an old kernel: a live one binds', () => {
    expect(read('v1-old-kernel').answer.binding?.name).toBe('memory.kmem.limit_in_bytes');
  });
  it('v1: a frozen target is said to be', () => {
    expect(read('v1').reasons.join()).toContain('it is frozen');
  });
  it('hybrid: pids is read in v1, frozen in v2', () => {
    const report = read('hybrid');
    expect(find(report, 'pids.max', '/app')).toMatchObject({ used: 3, limit: 'unlimited' });
    expect(report.reasons.join()).toContain('it is frozen');
  });
  it('v2: an ancestor is tighter than the leaf', () => {
    expect(read('v2-service').answer).toMatchObject({
      binding: { name: 'pids.max', path: '/system.slice' },
      additionalThreads: 100,
    });
  });
  it('v2: systemd’s TasksMax is named', () => {
    expect(find(read('v2-service'), 'pids.max', '/system.slice/broker.service')).toMatchObject({
      note: 'systemd: TasksMax= of broker.service',
      raise: 'systemctl set-property broker.service TasksMax=…',
    });
  });
  it('v2: memory.high slows down and never binds', () => {
    const report = read('v2-service');
    expect(find(report, 'memory.high')).toMatchObject({ effect: 'throttles', remaining: 10_000_000 });
    expect(report.ceilings.indexOf(find(report, 'memory.high') as Ceiling)).toBeGreaterThanOrEqual(0);
  });
  it('container: hidden ancestors are a row of their own', () => {
    const hidden = read('container').ceilings.filter(({ name, limit }) => name === 'pids.max' && limit === 'unknown');
    expect(hidden).toMatchObject([{ path: 'ancestors outside of this container', confidence: 'unknown' }]);
  });
  it('container without a cgroup namespace: the mount’s root is taken off the path', () => {
    expect(read('container-host-ns').answer).toMatchObject({ additionalThreads: 60 });
  });
  it('Kubernetes: podPidsLimit of the pod', () => {
    expect(read('kubernetes').answer.binding).toMatchObject({
      name: 'pids.max',
      note: 'set by the kubelet (podPidsLimit)',
      remaining: 964,
    });
  });
  it('user session: the user’s slice', () => {
    expect(read('user-session').answer.binding?.path).toBe('/user.slice/user-1000.slice');
  });
  it('nested pid namespace: its tasks are counted, with the number that only a session holds', () => {
    // 400 and its session 300, whose leader is gone; pid 42 is low; our own 4 are not there.
    expect(find(read('nested-pid-namespace'), 'kernel.pid_max')).toMatchObject({ used: 5 - 4 + 1 - 4 });
  });
  it('nested pid namespace: what is around it is unknown', () => {
    const rows = read('nested-pid-namespace').ceilings.filter(({ name }) => name === 'kernel.pid_max');
    expect(rows[1]).toMatchObject({ limit: 'unknown', path: 'the namespaces around this one' });
  });
  it('another pid namespace: its limit can be read only inside', () => {
    expect(find(read('other-pid-namespace'), 'kernel.pid_max')).toMatchObject({ limit: 'unknown' });
  });
  it('user namespace: root in there is not exempt', () => {
    expect(find(read('user-namespace'), 'RLIMIT_NPROC')).toMatchObject({ exempt: false, confidence: 'estimated' });
  });
  it('seccomp is said to be in force', () => {
    expect(read('user-namespace').reasons.join()).toContain('seccomp');
  });
  it('overcommit 2: CommitLimit counts, and root’s reserve', () => {
    expect(find(read('overcommit'), 'CommitLimit')).toMatchObject({ scope: 'host', unit: 'bytes' });
    expect(find(read('base'), 'CommitLimit')).toBeUndefined();
  });
  it('RLIMIT_AS and RLIMIT_DATA: what is left by the stack of a thread', () => {
    const report = read('overcommit');
    expect(find(report, 'RLIMIT_AS')?.additionalThreads).toBe(
      Math.floor((1_073_741_824 - 40_000 * 1024) / (8_388_608 + 4096 + 288)),
    );
    expect(report.answer.binding?.name).toBe('RLIMIT_DATA');
  });
});

describe('bad input', () => {
  it('a pid that is gone', () => {
    expect(() => read('base', { kind: 'pid', pid: 4242 })).toThrow('there is no process 4242');
  });
  it('a cgroup and a unit that are not there', () => {
    expect(() => read('base', { kind: 'cgroup', path: '/nope' })).toThrow('there is no cgroup /nope');
    expect(() => read('base', { kind: 'unit', unit: 'nope' })).toThrow('no running unit nope.service');
  });
  it('a name that two units have', () => {
    expect(() => read('two-units', { kind: 'unit', unit: 'broker' })).toThrow(
      /there are two units broker\.service: \/system\.slice\/broker\.service and \/user\.slice\/.*\/broker\.service/,
    );
  });
  it('hidepid: said in the row, and the rest stands', () => {
    const report = read('hidepid');
    expect(find(report, 'kernel.pid_max')).toMatchObject({
      confidence: 'estimated',
      note: expect.stringContaining('hidepid'),
    });
    expect(find(report, 'kernel.threads-max')?.confidence).toBe('exact');
  });
  it('a cgroup that was removed: unknown, not unlimited', () => {
    expect(find(read('deleted-cgroup'), 'pids.max')).toMatchObject({ limit: 'unknown', confidence: 'unknown' });
  });
  it('values over 2^53 and words', () => {
    const report = read('huge');
    expect(find(report, 'kernel.threads-max')?.additionalThreads).toBeGreaterThan(2 ** 53);
    expect(find(report, 'kernel.pid_max')).toMatchObject({ limit: 'unknown', confidence: 'unknown' });
  });
});

describe('other subjects', () => {
  it('a unit by its name alone, with the process that holds the most', () => {
    expect(read('v2-service', { kind: 'unit', unit: 'broker' })).toMatchObject({
      subject: { label: 'cgroup /system.slice/broker.service', pid: 42, uid: 1000 },
      answer: { additionalThreads: 100 },
    });
  });
  it('a cgroup by its whole path', () => {
    const path = '/sys/fs/cgroup/system.slice/broker.service';
    expect(read('v2-service', { kind: 'cgroup', path }).answer.additionalThreads).toBe(100);
  });
  it('a new process started here', () => {
    expect(read('base', { kind: 'here' }).subject).toEqual({
      label: 'a new process started here',
      pid: undefined,
      uid: 0,
    });
  });
});

it('the document keeps the contract', () => {
  const document = limitsDocument(read('v2-service'));
  expect(document).toMatchObject({
    schema: 'threadguard.limits/1',
    binding: 'pids.max',
    bindingPath: '/system.slice',
    additionalThreads: 100,
    additionalProcesses: 100,
    additionalMaps: 65_528,
  });
  for (const ceiling of document['ceilings'] as Ceiling[]) {
    expect(Object.keys(ceiling)).toEqual(
      expect.arrayContaining([
        'name',
        'scope',
        'unit',
        'used',
        'limit',
        'remaining',
        'additionalThreads',
        'exempt',
        'source',
        'raise',
      ]),
    );
  }
});

it('text: the answer first, then the table from the tightest on; a hostile name cannot break a line', () => {
  const report = read('v2-service');
  const text = limitsText({ ...report, subject: { label: 'pid 42 (a\n\u001b[2J)' } });
  const lines = text.split('\n');
  expect(lines[0]).toBe(
    'pids.max of /system.slice stops pid 42 (a\\x0a\\x1b[2J) after 100 more threads; next is RLIMIT_NPROC of uid 1000 after 4,092',
  );
  expect(lines[4]).toMatch(/^CEILING +USED +LIMIT +THREADS +PROCESSES +MAPS +CONFIDENCE$/);
  expect(lines[5]).toMatch(/^pids\.max of \/system\.slice +300 +400 +100 +100 +– +exact$/);
  expect(suggestionText(report)).toContain('does not refuse, it kills');
});
