import { execFileSync } from 'node:child_process';
import {
  chownSync,
  closeSync,
  existsSync,
  fstatSync,
  lchownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Beneath,
  type Held,
  holdForeign,
  holdIn,
  holdKernelLink,
  listHeld,
  readHeld,
  release,
  unlinkIn,
} from '../../src/sys/foreignPath.ts';
import { loadLibc } from '../../src/sys/libc.ts';

const NOBODY = 65_534;
const FILE = { kind: 'file' } as const;
let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'tgforeign-'));
  mkdirSync(join(top, 'srv'));
  writeFileSync(join(top, 'srv/file'), 'theirs');
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

/** What is held of a path, as a text; it is released again. */
function text(held: Held, most = 100): string {
  try {
    return readHeld(held, most).toString();
  } finally {
    release(held);
  }
}
const error = (code: string) => expect.objectContaining({ code });

// openat2(2) is missing before Linux 5.6, and where a seccomp filter does not know it.
describe.for([
  ['with openat2', loadLibc()],
  ['without it', undefined],
  ['where it is refused', { openBeneath: () => undefined }],
] as const)('%s', ([, calls]) => {
  const hold = (path: string, wanted: Parameters<typeof holdForeign>[2] = FILE) =>
    holdForeign(top, path, wanted, calls as Beneath | undefined);
  it.for(['srv/file', '/srv/file', '/../../srv/./file'])('%s lies in the root of the target', (path) => {
    expect(text(hold(path))).toBe('theirs');
  });
  it('a link of root is followed, and never out of that root', () => {
    symlinkSync('/srv', join(top, 'lib'));
    symlinkSync('../../../../srv/file', join(top, 'up'));
    expect(text(hold('/lib/file'))).toBe('theirs');
    expect(text(hold('/up'))).toBe('theirs');
    symlinkSync('/etc/passwd', join(top, 'out'));
    expect(() => hold('/out')).toThrow(error('ENOENT'));
  });
  it('a link of somebody else is not followed, in the middle or at the end', () => {
    for (const [name, to] of [
      ['l', '/srv'],
      ['f', '/srv/file'],
    ] as const) {
      symlinkSync(to, join(top, name));
      lchownSync(join(top, name), NOBODY, NOBODY);
    }
    expect(() => hold('/l/file')).toThrow(error('ELOOP'));
    expect(() => hold('/f')).toThrow(error('ELOOP'));
  });
  it('what is no file is not opened: nothing is waited for', () => {
    execFileSync('mkfifo', [join(top, 'fifo')]);
    const before = readdirSync('/proc/self/fd').length;
    for (const path of ['/fifo', '/srv']) expect(() => hold(path)).toThrow(error('EPERM'));
    expect(() => hold('/srv/file', { kind: 'directory' })).toThrow(error('EPERM'));
    expect(() => hold('/none')).toThrow(error('ENOENT'));
    expect(() => hold('/srv/file/x')).toThrow(error('ENOTDIR'));
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });
  it('its owner is looked at, and that it has one name only', () => {
    expect(() => hold('/srv/file', { ...FILE, uid: NOBODY })).toThrow(error('EPERM'));
    chownSync(join(top, 'srv/file'), NOBODY, NOBODY);
    expect(text(hold('/srv/file', { ...FILE, uid: NOBODY }))).toBe('theirs');
    linkSync(join(top, 'srv/file'), join(top, 'second'));
    expect(() => hold('/second', { ...FILE, uid: NOBODY })).toThrow(error('EPERM'));
  });
  it('the top itself, as a working directory', () => {
    const held = hold('', { kind: 'directory' });
    expect(fstatSync(held.fd).ino).toBe(statSync(top).ino);
    release(held);
  });
});

describe('a directory that is held', () => {
  const directory = () => holdForeign(top, 'srv', { kind: 'directory' });
  it('is listed, up to a number of names', () => {
    for (let index = 0; index < 50; index += 1) writeFileSync(join(top, 'srv', String(index)), '');
    const held = directory();
    expect([listHeld(held, 1_000).length, listHeld(held, 20).length]).toEqual([51, 20]);
    release(held);
  });
  it('stays itself when its name is given to another one', () => {
    const held = directory();
    renameSync(join(top, 'srv'), join(top, 'old'));
    mkdirSync(join(top, 'srv'));
    writeFileSync(join(top, 'srv/file'), 'precious');
    expect(text(holdIn(held, 'file', FILE))).toBe('theirs');
    unlinkIn(held, 'file');
    release(held);
    expect([existsSync(join(top, 'old/file')), existsSync(join(top, 'srv/file'))]).toEqual([false, true]);
  });
  it.for(['../x', 'a/b', '..', ''])('has no name %j', (name) => {
    const held = directory();
    expect(() => holdIn(held, name, FILE)).toThrow(error('EPERM'));
    expect(() => unlinkIn(held, name)).toThrow(error('EPERM'));
    release(held);
  });
  it('a link in it is not followed', () => {
    symlinkSync('/etc/passwd', join(top, 'srv/l'));
    const held = directory();
    expect(() => holdIn(held, 'l', FILE)).toThrow(error('EPERM'));
    release(held);
  });
});

describe('a link of the kernel', () => {
  it('leads to the very file, whatever its name is by now', () => {
    const fd = openSync(join(top, 'srv/file'), 'r');
    rmSync(join(top, 'srv/file'));
    expect(text(holdKernelLink(`/proc/self/fd/${fd}`, FILE))).toBe('theirs');
    closeSync(fd);
  });
  it('is not opened if it leads to something else', () => {
    expect(() => holdKernelLink('/proc/self/fd', FILE)).toThrow(error('EPERM'));
    expect(() => holdKernelLink('/dev/null', FILE)).toThrow(error('EPERM'));
  });
});

it('not more is read than is wanted', () => {
  writeFileSync(join(top, 'srv/file'), 'x'.repeat(1_000));
  expect(text(holdForeign(top, 'srv/file', FILE), 10)).toBe('x'.repeat(10));
  expect(() => release(undefined)).not.toThrow();
});
