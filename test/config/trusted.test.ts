import type { Stats } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type PathCalls, type Reader, walkWay, whoElseWrites } from '../../src/config/trusted.ts';

const ROOT: Reader = { uid: 0, gid: 0 };
const USER: Reader = { uid: 1_000, gid: 100 };
/** `kind uid:gid mode`, or where a link leads. */
type Entries = Readonly<Record<string, string>>;

/** Directories, files and links by their paths. */
function calls(entries: Entries): PathCalls {
  const find = (path: string): string => {
    const entry = { '/': 'd 0:0 755', ...entries }[path];
    if (entry === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' });
    return entry;
  };
  return {
    lstat: (path) => {
      const entry = find(path);
      if (entry.startsWith('->')) return { isSymbolicLink: () => true, isDirectory: () => false } as Stats;
      const [kind, owner = '', mode = ''] = entry.split(' ');
      const [uid, gid] = owner.split(':').map(Number);
      return {
        uid,
        gid,
        mode: Number.parseInt(mode, 8),
        isSymbolicLink: () => false,
        isDirectory: () => kind === 'd',
      } as Stats;
    },
    readlink: (path) => find(path).slice(3),
  };
}

describe('who else may write a file', () => {
  it.each<[string, [number, number, number], Reader, string | undefined]>([
    ['root’s own', [0, 0, 0o644], ROOT, undefined],
    ['root’s own, to a plain user', [0, 0, 0o644], USER, undefined],
    ['the user’s own', [1_000, 100, 0o664], USER, undefined],
    ['the user’s, to root', [1_000, 100, 0o600], ROOT, 'belongs to uid 1000'],
    ['another user’s', [1_001, 100, 0o600], USER, 'belongs to uid 1001'],
    ['writable by all', [0, 0, 0o646], USER, 'may be written by everybody'],
    ['writable by all, and sticky', [0, 0, 0o1777], ROOT, 'may be written by everybody'],
    ['writable by the group of root', [0, 0, 0o664], USER, undefined],
    ['writable by another group', [0, 5, 0o664], USER, 'may be written by gid 5'],
    ['readable by another group', [0, 5, 0o640], ROOT, undefined],
  ])('%s', (_, [uid, gid, mode], reader, want) => {
    expect(whoElseWrites({ uid, gid, mode }, reader)).toBe(want);
  });
});

describe('the way to a file', () => {
  const GOOD = { '/etc': 'd 0:0 755', '/etc/tg': 'd 0:0 755', '/etc/tg/a.yaml': 'f 0:0 644' };
  it.each<[string, string, Entries, string | undefined]>([
    ['all of it is root’s', '/etc/tg/a.yaml', GOOD, undefined],
    ['the root itself is not', '/etc/tg/a.yaml', { ...GOOD, '/': 'd 5:0 755' }, '/ belongs to uid 5'],
    [
      'the first is named',
      '/etc/tg/a.yaml',
      { ...GOOD, '/etc': 'd 5:0 755', '/etc/tg': 'd 6:0 755' },
      '/etc belongs to uid 5',
    ],
    ['a link to a directory', '/l/a.yaml', { ...GOOD, '/l': '-> /etc/tg' }, undefined],
    [
      'a link out of a directory of somebody',
      '/home/l',
      { ...GOOD, '/home': 'd 5:0 755', '/home/l': '-> /etc/tg/a.yaml' },
      '/home belongs to uid 5',
    ],
    ['a link with steps up', '/etc/tg/l', { ...GOOD, '/etc/tg/l': '-> ../../etc/./tg//a.yaml' }, undefined],
    ['a link above the root', '/l', { ...GOOD, '/l': '-> ../../../etc/tg/a.yaml' }, undefined],
    [
      'a link into a directory of somebody, and out again',
      '/l',
      { ...GOOD, '/l': '-> home/out', '/home': 'd 0:0 1777', '/home/out': '-> ../etc/tg/a.yaml' },
      '/home may be written by everybody',
    ],
  ])('%s', (_, path, entries, want) => {
    const way = walkWay(path, ROOT, calls(entries));
    expect(way.stranger).toBe(want);
    expect(way.end).toMatchObject({ uid: 0, mode: 0o644 });
  });
  it('a circle of links has an end', () => {
    const circle = calls({ '/a': '-> b', '/b': '-> a' });
    expect(() => walkWay('/a', ROOT, circle)).toThrow(expect.objectContaining({ code: 'ELOOP' }));
  });
  it('what is not there is said', () => {
    expect(() => walkWay('/etc/none', ROOT, calls(GOOD))).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });
});
