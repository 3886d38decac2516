import { describe, expect, it } from 'vitest';
import { folded } from '../../src/core/folded.ts';
import { normaliseFunction } from '../../src/core/functionName.ts';
import { executorOf, isPlumbing, siteOf } from '../../src/core/plumbing.ts';
import type { Frame, TaskStack } from '../../src/core/stack.ts';
import { groupStacks } from '../../src/core/stackGroups.ts';

const frame = (name: string, line?: number): Frame => ({
  function: name,
  file: '/app/a.py',
  ...(line === undefined ? {} : { line }),
});
let next = 1;
const task = (frames: readonly Frame[], over: Partial<TaskStack> = {}): TaskStack => ({
  pid: 1,
  tid: next++,
  name: 'conn-7',
  wait: 'read',
  runtime: 'python',
  frames,
  isWhole: true,
  cpuTicks: 0,
  startTime: 100,
  ...over,
});

describe('groupStacks', () => {
  const one = [frame('read', 3), frame('serve', 9)];
  const other = [frame('read', 4), frame('serve', 9)];
  it('by function: lines and names with numbers do not matter', () => {
    const [group, ...rest] = groupStacks([task(one), task(other, { name: 'conn-8' }), task(one)], 'function');
    expect(rest).toEqual([]);
    expect(group).toMatchObject({ count: 3, grew: 3, wait: 'read', whole: 3, names: [{ name: 'conn-N', count: 3 }] });
    expect(group?.frames).toBe(one);
  });
  it('exact: a line apart is another group', () => {
    expect(groupStacks([task(one), task(other)], 'exact')).toHaveLength(2);
  });
  it('by site: what is below does not matter, the wait does', () => {
    const deep = [frame('read', 3), frame('other', 1)];
    expect(groupStacks([task(one), task(deep)], 'site')).toHaveLength(1);
    expect(groupStacks([task(one), task(one, { wait: 'lock' })], 'site')).toHaveLength(2);
  });
  it('what grew most since the baseline comes first, not what is largest', () => {
    const old = Array.from({ length: 10 }, () => task([frame('old')], { startTime: 50, name: 'old-1' }));
    const late = Array.from({ length: 3 }, () => task([frame('new')], { startTime: 150, name: 'new-1' }));
    const groups = groupStacks([...old, ...late], 'function', { atTicks: 100, names: new Map([['old-N', 10]]) });
    expect(groups.map(({ frames, grew }) => [frames[0]?.function, grew])).toEqual([
      ['new', 3],
      ['old', 0],
    ]);
  });
  it('a pool that changed its threads has not grown; one that lost some and made more has by the difference', () => {
    const names = new Map([['worker-N', 10]]);
    const workers = (count: number, startTime: number) =>
      Array.from({ length: count }, () => task([frame('work')], { startTime, name: 'worker-1' }));
    const grew = (tasks: TaskStack[]) => groupStacks(tasks, 'function', { atTicks: 100, names })[0]?.grew;
    expect(grew(workers(10, 150))).toBe(0);
    expect(grew([...workers(4, 50), ...workers(9, 150)])).toBe(3);
    expect(grew(workers(4, 50))).toBe(0);
  });
  it('recursion to any depth is one place', () => {
    const deep = (depth: number) => [
      frame('read'),
      ...Array.from({ length: depth }, () => frame('walk')),
      frame('main'),
    ];
    expect(groupStacks([task(deep(3)), task(deep(40))], 'function')).toHaveLength(1);
  });
  it('without stacks names and waits say all there is', () => {
    const bare = (name: string, wait: TaskStack['wait']) => task([], { name, wait, runtime: 'name' });
    const groups = groupStacks([bare('w-1', 'queue'), bare('w-2', 'queue'), bare('w-3', 'read')], 'function');
    expect(groups.map(({ count }) => count)).toEqual([2, 1]);
  });
  it('when its threads began', () => {
    const [group] = groupStacks(
      [100, 100, 110, 139].map((startTime) => task(one, { startTime })),
      'function',
    );
    expect(group?.since).toEqual({ first: 100, last: 139 });
    expect([group?.timeline[0], group?.timeline[10], group?.timeline[39]]).toEqual([2, 1, 1]);
  });
});

it.for([
  ['work.isra.0', 'work'],
  ['work.constprop.0.cold', 'work'],
  ['work [clone .isra.0]', 'work'],
  ['Main$$Lambda$14/0x00007fb458000a08.run', 'Main$$Lambda.run'],
  ['com.sun.proxy.$Proxy12.call', 'com.sun.proxy.$Proxy.call'],
  ['app::serve::h0123456789abcdef', 'app::serve'],
  ['read@@GLIBC_2.2.5', 'read'],
  ['pool2_worker', 'pool2_worker'],
] as const)('%s', ([name, want]) => {
  expect(normaliseFunction(name)).toBe(want);
});

describe('the program’s own frame', () => {
  it.for([
    [
      'native',
      [
        { function: '__read', module: 'libc.so.6' },
        { function: 'serve', module: 'app' },
      ],
      'serve',
    ],
    [
      'native',
      [
        { function: 'std::thread::_Invoker<x>', module: 'app' },
        { function: 'serve', module: 'app' },
      ],
      'serve',
    ],
    ['jvm', [{ function: 'java.lang.Object.wait' }, { function: 'com.acme.Pool.take' }], 'com.acme.Pool.take'],
    ['go', [{ function: 'runtime.gopark' }, { function: 'main.serve' }], 'main.serve'],
    [
      'python',
      [
        { function: 'wait', file: '/usr/lib/python3.11/threading.py' },
        { function: 'get', file: '/usr/lib/python3/dist-packages/acme.py' },
      ],
      'get',
    ],
    ['native', [{ function: 'start_thread', module: 'libc.so.6' }], undefined],
  ] as const)('%s: %j', ([runtime, frames, want]) => {
    expect(siteOf(frames, runtime)?.function).toBe(want);
  });
  it('C++: what the compiler put into the body of a thread belongs to whoever made it', () => {
    const body = { function: 'std::thread::_State_impl<F>::_M_run()', module: 'app' };
    const frames = [{ function: '__read', module: 'libc.so.6' }, body, { function: 'start_thread' }];
    expect(siteOf(frames, 'native')).toEqual(body);
  });
  it('a module of its own is not plumbing because its name begins like one', () => {
    expect(isPlumbing({ function: 'x', module: 'libcurl.so.4' }, 'native')).toBe(false);
  });
});

it.for([
  ['java.util.concurrent.ThreadPoolExecutor.addWorker', 'ThreadPoolExecutor'],
  ['java.util.concurrent.ForkJoinPool.createWorker', 'ForkJoinPool'],
  ['_adjust_thread_count', 'ThreadPoolExecutor'],
  ['ProcessPoolExecutor._spawn_process', 'ProcessPoolExecutor'],
  ['main', undefined],
] as const)('executor: %s', ([name, want]) => {
  expect(executorOf([{ function: 'java.lang.Thread.start' }, { function: name }])).toBe(want);
});

it('folded: a line a group, root first, separators taken out of hostile names', () => {
  const groups = groupStacks([task([frame('a;b\nc 5'), frame('main')], { name: 'x' })], 'exact');
  expect(folded(groups)).toBe('main (a.py);a_b_c 5 (a.py);[read] 1\n');
});
