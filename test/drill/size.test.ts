import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeCeiling } from '../../src/core/ceiling.ts';
import type { Ceiling } from '../../src/core/model.ts';
import { type DrillSize, decideSize } from '../../src/drill/size.ts';
import { GuardError } from '../../src/errors.ts';

const pids = (used: number | 'unknown', limit: Ceiling['limit'], over: { exempt?: boolean } = {}): Ceiling =>
  makeCeiling({
    name: 'pids.max',
    scope: 'cgroup',
    path: '/a',
    unit: 'tasks',
    used,
    limit,
    source: '',
    raise: '',
    ...over,
  });
const host = makeCeiling({
  name: 'kernel.pid_max',
  scope: 'host',
  unit: 'tasks',
  used: 300,
  limit: 32_768,
  source: '',
  raise: '',
});
const memory = (perThread: number): Ceiling =>
  makeCeiling({
    name: 'memory.max',
    scope: 'cgroup',
    path: '/a',
    unit: 'bytes',
    used: 0,
    limit: 100_000_000,
    cost: { thread: perThread, process: 10 * perThread, map: 0 },
    source: '',
    raise: '',
  });

describe('the size of a drill', () => {
  it.for<[string, readonly Ceiling[], number]>([
    ['a free machine', [host], 400],
    ['a container of 1,024', [host, pids(10, 1_024)], 400],
    ['a container of 512', [host, pids(10, 512)], 249],
    ['a container of 300', [host, pids(10, 300)], 108],
    ['one that is nearly too small', [host, pids(10, 300 - 66)], 64],
    ['room in the end, although a limit that does not apply is full', [host, pids(10, 10, { exempt: true })], 400],
    ['an unlimited one beside it', [host, pids(10, 'unlimited')], 400],
    ['little memory', [host, memory(200_000)], 290],
  ])('%s', ([, ceilings, budget]) => {
    expect(decideSize(ceilings, 'threads', undefined).budget).toBe(budget);
  });
  it('the bomb ends at half as much again, and all of it has room', () => {
    expect(decideSize([host], 'threads', 400)).toEqual({ budget: 400, most: 600, inAll: 664 });
  });
  it('counts processes for a bomb of processes: they take more memory', () => {
    expect(() => decideSize([host, memory(200_000)], 'forks', undefined)).toThrow(/memory\.max of \/a leaves 50 tasks/);
  });
  it.for<[string, readonly Ceiling[], number | undefined, RegExp]>([
    ['near a ceiling', [host, pids(990, 1_024)], undefined, /it needs 160 tasks, and pids\.max of \/a leaves 0 tasks/],
    ['at it', [host, pids(1_024, 1_024)], undefined, /leaves 0 tasks/],
    ['a task too few', [host, pids(10, 300 - 67)], undefined, /it needs 160 tasks, and pids\.max of \/a leaves 159 /],
    ['with more asked for than there is', [host, pids(10, 512)], 400, /it needs 664 tasks, and .* leaves 438 tasks/],
    [
      'where the host is the tight one',
      [{ ...host, additionalThreads: 1_700 }],
      undefined,
      /kernel\.pid_max leaves 61 /,
    ],
  ])('is refused %s', ([, ceilings, asked, message]) => {
    expect(() => decideSize(ceilings, 'threads', asked)).toThrow(message);
  });
  it.for<[string, readonly Ceiling[]]>([
    ['nothing', []],
    ['unknown numbers', [pids('unknown', 'unknown')]],
    ['no limit', [pids(3, 'unlimited')]],
    ['memory alone', [memory(1)]],
  ])('is refused where %s is all that is known', ([, ceilings]) => {
    expect(() => decideSize(ceilings, 'threads', undefined)).toThrow(/no ceiling on tasks can be read/);
  });
  it('is refused with 125, and says what to do', () => {
    try {
      decideSize([pids(1, 2)], 'threads', undefined);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(GuardError);
      expect(error).toMatchObject({ code: 'no-room', exitCode: 125, hint: expect.stringMatching(/limits --who/) });
    }
  });
  it('never takes what others may need, however full the machine is', () => {
    const asked = fc.option(fc.integer({ min: 1, max: 5_000 }), { nil: undefined });
    fc.assert(
      fc.property(fc.nat(40_000), fc.nat(40_000), asked, (used, limit, budget) => {
        let size: DrillSize;
        try {
          size = decideSize([pids(used, limit)], 'threads', budget);
        } catch (error) {
          return (error as GuardError).code === 'no-room';
        }
        const spare = Math.max(64, Math.ceil(limit / 20));
        return used + size.inAll + spare <= limit && size.most > size.budget && (budget ?? size.budget) === size.budget;
      }),
    );
  });
});
