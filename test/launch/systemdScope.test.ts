import { describe, expect, it } from 'vitest';
import { scopeName, sliceBelow } from '../../src/launch/systemdScope.ts';

describe('the slice of all guards of one caller is below the caller’s own', () => {
  it.each<[string, string, number, string]>([
    ['root by ssh', '/user.slice/user-0.slice/session-3.scope', 0, 'user-0-threadguard.slice'],
    ['sudo of a plain user', '/user.slice/user-1000.slice/session-1.scope', 0, 'user-1000-threadguard.slice'],
    ['a scope of the system', '/system.slice/run-1.scope', 0, 'system-threadguard.slice'],
    ['a machine', '/machine.slice/x.scope', 0, 'machine-threadguard.slice'],
    ['no slice at all', '/init.scope', 0, 'threadguard.slice'],
    ['the root', '/', 0, 'threadguard.slice'],
    [
      'inside of it already',
      '/user.slice/user-0.slice/user-0-threadguard.slice/a.scope',
      0,
      'user-0-threadguard.slice',
    ],
    [
      'a plain user below the own manager',
      '/user.slice/user-1000.slice/user@1000.service/app.slice/a.scope',
      1000,
      'app-threadguard.slice',
    ],
    ['a plain user by ssh', '/user.slice/user-1000.slice/session-1.scope', 1000, 'app-threadguard.slice'],
    [
      'deep below the own manager',
      '/u/user@1000.service/app.slice/app-x.slice/a.scope',
      1000,
      'app-x-threadguard.slice',
    ],
  ])('%s', (_, path, uid, want) => {
    expect(sliceBelow(path, uid)).toBe(want);
  });
});

describe('the scope is named after the command', () => {
  it.each([
    ['redis-server', 'threadguard-redis_server-7.scope'],
    ['a b/c\n', 'threadguard-a_b_c_-7.scope'],
    ['ü', 'threadguard-_-7.scope'],
    ['', 'threadguard--7.scope'],
  ])('%j', (command, want) => {
    expect(scopeName(command, 7)).toBe(want);
  });
  it('is never longer than a unit name may be', () => {
    expect(scopeName('x'.repeat(500), 4_194_304).length).toBeLessThan(128);
  });
});
