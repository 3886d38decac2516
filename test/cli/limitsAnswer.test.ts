import { afterEach, describe, expect, it } from 'vitest';
import { LIMITS_FLAGS, type LimitsFlags, limitsAnswer } from '../../src/cli/limitsAnswer.ts';
import { readSlice } from '../../src/flags/flag.ts';
import { makeMachine } from '../fixtures/machine.ts';

const made: { remove(): void }[] = [];
afterEach(() => {
  for (const machine of made.splice(0)) machine.remove();
});

const answer = (machine: string, given: Readonly<Record<string, unknown>>): string => {
  const one = makeMachine(machine);
  made.push(one);
  return limitsAnswer(readSlice<LimitsFlags>(LIMITS_FLAGS, given), one.root, undefined);
};

describe('limits', () => {
  it.for([
    ['base', {}, /more threads/],
    ['base', { pid: 42 }, /^vm\.max_map_count|^RLIMIT_NPROC|^kernel\.pid_max/],
    ['v2-service', { pid: 42 }, /^pids\.max of \/system\.slice stops pid 42/],
    [
      'v2-service',
      { cgroup: '/system.slice/broker.service' },
      /^pids\.max .* stops cgroup \/system\.slice\/broker\.service/,
    ],
    ['v2-service', { unit: 'broker' }, /^pids\.max .* stops cgroup \/system\.slice\/broker\.service/],
    ['v2-service', { pid: 42, suggest: true }, /does not refuse, it kills/],
    ['base', { who: true }, /broker/],
    ['v2-service', { pid: 42, who: true }, /^pids\.max of .*broker/s],
  ] as const)('%s %j', ([machine, given, want]) => {
    expect(answer(machine, given)).toMatch(want);
  });
  it('--who alone answers who, and nothing else', () => {
    expect(answer('base', { who: true })).not.toMatch(/more threads/);
    expect(answer('base', { who: true, suggest: true })).toMatch(/broker/);
  });
  it('--json is one document on one line, with who in it where that was asked', () => {
    const plain = answer('v2-service', { pid: 42, json: true });
    expect(plain.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(plain)).toMatchObject({ schema: 'threadguard.limits/1', binding: 'pids.max' });
    expect(JSON.parse(plain)).not.toHaveProperty('who');
    expect(JSON.parse(answer('base', { json: true, who: true }))).toMatchObject({
      schema: 'threadguard.limits/1',
      who: { processes: 1, tasks: 4 },
    });
  });
  it.for([
    [{ pid: 42, unit: 'a' }, /more than one of/],
    [{ pid: 42, cgroup: '/a' }, /more than one of/],
    [{ cgroup: '/a', unit: 'a' }, /more than one of/],
    [{ pid: 43 }, /there is no process 43/],
    [{ cgroup: '/nowhere' }, /there is no cgroup/],
    [{ unit: 'nobody' }, /no running unit nobody\.service/],
  ] as const)('%j is refused', ([given, want]) => {
    expect(() => answer('base', given)).toThrow(want);
  });
});
