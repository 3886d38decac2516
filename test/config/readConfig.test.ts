import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfigText } from '../../src/config/readConfig.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tgread-'));
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

describe.skipIf(process.getuid?.() !== 0)('root', () => {
  beforeEach(() => writeFileSync(path, 'grace: 1s\n'));
  it.for([
    [
      'that everybody may write',
      () => chmodSync(path, 0o666),
      /everybody may write it, and root would run what it says/,
    ],
    ['of somebody else', () => chownSync(path, 12_345, 0), /it belongs to uid 12345/],
    [
      'that a group may write',
      () => {
        chownSync(path, 0, 12_345);
        chmodSync(path, 0o664);
      },
      /gid 12345 may write it/,
    ],
    [
      'in a directory that everybody may write',
      () => chmodSync(dir, 0o777),
      /of its directory: everybody may write it/,
    ],
    ['in a directory of somebody else', () => chownSync(dir, 12_345, 0), /of its directory: it belongs to uid 12345/],
  ] as const)('takes no file %s', ([, make, want]) => {
    make();
    expect(() => readConfigText(path)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(want), hint: 'chown root, chmod go-w' }),
    );
  });
  it.for([
    ['that its own group may write', () => chmodSync(path, 0o664)],
    ['that others may read', () => chmodSync(path, 0o644)],
    ['in a directory like /tmp, where nobody can replace it', () => chmodSync(dir, 0o1777)],
  ] as const)('takes one %s', ([, make]) => {
    make();
    expect(readConfigText(path)).toBe('grace: 1s\n');
  });
});
