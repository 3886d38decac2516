import { describe, expect, it } from 'vitest';
import { answer, answerLines, suggest } from '../../src/core/answer.ts';
import { makeCeiling } from '../../src/core/ceiling.ts';
import type { Ceiling } from '../../src/core/model.ts';

const ceiling = (name: string, limit: number | 'unknown', over: Partial<Parameters<typeof makeCeiling>[0]> = {}) =>
  makeCeiling({ name, scope: 'host', unit: 'tasks', used: 100, limit, source: '', raise: `raise ${name}`, ...over });
const memory = (threads: number) =>
  ceiling('MemAvailable', 100 + threads * 10, {
    unit: 'bytes',
    cost: { thread: 10, process: 40, map: 1 },
    effect: 'kills',
    isEstimate: true,
  });

describe('answer', () => {
  it('threads, processes and maps have each their own', () => {
    const maps = ceiling('vm.max_map_count', 200, { unit: 'maps' });
    expect(answer([maps, ceiling('pids.max', 400), memory(60)])).toMatchObject({
      binding: { name: 'vm.max_map_count' },
      additionalThreads: 50,
      additionalProcesses: 15,
      additionalMaps: 100,
    });
  });
  it('is null where nothing is known', () => {
    expect(answer([ceiling('pids.max', 'unknown')])).toEqual({
      binding: null,
      additionalThreads: null,
      additionalProcesses: null,
      additionalMaps: null,
    });
  });
  it('in words, and says when it is about', () => {
    expect(answerLines([ceiling('pids.max', 1_100), memory(1_500)], 'pid 7')).toEqual([
      'pids.max stops pid 7 after 1,000 more threads; next is MemAvailable after 1,500',
      'MemAvailable ends pid 7 after about 375 more processes; next is pids.max after 1,000',
      'MemAvailable ends pid 7 after about 15,000 more maps',
    ]);
    expect(answerLines([], 'x')[0]).toBe('nothing that can be read limits the threads of x');
  });
});

describe('suggest', () => {
  it('raises the tightest to where the next binds, and stops before what kills', () => {
    const { steps, stop } = suggest([
      memory(5_000),
      ceiling('kernel.pid_max', 2_100),
      ceiling('pids.max', 600),
      ceiling('kernel.threads-max', 90_000),
    ]);
    expect(steps.map(({ ceiling: { name }, raiseTo, exposes }) => [name, raiseTo, exposes.name])).toEqual([
      ['pids.max', 2_100, 'kernel.pid_max'],
      ['kernel.pid_max', 5_100, 'MemAvailable'],
    ]);
    expect(stop?.name).toBe('MemAvailable');
  });
  it('has nothing to say of a single ceiling', () => {
    expect(suggest([ceiling('pids.max', 600)])).toEqual({ steps: [], stop: undefined });
  });
});

describe('property: seeded hosts', () => {
  let seed = 20_241;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  const build = (facts: readonly { used: number; limit: number; thread: number }[]): Ceiling[] =>
    facts.map(({ used, limit, thread }, index) =>
      ceiling(`c${index}`, limit, { used, unit: 'bytes', cost: { thread, process: thread, map: 1 } }),
    );
  it('lowering any limit and adding any task never raises the answer', () => {
    for (let round = 0; round < 2_000; round += 1) {
      const facts = Array.from({ length: 1 + random(8) }, () => ({
        used: random(10_000),
        limit: random(20_000),
        thread: 1 + random(40),
      }));
      const before = answer(build(facts));
      const victim = random(facts.length);
      const change = 1 + random(5_000);
      const lower = facts.map((fact, index) =>
        index === victim ? { ...fact, limit: Math.max(0, fact.limit - change) } : fact,
      );
      const fuller = facts.map((fact) => ({ ...fact, used: fact.used + change }));
      for (const after of [answer(build(lower)), answer(build(fuller))]) {
        expect(after.additionalThreads).toBeLessThanOrEqual(before.additionalThreads as number);
        expect(after.additionalMaps).toBeLessThanOrEqual(before.additionalMaps as number);
      }
    }
  });
});
