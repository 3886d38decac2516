import {
  closeSync,
  fstatSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inside, type WalkEnd, type WalkRules, walkPath } from '../../src/sys/pathWalk.ts';

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'tgwalk-'));
  mkdirSync(join(top, 'a/b'), { recursive: true });
  writeFileSync(join(top, 'a/b/file'), 'inside');
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

const follow: WalkRules = { link: () => {} };
const count = () => readdirSync('/proc/self/fd').length;
/** What is read by a path; the descriptor is closed again. */
function read(path: string, rules = follow): string {
  const { fd, name } = walkPath(top, path, rules);
  try {
    return readFileSync(inside(fd, name), 'utf8');
  } finally {
    closeSync(fd);
  }
}

describe('a path below a top', () => {
  it.for(['a/b/file', '/a/b/file', '//a/./b//file', 'a/b/../b/file', '../../a/b/file', 'a/../../../a/b/file'])(
    '%s',
    (path) => {
      expect(read(path)).toBe('inside');
    },
  );
  it.for([
    ['a/none/file', 'ENOENT'],
    ['a/b/file/x', 'ENOTDIR'],
    ['none/file', 'ENOENT'],
  ])('%s: %s', ([path, code]) => {
    const before = count();
    expect(() => walkPath(top, path as string, follow)).toThrow(expect.objectContaining({ code }));
    expect(count()).toBe(before);
  });
  it('a name that is not there is found by its directory', () => {
    const { fd, name } = walkPath(top, 'a/b/new', follow);
    writeFileSync(inside(fd, name), 'x');
    closeSync(fd);
    expect(readFileSync(join(top, 'a/b/new'), 'utf8')).toBe('x');
  });
  it('what is held stays, whatever its path leads to later', () => {
    const { fd, name } = walkPath(top, 'a/b/file', follow);
    renameSync(join(top, 'a/b'), join(top, 'a/moved'));
    symlinkSync('/etc', join(top, 'a/b'));
    expect(readFileSync(inside(fd, name), 'utf8')).toBe('inside');
    closeSync(fd);
  });
});

describe('links', () => {
  it.for([
    ['to the last component', 'l', 'a/b/file', 'l'],
    ['absolute: from the top on', 'l', '/a/b', 'l/file'],
    ['in the middle', 'a/l', 'b', 'a/l/file'],
    ['up and down again', 'a/b/l', '../b/file', 'a/b/l'],
    ['out of the top', 'l', '../../../../../a/b/file', 'l'],
  ] as const)('%s', ([, at, to, path]) => {
    symlinkSync(to, join(top, at));
    expect(read(path)).toBe('inside');
  });
  it('of a circle end', () => {
    symlinkSync('y', join(top, 'x'));
    symlinkSync('x', join(top, 'y'));
    const before = count();
    expect(() => read('x')).toThrow(expect.objectContaining({ code: 'ELOOP' }));
    expect(count()).toBe(before);
  });
  it('are judged by who made them, with the path as it is seen', () => {
    symlinkSync('b', join(top, 'a/theirs'));
    lchownSync(join(top, 'a/theirs'), 65_534, 65_534);
    const seen: unknown[] = [];
    expect(read('a/theirs/file', { link: ({ uid }, path) => seen.push(uid, path) })).toBe('inside');
    expect(seen).toEqual([65_534, '/a/theirs']);
    const refuse = () => {
      throw new Error('not this one');
    };
    expect(() => read('a/theirs/file', { link: refuse })).toThrow('not this one');
  });
  it('of the kernel itself are left to the kernel', () => {
    const { fd, isProc, name } = walkPath('/', '/proc/self/fd/0', follow);
    expect([isProc, name]).toEqual([true, '0']);
    closeSync(fd);
  });
});

describe('directories', () => {
  it('each is judged, the top first', () => {
    const seen: string[] = [];
    closeSync(walkPath(top, 'a/b/file', { ...follow, directory: (_, path) => seen.push(path) }).fd);
    expect(seen).toEqual(['/', '/a', '/a/b']);
  });
  it.for([
    ['parent', ['a', 'new'], 'x'],
    ['directory', ['a', 'new', 'x'], '.'],
  ] as const)('are made where they are missing, up to the %s', ([end, made, name]) => {
    const found = walkPath(top, 'a/new/x', { ...follow, makeMode: 0o711 }, end as WalkEnd);
    expect(found.name).toBe(name);
    const held = fstatSync(found.fd);
    closeSync(found.fd);
    const stat = statSync(join(top, ...made));
    expect([stat.ino, stat.mode & 0o777]).toEqual([held.ino, 0o711]);
  });
  it('a file is none', () => {
    expect(() => walkPath(top, 'a/b/file', follow, 'directory')).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
  });
});
