import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addressSpace } from '../../src/ceilings/addressSpace.ts';
import { commitLimit } from '../../src/ceilings/commitLimit.ts';
import type { CeilingContext } from '../../src/ceilings/context.ts';
import { dataSize } from '../../src/ceilings/dataSize.ts';
import { kernelMemoryMax } from '../../src/ceilings/kernelMemoryMax.ts';
import { maxMapCount } from '../../src/ceilings/maxMapCount.ts';
import { memAvailable } from '../../src/ceilings/memAvailable.ts';
import { memoryHigh } from '../../src/ceilings/memoryHigh.ts';
import { parseReclaimable } from '../../src/ceilings/memoryLevels.ts';
import { memoryMax } from '../../src/ceilings/memoryMax.ts';
import type { Place } from '../../src/cgroup/locate.ts';
import { COST, ceilingContext } from '../fixtures/ceilingContext.ts';
import { makeTree } from '../fixtures/tree.ts';

let tree: ReturnType<typeof makeTree>;
beforeEach(() => {
  tree = makeTree({
    'proc/meminfo': 'MemTotal: 1000 kB\nMemAvailable: 400 kB\nCommitLimit: 8000 kB\nCommitted_AS: 3000 kB\n',
  });
});
afterEach(() => tree.remove());

const context = (over: Partial<CeilingContext> = {}) => ceilingContext(tree.dir, over);
const at = (version: 1 | 2, path = '/a'): Partial<CeilingContext> => {
  const place: Place = { version, mountPoint: '/mem', dir: `/mem${path}`, path };
  return { places: { ...context().places, memory: place } };
};
const limits = (title: string, soft: number | 'unlimited') => ({ limits: new Map([[title, { soft, hard: soft }]]) });

describe('RLIMIT_AS and RLIMIT_DATA', () => {
  it.for([
    ['RLIMIT_AS counts the guard of a stack', addressSpace, 'Max address space', 40_000_000, 1_000_000 + 4_096 + 288],
    ['RLIMIT_DATA does not', dataSize, 'Max data size', 10_000_000, 1_000_000 + 288],
  ] as const)('%s', ([, row, title, used, perThread]) => {
    const [read] = row.open(context(limits(title, used + 5 * perThread)))();
    expect(read).toMatchObject({
      used,
      additionalThreads: 5,
      additionalProcesses: 'unlimited',
      class: 'address space',
    });
    const [full] = row.open(context(limits(title, used + 5 * perThread - 1)))();
    expect([full?.additionalThreads, full?.additionalMaps]).toEqual([4, Math.floor((5 * perThread - 1) / 4_096)]);
  });
  it('no limit is none, and one that is not shown is unknown', () => {
    expect(addressSpace.open(context(limits('Max address space', 'unlimited')))()[0]?.remaining).toBe('unlimited');
    expect(addressSpace.open(context())()[0]).toMatchObject({ limit: 'unknown', remaining: 'unknown' });
  });
  it('a process that has just ended has no size: unknown, never 0', () => {
    const [read] = addressSpace.open(context({ ...limits('Max address space', 1e9), memory: () => undefined }))();
    expect(read).toMatchObject({ used: 'unknown', remaining: 'unknown' });
  });
  it('what a thread costs is an estimate until it was measured', () => {
    const cost = () => ({ ...COST, isMeasured: false });
    expect(dataSize.open(context({ ...limits('Max data size', 1e9), cost }))()[0]?.confidence).toBe('estimated');
  });
});

describe('vm.max_map_count', () => {
  const read = (over: Partial<CeilingContext> = {}, limit = '200\n') => {
    tree.write('proc/sys/vm/max_map_count', limit);
    return maxMapCount.open(context(over))()[0];
  };
  it('a thread takes its maps, and a map may end one above the limit', () => {
    expect(read()).toMatchObject({ used: 100, remaining: 100, additionalThreads: 50, additionalMaps: 101 });
    expect(read({}, '100\n')).toMatchObject({ remaining: 0, additionalThreads: 0, additionalMaps: 1 });
  });
  it('says how many maps a thread takes, and how sure that is', () => {
    const cost = () => ({ ...COST, threadMaps: 2.125, uncertainty: { maps: 1, bytes: 0 } });
    expect(read({ cost })).toMatchObject({ note: '2.13 ± 1 maps a thread, measured', confidence: 'estimated' });
    expect(read()).toMatchObject({ note: '2 maps a thread, measured', confidence: 'exact' });
  });
  it('maps of another user: unknown, and which right is missing', () => {
    expect(read({ process: () => ({ pid: 42, maps: 'unknown' }) })).toMatchObject({
      used: 'unknown',
      remaining: 'unknown',
      note: expect.stringContaining('CAP_SYS_PTRACE'),
    });
  });
  it('a process that does not exist yet has none', () => {
    const row = read({ process: () => undefined });
    expect([row?.used, row?.path]).toEqual([0, undefined]);
  });
  it('threads that take no map do not bind', () => {
    expect(read({ cost: () => ({ ...COST, threadMaps: 0 }) })?.additionalThreads).toBe('unlimited');
  });
});

describe('CommitLimit', () => {
  const read = (over: Partial<CeilingContext> = {}) => commitLimit.open(context(over))();
  it.for(['0\n', '1\n', '', undefined])('with overcommit_memory %j there is none', (mode) => {
    if (mode !== undefined) tree.write('proc/sys/vm/overcommit_memory', mode);
    expect(read()).toEqual([]);
  });
  it('with 2 it binds, less the reserves of root and of the process itself', () => {
    tree.write('proc/sys/vm/overcommit_memory', '2\n');
    expect(read()[0]).toMatchObject({ used: 3_072_000, limit: 8_192_000, remaining: 8_192_000 - 3_072_000 });
    tree.write('proc/sys/vm/admin_reserve_kbytes', '1000\n');
    expect(read()[0]?.remaining).toBe(5_120_000 - 1_024_000);
    // Root may use its reserve.
    expect(read({ isNprocExempt: true })[0]?.remaining).toBe(5_120_000);
    tree.write('proc/sys/vm/user_reserve_kbytes', '131072\n');
    expect(read({ isNprocExempt: true })[0]?.remaining).toBe(5_120_000 - 40_000_000 / 32);
  });
  it('the asker has committed memory of its own', () => {
    tree.write('proc/sys/vm/overcommit_memory', '2\n');
    const asker = { tasks: 4, committedBytes: 72_000, uid: 0, places: context().places };
    expect(read({ asker })[0]?.used).toBe(3_000_000);
  });
  it('a file without these lines is unknown', () => {
    tree.write('proc/sys/vm/overcommit_memory', '2\n');
    tree.write('proc/meminfo', 'MemTotal: 1 kB\n');
    expect(read()[0]).toMatchObject({ used: 'unknown', limit: 'unknown', remaining: 'unknown' });
  });
});

describe('memory of cgroups', () => {
  it('v2: what can be dropped is not used, and the limit kills', () => {
    tree.write('mem/a/memory.max', '1000000\n');
    tree.write('mem/a/memory.current', '600000\n');
    tree.write('mem/a/memory.stat', 'anon 300000\ninactive_file 90000\nactive_file 10000\nslab_reclaimable 0\n');
    const [row] = memoryMax.open(context(at(2)))();
    expect(row).toMatchObject({ used: 500_000, remaining: 500_000, additionalThreads: 20, additionalProcesses: 5 });
    expect(row).toMatchObject({ effect: 'kills', confidence: 'estimated', class: 'memory', scope: 'cgroup' });
  });
  it('v1 has its own names, counts the cgroups below, and 2^63 is no limit', () => {
    tree.write('mem/a/memory.limit_in_bytes', '1000000\n');
    tree.write('mem/a/memory.usage_in_bytes', '600000\n');
    tree.write('mem/a/memory.stat', 'inactive_file 5\ntotal_inactive_file 100000\n');
    expect(memoryMax.open(context(at(1)))()[0]).toMatchObject({ name: 'memory.max', used: 500_000 });
    tree.write('mem/a/memory.limit_in_bytes', '9223372036854771712\n');
    expect(memoryMax.open(context(at(1)))()[0]?.limit).toBe('unlimited');
  });
  it('used up by what cannot be dropped: nothing is left', () => {
    tree.write('mem/a/memory.max', '500\n');
    tree.write('mem/a/memory.current', '500\n');
    expect(memoryMax.open(context(at(2)))()[0]).toMatchObject({ remaining: 0, additionalThreads: 0 });
  });
  it('memory.high slows down; v1 has none', () => {
    tree.write('mem/a/memory.high', '600\n');
    tree.write('mem/a/memory.current', '500\n');
    expect(memoryHigh.open(context(at(2)))()[0]).toMatchObject({ effect: 'throttles', remaining: 100 });
    expect(memoryHigh.open(context(at(1)))()).toEqual([]);
  });
  it.for([
    ['a number binds', '100000\n', 1],
    ['the largest one is no limit', '9223372036854771712\n', 0],
    ['no such file', undefined, 0],
  ] as const)('v1 kernel memory: %s', ([, limit, rows]) => {
    if (limit !== undefined) tree.write('mem/a/memory.kmem.limit_in_bytes', limit);
    tree.write('mem/a/memory.kmem.usage_in_bytes', '90000\n');
    expect(kernelMemoryMax.open(context(at(1)))()).toHaveLength(rows);
    expect(kernelMemoryMax.open(context(at(2)))()).toEqual([]);
  });
  it.for([
    ['all three', 'inactive_file 1\nactive_file 2\nslab_reclaimable 4\nshmem 8\n', '', 7],
    ['a name that only begins so', 'inactive_file_x 1\n', '', 0],
    ['v1 sums', 'inactive_file 9\ntotal_inactive_file 1\n', 'total_', 1],
    ['nothing', '', '', 0],
  ] as const)('what the kernel drops first: %s', ([, stat, prefix, want]) => {
    expect(parseReclaimable(stat, prefix)).toBe(want);
  });
});

describe('MemAvailable', () => {
  it('what is left, by the memory of a thread', () => {
    expect(memAvailable.open(context())()[0]).toMatchObject({
      used: 600 * 1024,
      limit: 1_000 * 1024,
      additionalThreads: Math.floor((400 * 1024) / 25_000),
      scope: 'host',
      effect: 'kills',
    });
  });
  it('a kernel before 3.14 does not say it', () => {
    tree.write('proc/meminfo', 'MemTotal: 1000 kB\n');
    expect(memAvailable.open(context())()[0]).toMatchObject({ limit: 'unknown', remaining: 'unknown' });
  });
});
