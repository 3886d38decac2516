import { describe, expect, it } from 'vitest';
import { creationPath, type Made, namedCreators, rankCreators, rankMade } from '../../src/core/creators.ts';
import { creatorText, headline } from '../../src/core/headline.ts';
import type { StackSource } from '../../src/core/runtimes.ts';
import type { Frame, TaskStack } from '../../src/core/stack.ts';
import { groupStacks } from '../../src/core/stackGroups.ts';

const native = (...names: string[]): Frame[] =>
  names.map((name) => ({
    function: name,
    module: /^(__|clone|pthread|start_thread)/.test(name) ? 'libc.so.6' : 'app',
  }));
const path = (runtime: StackSource, frames: readonly Frame[]) =>
  creationPath({ runtime, frames })?.map((frame) => frame.function);

describe('creationPath', () => {
  it('C: the function that called pthread_create, and its callers', () => {
    const frames = native(
      'clone3',
      '__clone_internal',
      'libc.so.6+0x1',
      'pthread_create',
      'spawn',
      'serve',
      'main',
      '_start',
    );
    expect(path('native', frames)).toEqual(['spawn', 'serve', 'main', '_start']);
  });
  it('refused: it is still in pthread_create', () => {
    expect(path('native', native('__munmap', 'pthread_create', 'spawn', 'main'))).toEqual(['spawn', 'main']);
  });
  it('every thread stands on clone3: a parked one makes nothing', () => {
    expect(path('native', native('__read', 'park', 'connection', 'start_thread', 'clone3'))).toBeUndefined();
  });
  it('C++: the constructor of std::thread is plumbing', () => {
    const frames = native(
      'clone3',
      'pthread_create',
      'std::thread::_M_start_thread',
      'std::thread::thread<x>',
      'serve',
    );
    expect(path('native', frames)).toEqual(['serve']);
  });
  it('Python: threading.py is plumbing', () => {
    const frames = [
      { function: 'Thread.start', file: '/usr/lib/python3.11/threading.py', line: 957 },
      { function: 'spawn', file: '/app/a.py', line: 3 },
    ];
    expect(path('python', frames)).toEqual(['spawn']);
    expect(path('python', [{ function: 'start', file: '/app/engine.py' }, frames[1] as Frame])).toBeUndefined();
  });
  it('Java: through an executor, and it is said', () => {
    const frames = [
      'java.lang.Thread.start0',
      'java.lang.Thread.start',
      'java.util.concurrent.ThreadPoolExecutor.addWorker',
      'java.util.concurrent.ThreadPoolExecutor.execute',
      'com.acme.Server.accept',
    ].map((name) => ({ function: name }));
    expect(path('jvm', frames)).toEqual(['com.acme.Server.accept']);
    const [creator] = rankCreators([{ runtime: 'jvm', frames }], () => 'x');
    expect(creator).toMatchObject({ executor: 'ThreadPoolExecutor', share: 1 });
    expect(creatorText(creator as never)).toBe(
      'com.acme.Server.accept, through ThreadPoolExecutor, makes 100% of the threads',
    );
  });
});

it('shares are of what was caught, and one helper that all use is told apart by its callers', () => {
  const caught = (caller: string) => ({
    runtime: 'native' as const,
    frames: native('clone3', 'pthread_create', 'start', caller, 'main'),
  });
  const idle = { runtime: 'native' as const, frames: native('__read', 'main') };
  const creators = rankCreators(
    [caught('a'), caught('a'), caught('a'), caught('b'), idle],
    (n, all) => `${n} of ${all}`,
  );
  expect(creators.map(({ count, frames, share, source }) => [frames[1]?.function, count, share, source])).toEqual([
    ['a', 3, 0.75, '4 of 5'],
    ['b', 1, 0.25, '4 of 5'],
  ]);
});

it('the line that was seen most stands for its function', () => {
  const at = (line: number) => ({
    runtime: 'python' as const,
    frames: [
      { function: 'start', file: '/usr/lib/python3.11/threading.py', line: 900 },
      { function: 'work', file: 'a.py', line },
    ],
  });
  const [creator] = rankCreators([at(18), at(14), at(14), at(20)], () => 'x');
  expect([creator?.count, creator?.frames[0]?.line]).toEqual([4, 14]);
});

const task = (name: string, frames: readonly Frame[] = []): TaskStack => ({
  pid: 1,
  tid: 1,
  name,
  wait: 'read',
  runtime: 'native',
  frames,
  isWhole: true,
  cpuTicks: 0,
  startTime: 0,
});

it('Ruby names threads after the line that made them: exact, for nothing', () => {
  const creators = namedCreators([task('bomb.rb:7'), task('bomb.rb:7'), task('bomb.rb:12'), task('ruby')]);
  expect(creators.map(({ count, frames }) => [count, frames[0]?.file, frames[0]?.line])).toEqual([
    [2, 'bomb.rb', 7],
    [1, 'bomb.rb', 12],
  ]);
});

describe('headline', () => {
  it('who makes them, and what they do', () => {
    const creators = rankCreators(
      [{ runtime: 'native', frames: native('clone3', 'pthread_create', 'spawn', 'main') }],
      () => 'x',
    );
    const groups = groupStacks([task('a', native('__read', 'park')), task('b', native('__read', 'park'))], 'function');
    expect(headline(creators, groups)).toBe(
      'spawn (app), called by main (app), makes 100% of the threads; 2 tasks are reading in park (app)',
    );
  });
  it('names only, where there is nothing else; nothing where there is nothing', () => {
    expect(headline([], groupStacks([task('conn-1')], 'function'))).toBe('1 task is called "conn-1"');
    expect(headline([], [])).toBe('');
  });
});

describe('makers that the kernel recorded', () => {
  const frames = (...names: string[]) =>
    names.map((name) => ({ function: name, module: name === 'clone3' ? 'libc.so.6' : 'app' }));
  const made = (change: Partial<Made> & Pick<Made, 'frames'>): Made => ({
    runtime: 'native',
    makes: 'threads',
    certainty: 'exact',
    count: 1,
    living: 0,
    perSecond: 0,
    runs: [],
    ...change,
  });
  const shown = (...all: Made[]) =>
    rankMade(all, 'recorded').map(({ count, frames: path, share }) => [
      path.map((one) => one.function).join('<'),
      count,
      share,
    ]);
  it('by what they made, without the plumbing of the system around their own frames', () => {
    expect(
      shown(
        made({ frames: frames('clone3', 'pthread_create', 'site_b', 'main'), count: 10 }),
        made({ frames: frames('clone3', 'pthread_create', 'site_a', 'serve', 'main', '_start'), count: 30 }),
      ),
    ).toEqual([
      ['site_a<serve<main', 30, 0.75],
      ['site_b<main', 10, 0.25],
    ]);
  });
  it('by what of theirs lives, where that is known: who has nothing left is not named', () => {
    expect(
      shown(
        made({ frames: frames('clone3', 'churn'), count: 9000 }),
        made({ frames: frames('clone3', 'leak'), count: 100, living: 90 }),
        made({ frames: frames('clone3', 'pool'), count: 30, living: 30 }),
      ),
    ).toEqual([
      ['leak', 100, 0.75],
      ['pool', 30, 0.25],
    ]);
  });
  it('threads apart from processes, and what is exact from what is not', () => {
    const one = { frames: frames('clone3', 'site') };
    expect(
      shown(made(one), made({ ...one, makes: 'processes' }), made({ ...one, certainty: 'function' })),
    ).toHaveLength(3);
  });
  it('one whose stack is all plumbing has it all: that is what is known', () => {
    expect(shown(made({ frames: frames('clone3', 'start_thread') }))).toEqual([['start_thread', 1, 1]]);
  });
  it('rates and programs of one path add up', () => {
    const one = made({ frames: frames('clone3', 'site'), perSecond: 10, runs: ['a'] });
    expect(rankMade([one, { ...one, runs: ['b', 'a'] }], 'x')[0]).toMatchObject({ perSecond: 20, runs: ['a', 'b'] });
  });
});
