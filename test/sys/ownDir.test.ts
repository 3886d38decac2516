import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  lchownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type OwnDir,
  openOwnDir,
  openOwnFile,
  probeIn,
  readOwnFile,
  removeTree,
  replaceIn,
  writeOwnFile,
} from '../../src/sys/ownDir.ts';

const NOBODY = 65_534;
let dir: string;
let own: OwnDir;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tgown-'));
  own = openOwnDir(dir, undefined);
});
afterEach(() => {
  own.close();
  rmSync(dir, { recursive: true, force: true });
});

const { O_APPEND, O_CREAT, O_WRONLY } = constants;
const append = (path: string) => closeSync(openOwnFile(path, O_WRONLY | O_APPEND | O_CREAT, 0o644));
/** A file that must stay as it is. */
function victim(): string {
  const path = join(dir, 'victim');
  writeFileSync(path, 'precious', { mode: 0o600 });
  return path;
}

describe('a file is replaced', () => {
  it('whole, with its mode whatever the umask is', () => {
    const umask = process.umask(0);
    try {
      replaceIn(own, 'x', 'one', 0o600);
      process.umask(0o077);
      replaceIn(own, 'y', 'two', 0o644);
    } finally {
      process.umask(umask);
    }
    expect([readFileSync(join(dir, 'x'), 'utf8'), statSync(join(dir, 'x')).mode & 0o777]).toEqual(['one', 0o600]);
    expect(statSync(join(dir, 'y')).mode & 0o777).toBe(0o644);
    expect(readdirSync(dir)).toEqual(['x', 'y']);
  });
  it('a link in its place is replaced, and what it leads to stays', () => {
    const path = victim();
    symlinkSync(path, join(dir, 'x'));
    // Also where the name of the part can be guessed.
    symlinkSync(path, join(dir, `.x.${process.pid}.part`));
    replaceIn(own, 'x', 'new', 0o600);
    expect([readFileSync(path, 'utf8'), readFileSync(join(dir, 'x'), 'utf8')]).toEqual(['precious', 'new']);
  });
  it('what fails leaves nothing behind', () => {
    mkdirSync(join(dir, 'x'));
    expect(() => replaceIn(own, 'x', 'new', 0o600)).toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(readdirSync(dir)).toEqual(['x']);
  });
  it('in the directory that is held, whatever its path leads to', () => {
    const held = openOwnDir(join(dir, 'a'), 0o700);
    rmSync(join(dir, 'a'), { recursive: true });
    mkdirSync(join(dir, 'elsewhere'));
    symlinkSync(join(dir, 'elsewhere'), join(dir, 'a'));
    expect(() => replaceIn(held, 'x', 'new', 0o600)).toThrow(/ENOENT/);
    held.close();
    expect(readdirSync(join(dir, 'elsewhere'))).toEqual([]);
  });
});

it('whether a file can be made is tried, and taken back', () => {
  probeIn(own);
  expect(readdirSync(dir)).toEqual([]);
  const proc = openOwnDir('/proc', undefined);
  expect(() => probeIn(proc)).toThrow(/ENOENT|EACCES|EPERM/);
  proc.close();
});

describe('a directory that others may change', () => {
  const cases: readonly (readonly [string, (path: string) => void, RegExp])[] = [
    ['of another user', (path) => chownSync(path, NOBODY, NOBODY), /belongs to uid 65534/],
    ['open to everybody', (path) => chmodSync(path, 0o777), /may be written by everybody/],
    [
      'of a group of users',
      (path) => {
        chownSync(path, 0, 1000);
        chmodSync(path, 0o775);
      },
      /may be written by group 1000/,
    ],
  ];
  it.for(cases)('%s, on the way or at its end', ([, change, why]) => {
    mkdirSync(join(dir, 'mid/end'), { recursive: true });
    change(join(dir, 'mid'));
    for (const path of ['mid', 'mid/end', 'mid/new/deep']) {
      expect(() => openOwnDir(join(dir, path), 0o700)).toThrow(why);
    }
    expect(() => append(join(dir, 'mid/end/log'))).toThrow(why);
    expect(readdirSync(join(dir, 'mid'))).toEqual(['end']);
  });
  it('a link of another user on the way', () => {
    mkdirSync(join(dir, 'sticky'));
    chmodSync(join(dir, 'sticky'), 0o1777);
    symlinkSync(dir, join(dir, 'sticky/l'));
    openOwnDir(join(dir, 'sticky/l'), undefined).close();
    lchownSync(join(dir, 'sticky/l'), NOBODY, NOBODY);
    expect(() => openOwnDir(join(dir, 'sticky/l'), undefined)).toThrow(/sticky\/l is a link of uid 65534/);
  });
});

describe('a file that is there already', () => {
  it('is written to if it is its own', () => {
    const path = join(dir, 'log');
    const fd = openOwnFile(path, O_WRONLY | O_APPEND | O_CREAT, 0o644);
    writeSync(fd, 'x');
    closeSync(fd);
    expect(readOwnFile(path, 10)).toBe('x');
    expect(() => readOwnFile(path, 0)).toThrow(expect.objectContaining({ code: 'EFBIG' }));
  });
  it('is refused if it is of somebody else, or has a second name', () => {
    const path = victim();
    linkSync(path, join(dir, 'hard'));
    expect(() => append(join(dir, 'hard'))).toThrow(/hard has a second name/);
    rmSync(join(dir, 'hard'));
    chownSync(path, NOBODY, NOBODY);
    expect(() => append(path)).toThrow(/victim belongs to uid 65534/);
    expect(() => readOwnFile(path, 100)).toThrow(/victim belongs to uid 65534/);
  });
  it('is not believed if others may write it', () => {
    const path = join(dir, 'state');
    writeFileSync(path, 'x');
    chmodSync(path, 0o666);
    expect(() => readOwnFile(path, 10)).toThrow(/state may be written by everybody/);
  });
  it('is no text if it is no file', () => {
    expect(() => readOwnFile('/dev/null', 10)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    expect(() => readOwnFile(dir, 10)).toThrow(/EINVAL|EISDIR/);
    expect(() => readOwnFile(join(dir, 'none'), 10)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });
});

describe('a file is written anew', () => {
  it('without the rest of what was there', () => {
    const path = join(dir, 'page.html');
    writeOwnFile(path, 'first, and rather long', 0o644);
    writeOwnFile(path, 'second', 0o644);
    expect(readFileSync(path, 'utf8')).toBe('second');
    expect(() => writeOwnFile('/dev/null', 'x', 0o644)).not.toThrow();
  });
  it('what is of somebody else is not even emptied', () => {
    const path = victim();
    linkSync(path, join(dir, 'page.html'));
    expect(() => writeOwnFile(join(dir, 'page.html'), 'x', 0o644)).toThrow(/second name/);
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });
});

describe('a tree is removed', () => {
  it('with all that is in it, and no link is followed', () => {
    mkdirSync(join(dir, 'data'));
    writeFileSync(join(dir, 'data/f'), 'precious');
    mkdirSync(join(dir, 'tree/sub/deep'), { recursive: true });
    writeFileSync(join(dir, 'tree/sub/deep/f'), '');
    symlinkSync(join(dir, 'data'), join(dir, 'tree/sub/l'));
    symlinkSync(join(dir, 'data/f'), join(dir, 'tree/l'));
    expect(removeTree(own, 'tree')).toBe(true);
    expect(readdirSync(dir)).toEqual(['data']);
    expect(readFileSync(join(dir, 'data/f'), 'utf8')).toBe('precious');
  });
  it('not through a link, not of somebody else, and not what lies below it of somebody else', () => {
    mkdirSync(join(dir, 'data'));
    writeFileSync(join(dir, 'data/f'), 'precious');
    symlinkSync(join(dir, 'data'), join(dir, 'link'));
    expect(removeTree(own, 'link')).toBe(false);
    mkdirSync(join(dir, 'theirs'));
    writeFileSync(join(dir, 'theirs/f'), '');
    chownSync(join(dir, 'theirs'), NOBODY, NOBODY);
    expect(removeTree(own, 'theirs')).toBe(false);
    mkdirSync(join(dir, 'mine/theirs'), { recursive: true });
    writeFileSync(join(dir, 'mine/theirs/f'), '');
    chownSync(join(dir, 'mine/theirs'), NOBODY, NOBODY);
    expect(removeTree(own, 'mine')).toBe(false);
    for (const path of ['data/f', 'theirs/f', 'mine/theirs/f']) expect(existsSync(join(dir, path))).toBe(true);
  });
  it('one that is not there', () => {
    expect(removeTree(own, 'none')).toBe(false);
  });
});
