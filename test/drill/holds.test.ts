import { describe, expect, it } from 'vitest';
import { makeCeiling } from '../../src/core/ceiling.ts';
import type { Ceiling } from '../../src/core/model.ts';
import { decideHold, HOLDS } from '../../src/drill/holds.ts';

const pids = (path: string, used: number, limit: Ceiling['limit']): Ceiling =>
  makeCeiling({ name: 'pids.max', scope: 'cgroup', path, unit: 'tasks', used, limit, source: '', raise: '' });
const host = makeCeiling({
  name: 'kernel.pid_max',
  scope: 'host',
  unit: 'tasks',
  used: 300,
  limit: 32_768,
  source: '',
  raise: '',
});
const memory = makeCeiling({
  name: 'memory.max',
  scope: 'cgroup',
  path: '/m',
  unit: 'bytes',
  used: 1,
  limit: 2,
  source: '',
  raise: '',
});

describe('what holds', () => {
  it.for<
    [by: string | undefined, path: string | undefined, ceilings: readonly Ceiling[], kind: string, detail: string]
  >([
    [
      'cgroup-v1',
      '/a/threadguard/threadguard-3-4',
      [host],
      'cgroup',
      'a pids cgroup of its own: /a/threadguard/threadguard-3-4',
    ],
    ['cgroup-v2', undefined, [host], 'cgroup', 'a pids cgroup of its own'],
    [
      'cgroup-v2',
      '/user.slice/user-0-threadguard.slice/threadguard-sh-17.scope/threadguard/threadguard-17-3',
      [host],
      'systemd-scope',
      'threadguard-sh-17.scope, which systemd made for the guard',
    ],
    [
      'cgroup-v2',
      '/user.slice/session-3.scope/threadguard/threadguard-17-3',
      [host],
      'cgroup',
      'a pids cgroup of its own: /user.slice/session-3.scope/threadguard/threadguard-17-3',
    ],
    ['rlimit', '/', [host], 'rlimit', 'RLIMIT_NPROC of uid 33'],
    [
      'sampling',
      '/box',
      [host, pids('/', 900, 9_000), pids('/box', 12, 512)],
      'surroundings',
      'pids.max of /box (512 tasks), which stands around it',
    ],
    [
      'sampling',
      '/box',
      [host, pids('/box', 12, 'unlimited'), memory],
      'nothing',
      'nothing but the machine’s own limits',
    ],
    ['sampling', '/box', [host, pids('/box', 12, 'unknown')], 'nothing', 'nothing but the machine’s own limits'],
    [undefined, undefined, [], 'nothing', 'nothing but the machine’s own limits'],
  ])('%s in %s', ([by, path, ceilings, kind, detail]) => {
    const found = decideHold({ by, fallbacks: ['not by x'] }, { path, uid: 33, ceilings });
    expect(found).toEqual({ by: kind, detail, whyNot: ['not by x'] });
    expect(HOLDS).toContain(found.by);
  });
});
