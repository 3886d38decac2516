import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfigText } from '../../src/config/readConfig.ts';
import { makeOwnDir } from '../fixtures/ownDir.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = makeOwnDir();
  path = join(dir, 'guard.yaml');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('a file is read', () => {
  it.for([
    ['empty', ''],
    ['small', 'grace: 1s\n'],
    ['with letters of every kind', 'name: "größer ☃"\n'],
    ['of a megabyte', '#'.repeat(1 << 20)],
  ] as const)('%s', ([, text]) => {
    writeFileSync(path, text);
    expect(readConfigText(path)).toBe(text);
  });
  it('through a link', () => {
    writeFileSync(path, 'grace: 1s\n');
    symlinkSync(path, join(dir, 'link'));
    expect(readConfigText(join(dir, 'link'))).toBe('grace: 1s\n');
  });
  it.for([
    ['a directory', () => mkdirSync(path), /it is not a regular file/],
    ['nothing', () => {}, /cannot use the configuration .*guard\.yaml: ENOENT/],
    ['more than a megabyte', () => writeFileSync(path, '#'.repeat((1 << 20) + 1)), /larger than 1 MiB/],
    ['a link to nowhere', () => symlinkSync('/nowhere', path), /ENOENT/],
    ['a link to itself', () => symlinkSync(path, path), /ELOOP/],
  ] as const)('%s is refused', ([, make, want]) => {
    make();
    expect(() => readConfigText(path)).toThrow(want);
  });
  it('a device has no end, and is refused before it is read', () => {
    expect(() => readConfigText('/dev/zero')).toThrow(/it is not a regular file/);
  });
});

describe('a FIFO', () => {
  it('is refused, and its writer is not waited for', () => {
    execFileSync('mkfifo', [path]);
    expect(() => readConfigText(path)).toThrow(/it is not a regular file/);
  });
});

describe.skipIf(process.getuid?.() !== 0)('root', () => {
  const OTHER = 12_345;
  beforeEach(() => writeFileSync(path, 'grace: 1s\n'));
  /** The file in a directory of its own, with a directory of these properties above that. */
  const below = (make: (above: string) => void): string => {
    const above = join(dir, 'above');
    mkdirSync(join(above, 'own'), { recursive: true });
    path = join(above, 'own/guard.yaml');
    writeFileSync(path, 'grace: 1s\n');
    make(above);
    return above;
  };
  it.for([
    [
      'that everybody may write',
      () => chmodSync(path, 0o666),
      /guard\.yaml may be written by everybody, and root would run what it says/,
    ],
    ['of somebody else', () => chownSync(path, OTHER, 0), /(?:guard\.yaml|link) belongs to uid 12345/],
    [
      'that a group may write',
      () => {
        chownSync(path, 0, OTHER);
        chmodSync(path, 0o664);
      },
      /guard\.yaml may be written by group 12345/,
    ],
    ['in a directory that everybody may write', () => chmodSync(dir, 0o777), /tgown-\w+ may be written by everybody/],
    ['in a directory like /tmp', () => chmodSync(dir, 0o1777), /tgown-\w+ may be written by everybody/],
    ['in a sticky directory of somebody else', () => chown(dir, 0o1755), /tgown-\w+ belongs to uid 12345/],
    ['in a directory of somebody else', () => chownSync(dir, OTHER, 0), /tgown-\w+ belongs to uid 12345/],
    ['below a directory of somebody else', () => below((above) => chownSync(above, OTHER, 0)), /above belongs to uid/],
    ['below a directory that everybody may write', () => below((above) => chmodSync(above, 0o777)), /above may be/],
    ['below one like /tmp', () => below((above) => chmodSync(above, 0o1777)), /above may be written by everybody/],
    [
      'that a link of root leads to, in a directory of somebody else',
      () => {
        const above = below((at) => chownSync(at, OTHER, 0));
        path = join(dir, 'link');
        symlinkSync(join(above, 'own/guard.yaml'), path);
      },
      /above belongs to uid 12345/,
    ],
    [
      'that a link of somebody else leads to: who may change the link chooses the file',
      () => {
        const theirs = join(dir, 'theirs');
        mkdirSync(theirs);
        symlinkSync(path, join(theirs, 'link'));
        chownSync(theirs, OTHER, 0);
        path = join(theirs, 'link');
      },
      /theirs belongs to uid 12345/,
    ],
    [
      'of somebody else behind a link of root',
      () => {
        const file = join(dir, 'file');
        writeFileSync(file, 'x');
        chownSync(file, OTHER, 0);
        path = join(dir, 'link');
        symlinkSync(file, path);
      },
      /(?:guard\.yaml|link) belongs to uid 12345/,
    ],
  ] as const)('takes no file %s', ([, make, want]) => {
    make();
    expect(() => readConfigText(path)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(want), hint: expect.stringContaining('chmod go-w') }),
    );
  });
  it.for([
    ['that its own group may write', () => chmodSync(path, 0o664)],
    ['that others may read', () => chmodSync(path, 0o644)],
    ['far below directories of its own', () => below(() => {})],
    [
      'behind several links of root',
      () => {
        symlinkSync('guard.yaml', join(dir, 'one'));
        mkdirSync(join(dir, 'sub'));
        symlinkSync('../one', join(dir, 'sub/two'));
        symlinkSync(join(dir, 'sub'), join(dir, 'three'));
        path = join(dir, 'three/two');
      },
    ],
  ] as const)('takes one %s', ([, make]) => {
    make();
    expect(readConfigText(path)).toBe('grace: 1s\n');
  });

  const chown = (at: string, mode: number): void => {
    chownSync(at, OTHER, 0);
    chmodSync(at, mode);
  };
});
