import { describe, expect, it } from 'vitest';
import { type Trust, trustOfProcess, trustRules, whyNotOwn, whyUnsafe } from '../../src/sys/trust.ts';

const root: Trust = { uid: 0, sudoUid: undefined, isMapped: false };
const dir = (uid: number, mode: number, gid = 0) => ({ uid, gid, mode: 0o040000 | mode });

describe('a directory on the way to a file of the guard', () => {
  it.for([
    ['of root, closed', dir(0, 0o755), root, undefined],
    ['of a service', dir(998, 0o755), root, 'belongs to uid 998'],
    ['of a service, sticky', dir(998, 0o1777), root, 'belongs to uid 998'],
    ['/tmp', dir(0, 0o1777), root, undefined],
    ['open to everybody', dir(0, 0o777), root, 'may be written by everybody'],
    ['/var/log with a system group', dir(0, 0o775, 4), root, undefined],
    ['with a group of users', dir(0, 0o2775, 1000), root, 'may be written by group 1000'],
    ['of the user of the guard', dir(1000, 0o755), { ...root, uid: 1000 }, undefined],
    ['of his own group', dir(1000, 0o775, 1000), { ...root, uid: 1000 }, undefined],
    ['of another user', dir(1001, 0o755), { ...root, uid: 1000 }, 'belongs to uid 1001'],
    ['of who called sudo', dir(1000, 0o755), { ...root, sudoUid: 1000 }, undefined],
    ['of nobody', dir(65_534, 0o755), root, 'belongs to uid 65534'],
    ['/tmp, for what is obeyed', dir(0, 0o1777), { ...root, isStrict: true }, 'may be written by everybody'],
    [
      'of a system group, for what is obeyed',
      dir(0, 0o775, 4),
      { ...root, isStrict: true },
      'may be written by group 4',
    ],
    ['of the group of root, for what is obeyed', dir(0, 0o775), { ...root, isStrict: true }, undefined],
    ['of whom a user namespace does not know', dir(65_534, 0o755), { ...root, isMapped: true }, undefined],
  ] as const)('%s', ([, stat, trust, want]) => {
    expect(whyUnsafe(stat, trust)).toBe(want);
  });
  it('says what would help', () => {
    const { directory } = trustRules(root, undefined);
    try {
      directory?.(dir(998, 0o755) as never, '/srv/app');
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({
        code: 'untrusted-path',
        message: '/srv/app belongs to uid 998: what is written there could be led elsewhere',
        hint: 'name a directory that only root may write, as /var/lib/threadguard; or: chown 0 /srv/app && chmod go-w /srv/app',
      });
    }
  });
});

it('a link is followed if somebody trusted made it', () => {
  const { link } = trustRules({ ...root, uid: 1000 }, undefined);
  for (const uid of [0, 1000]) expect(() => link({ uid } as never, '/a')).not.toThrow();
  expect(() => link({ uid: 1001 } as never, '/a')).toThrow('/a is a link of uid 1001');
});
it('a file is its own if nobody else can hold it', () => {
  expect(whyNotOwn({ uid: 0, gid: 0, mode: 0o100644, nlink: 1 }, root)).toBeUndefined();
  expect(whyNotOwn({ uid: 5, gid: 0, mode: 0o100644, nlink: 1 }, root)).toBe('belongs to uid 5');
  expect(whyNotOwn({ uid: 0, gid: 0, mode: 0o100644, nlink: 2 }, root)).toBe('has a second name (a hard link)');
});
it('a file that is obeyed may have two names, but nobody else may write it', () => {
  const strict = { ...root, isStrict: true };
  expect(whyNotOwn({ uid: 0, gid: 0, mode: 0o100644, nlink: 2 }, strict)).toBeUndefined();
  expect(whyNotOwn({ uid: 0, gid: 0, mode: 0o100666, nlink: 1 }, strict)).toBe('may be written by everybody');
  expect(whyNotOwn({ uid: 0, gid: 50, mode: 0o100664, nlink: 1 }, strict)).toBe('may be written by group 50');
});
it('who called sudo counts for root only', () => {
  expect(trustOfProcess({ SUDO_UID: '1000' }).sudoUid).toBe(process.geteuid?.() === 0 ? 1000 : undefined);
  for (const env of [{}, { SUDO_UID: '' }, { SUDO_UID: 'x' }, { SUDO_UID: '1.5' }]) {
    expect(trustOfProcess(env).sudoUid).toBeUndefined();
  }
});
