import { describe, expect, it } from 'vitest';
import { type CeilingFacts, makeCeiling } from '../../src/core/ceiling.ts';
import type { Ceiling } from '../../src/core/model.ts';
import { RefusalWatch } from '../../src/engine/refusalWatch.ts';
import type { GuardEvent } from '../../src/policy/event.ts';

const facts = { unit: 'tasks', source: '', raise: '' } as const;
const cgroup = (path: string, used: number, limit: number): Ceiling =>
  makeCeiling({ ...facts, name: 'pids.max', path, scope: 'cgroup', used, limit });
const user = (used: number, over: Partial<CeilingFacts> = {}): Ceiling =>
  makeCeiling({ ...facts, name: 'RLIMIT_NPROC', path: 'uid 1000', scope: 'user', used, limit: 500, ...over });

function scene() {
  const events: GuardEvent[] = [];
  return { events, watch: new RefusalWatch((event) => void events.push(event)) };
}

describe('a ceiling that is not the cap of the guard', () => {
  it('is named when the kernel counted refusals, with what proves it', () => {
    const { events, watch } = scene();
    watch.look([cgroup('/a', 100, 100), user(100)], 100, 'max', 4);
    expect(events).toMatchObject([
      { event: 'warn', about: 'refusal', ceiling: { path: '/a' }, verdict: 'proved', tasks: 100 },
    ]);
    expect(watch.all).toEqual([{ ceiling: 'pids.max', path: '/a', verdict: 'proved' }]);
  });
  it('once each, and the next one is said too', () => {
    const { events, watch } = scene();
    for (let i = 0; i < 3; i += 1) watch.look([cgroup('/a', 100, 100)], 100, 'max', 4);
    watch.look([cgroup('/b', 100, 100)], 100, 'max', 4);
    expect(events).toHaveLength(2);
    expect(watch.all.map(({ path }) => path)).toEqual(['/a', '/b']);
  });
  it('where nobody counts, one that is full is inferred', () => {
    const { watch } = scene();
    watch.look([user(500)], 100, 'max', undefined);
    expect(watch.all).toEqual([{ ceiling: 'RLIMIT_NPROC', path: 'uid 1000', verdict: 'inferred' }]);
  });
  it('a limit of the user counts beside a counter that stood still', () => {
    const { watch } = scene();
    watch.look([cgroup('/a', 100, 100), user(500)], 100, 'max', 0);
    expect(watch.all.map(({ ceiling }) => ceiling)).toEqual(['RLIMIT_NPROC']);
  });
});

describe('nothing is said', () => {
  it.each<[string, readonly Ceiling[], number, number | 'max', number | undefined]>([
    ['where nothing is full and nothing was refused', [cgroup('/a', 10, 100), user(499)], 10, 'max', 0],
    ['where it was the own cap', [cgroup('/a', 100, 1_000)], 100, 100, 9],
    ['a hair below the own cap', [cgroup('/a', 97, 1_000)], 97, 100, 9],
    ['of one that the kernel does not apply', [user(500, { exempt: true })], 10, 'max', undefined],
    ['of one that only slows down', [user(500, { effect: 'throttles' })], 10, 'max', undefined],
    ['of one that kills: that says so by itself', [user(500, { effect: 'kills' })], 10, 'max', undefined],
    ['of a full cgroup whose counter stood still', [cgroup('/a', 100, 100)], 100, 'max', 0],
    ['where no ceilings could be read', [], 10, 'max', 5],
  ])('%s', (_, ceilings, tasks, cap, refused) => {
    const { events, watch } = scene();
    watch.look(ceilings, tasks, cap, refused);
    expect([events, watch.all]).toEqual([[], []]);
  });
  it('four below the own cap it was somebody else', () => {
    const { watch } = scene();
    watch.look([cgroup('/a', 96, 96)], 96, 100, 9);
    expect(watch.all).toHaveLength(1);
  });
});
