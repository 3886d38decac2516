import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CeilingContext } from '../../src/ceilings/context.ts';
import { nproc } from '../../src/ceilings/nproc.ts';
import { pidMax } from '../../src/ceilings/pidMax.ts';
import { pidsMax } from '../../src/ceilings/pidsMax.ts';
import { threadsMax } from '../../src/ceilings/threadsMax.ts';
import type { Place } from '../../src/cgroup/locate.ts';
import { ceilingContext } from '../fixtures/ceilingContext.ts';
import { makeTree } from '../fixtures/tree.ts';

let tree: ReturnType<typeof makeTree>;
beforeEach(() => {
  tree = makeTree({ 'proc/loadavg': '0.15 0.07 0.02 2/250 4000\n' });
});
afterEach(() => tree.remove());

const context = (over: Partial<CeilingContext> = {}) => ceilingContext(tree.dir, over);
const limitOf = (soft: number | 'unlimited') => new Map([['Max processes', { soft, hard: soft }]]);
const self = (over: Partial<NonNullable<CeilingContext['asker']>> = {}): NonNullable<CeilingContext['asker']> => ({
  tasks: 4,
  committedBytes: 0,
  uid: 1000,
  places: context().places,
  ...over,
});

describe('kernel.threads-max', () => {
  const read = (limit: string | undefined, over: Partial<CeilingContext> = {}) => {
    if (limit !== undefined) tree.write('proc/sys/kernel/threads-max', limit);
    return threadsMax.open(context(over))()[0];
  };
  it.for([
    ['room', '1000\n', 750, 'exact'],
    ['the last one', '251\n', 1, 'exact'],
    ['none', '250\n', 0, 'exact'],
    ['more than there may be', '100\n', 0, 'exact'],
    ['no number', 'many\n', 'unknown', 'unknown'],
  ] as const)('%s', ([, limit, remaining, confidence]) => {
    expect(read(limit)).toMatchObject({ remaining, confidence, class: 'tasks', scope: 'host' });
  });
  it('the asker is not counted: it will be gone', () => {
    expect(read('1000', { asker: self() })?.used).toBe(246);
  });
  it('no file: unknown, with the reason', () => {
    expect(read(undefined)).toMatchObject({ limit: 'unknown', note: 'cannot read it (ENOENT)' });
  });
  it('no number of tasks: unknown, never 0', () => {
    tree.write('proc/loadavg', '');
    expect(read('1000')).toMatchObject({ used: 'unknown', remaining: 'unknown' });
  });
});

describe('RLIMIT_NPROC', () => {
  const read = (over: Partial<CeilingContext>) => nproc.open(context({ uidTasks: () => 90, ...over }))()[0];
  it.for([
    ['room', { limits: limitOf(100) }, { used: 90, remaining: 10, path: 'uid 1000' }],
    ['full', { limits: limitOf(90) }, { remaining: 0 }],
    ['no limit', { limits: limitOf('unlimited') }, { limit: 'unlimited', remaining: 'unlimited' }],
    ['a limit that cannot be read', {}, { limit: 'unknown', remaining: 'unknown' }],
    [
      'root',
      { limits: limitOf(100), isNprocExempt: true },
      { exempt: true, remaining: 'unlimited', note: /are exempt$/ },
    ],
    [
      'a user namespace',
      { limits: limitOf(100), isInUserNamespace: true },
      { remaining: 10, confidence: 'estimated', note: /the limit of the creator/ },
    ],
  ] as const)('%s', ([, over, want]) => {
    const row = read(over as Partial<CeilingContext>);
    for (const [key, value] of Object.entries(want)) {
      const found = row?.[key as keyof typeof row];
      if (value instanceof RegExp) expect(found).toMatch(value);
      else expect(found, key).toBe(value);
    }
  });
  it('the asker counts only where it has the same uid', () => {
    expect(read({ limits: limitOf(100), asker: self() })?.used).toBe(86);
    expect(read({ limits: limitOf(100), asker: self({ uid: 0 }) })?.used).toBe(90);
  });
  it('no scan is made for a limit that cannot bind', () => {
    let scans = 0;
    const uidTasks = () => {
      scans += 1;
      return 1;
    };
    nproc.open(context({ limits: limitOf('unlimited'), uidTasks }))();
    nproc.open(context({ limits: limitOf(9), isNprocExempt: true, uidTasks }))();
    expect(scans).toBe(0);
  });
});

describe('kernel.pid_max', () => {
  const read = (over: Partial<CeilingContext> = {}, limit = '1000\n') => {
    tree.write('proc/sys/kernel/pid_max', limit);
    return pidMax.open(context(over))();
  };
  const use = (over: Partial<ReturnType<CeilingContext['pidUse']>>) => ({
    pidUse: () => ({ tasks: undefined, outside: 0, pinned: 0, isWhole: true, ...over }),
  });
  it('300 numbers are reserved; what is outside of the range takes none, a dead session takes one', () => {
    expect(read()[0]).toMatchObject({ used: 250, remaining: 450 });
    expect(read(use({ outside: 40, pinned: 5 }))[0]).toMatchObject({ used: 215, remaining: 485 });
  });
  it.for([
    ['at the beginning all of the reserved numbers are still there', 0, 999 - 250],
    ['half way', 149, 600],
    ['the last one', 298, 451],
    ['past them', 299, 450],
  ] as const)('a young machine: %s', ([, lastPid, remaining]) => {
    tree.write('proc/loadavg', `0 0 0 1/250 ${lastPid}\n`);
    expect(read()[0]?.remaining).toBe(remaining);
  });
  it('hidepid: an estimate, and why', () => {
    expect(read(use({ isWhole: false }))[0]).toMatchObject({
      confidence: 'estimated',
      note: expect.stringContaining('hidepid'),
    });
  });
  it('a namespace of our own: its tasks are counted, and what is around it is unknown', () => {
    const rows = read({ pidNamespace: 'nested', ...use({ tasks: 7 }) });
    expect(rows).toMatchObject([
      { used: 7, remaining: 693 },
      { limit: 'unknown', path: 'the namespaces around this one' },
    ]);
    const hidden = read({ pidNamespace: 'nested', ...use({ tasks: 7, isWhole: false }) });
    expect(hidden[0]).toMatchObject({ used: 'unknown', remaining: 'unknown' });
  });
  it('another namespace: unknown, and how to ask inside', () => {
    expect(read({ pidNamespace: 'foreign' })).toMatchObject([
      { limit: 'unknown', path: 'its own pid namespace', note: expect.stringContaining('nsenter') },
    ]);
  });
  it('the most that there can be, and no number at all', () => {
    expect(read({}, '4194304\n')[0]?.remaining).toBe(4_194_304 - 300 - 250);
    expect(read({}, '')[0]?.remaining).toBe('unknown');
  });
});

describe('pids.max', () => {
  const place = (dir: string, version: 1 | 2 = 2): Place => ({
    version,
    mountPoint: '/sys/fs/cgroup',
    dir: `/sys/fs/cgroup${dir}`,
    path: dir,
  });
  const cgroup = (path: string, max: string, current: string, type: string | undefined = 'domain\n') => {
    tree.write(`sys/fs/cgroup${path}/pids.max`, max);
    tree.write(`sys/fs/cgroup${path}/pids.current`, current);
    if (type !== undefined) tree.write(`sys/fs/cgroup${path}/cgroup.type`, type);
  };
  const read = (at: Place | undefined, over: Partial<CeilingContext> = {}) =>
    pidsMax.open(context({ ...over, places: { ...context().places, pids: at } }))();
  const summary = (rows: ReturnType<typeof read>) => rows.map(({ limit, path, remaining }) => [path, limit, remaining]);
  it('every ancestor is a row of its own, the innermost first; the root has none', () => {
    cgroup('/a', '500\n', '100\n');
    cgroup('/a/b', 'max\n', '60\n');
    expect(summary(read(place('/a/b')))).toEqual([
      ['/a/b', 'unlimited', 'unlimited'],
      ['/a', 500, 400],
    ]);
  });
  it('a container: its own root has a limit, so there is more above that cannot be seen', () => {
    cgroup('', '100\n', '10\n');
    expect(summary(read(place('')))).toEqual([
      ['/', 100, 90],
      ['ancestors outside of this container', 'unknown', 'unknown'],
    ]);
  });
  it('v1: the root is known by having no limit', () => {
    cgroup('/a', '9\n', '9\n', undefined);
    expect(summary(read(place('/a', 1)))).toEqual([['/a', 9, 0]]);
    cgroup('', '100\n', '10\n', undefined);
    expect(summary(read(place('/a', 1))).at(-1)?.[0]).toBe('ancestors outside of this container');
  });
  it('a cgroup that was removed under its process is unknown, with the reason', () => {
    const rows = read({ ...place('/gone (deleted)'), dir: '/sys/fs/cgroup/gone (deleted)' });
    expect(rows).toMatchObject([{ limit: 'unknown', note: 'cannot read it (ENOENT)' }]);
  });
  it('a migration may put it above its limit', () => {
    cgroup('/a', '10\n', '25\n');
    expect(read(place('/a'))[0]).toMatchObject({ used: 25, remaining: 0 });
  });
  it('the asker is taken out only where it is inside', () => {
    cgroup('/a', '500\n', '100\n');
    cgroup('/ab', '500\n', '100\n');
    const inside = (dir: string) => ({
      asker: self({ places: { ...context().places, pids: place(dir) } }),
    });
    expect(read(place('/a'), inside('/a/b'))[0]?.used).toBe(96);
    expect(read(place('/a'), inside('/ab'))[0]?.used).toBe(100);
  });
  it('no pids controller: no row', () => {
    expect(read(undefined)).toEqual([]);
  });
});
