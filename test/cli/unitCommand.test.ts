import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unitAnswer } from '../../src/cli/unitCommand.ts';
import { unitName, unitTexts } from '../../src/cli/unitSearch.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tgunit-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Lays a file of a unit path: `low/web.service.d/10-a.conf`. */
const lay = (path: string, text: string): void => {
  mkdirSync(join(dir, path, '..'), { recursive: true });
  writeFileSync(join(dir, path), text);
};
const searchPath = (...names: string[]): string => names.map((name) => join(dir, name)).join(':');

describe('the name of a unit', () => {
  it.for([
    ['web', 'web'],
    ['web.service', 'web'],
    ['web@1.service', 'web@1'],
    ['a-b_c:d.e', 'a-b_c:d.e'],
    [String.raw`dev-disk\x2dby`, String.raw`dev-disk\x2dby`],
    ['a'.repeat(240), 'a'.repeat(240)],
  ] as const)('%s → %s', ([word, want]) => {
    expect(unitName(word)).toBe(want);
  });
  it.for(['a/b', '../x', '', '-x', 'a b', 'a\nb', 'ä', '.service', 'a'.repeat(241)])('%j is none', (word) => {
    expect(() => unitName(word)).toThrow(/is no name for a unit/);
  });
});

describe('the texts of a service', () => {
  it('are the unit and its drop-ins by name, wherever they lie', () => {
    lay('low/web.service', 'low');
    lay('low/web.service.d/20-b.conf', 'b');
    lay('high/web.service.d/10-a.conf', 'a');
    lay('high/web.service.d/notes.txt', 'no');
    expect(unitTexts('web', searchPath('high', 'low'))).toEqual(['low', 'a', 'b']);
  });
  it('come from the directory that counts most; a drop-in there replaces one of the same name', () => {
    for (const at of ['high', 'low']) {
      lay(`${at}/web.service`, at);
      lay(`${at}/web.service.d/10-a.conf`, `${at} a`);
    }
    expect(unitTexts('web', searchPath('high', 'low'))).toEqual(['high', 'high a']);
  });
  it('are without the drop-in that this command made before', () => {
    lay('only/web.service', 'unit');
    lay('only/web.service.d/50-threadguard.conf', 'mine');
    expect(unitTexts('web', searchPath('only'))).toEqual(['unit']);
  });
  it('of a service that there is not are a refusal that says where it was looked for', () => {
    expect(() => unitTexts('web', searchPath('high', 'low'))).toThrow(
      `there is no web.service in ${join(dir, 'high')}, ${join(dir, 'low')}`,
    );
    expect(() => unitTexts('no-such-unit', '')).toThrow(/in \/etc\/systemd\/system, \/run\/systemd\/system/);
  });
  it('that cannot be read are named', () => {
    mkdirSync(join(dir, 'only/web.service'), { recursive: true });
    expect(() => unitTexts('web', searchPath('only'))).toThrow(/cannot read web\.service of web \(EISDIR\)/);
  });
});

describe('threadguard unit', () => {
  const answer = (name: string, words: string[], dropIn = false, user?: string): Promise<string> =>
    unitAnswer(
      name,
      words,
      { dropIn, user },
      {
        env: { PATH: process.env['PATH'], SYSTEMD_UNIT_PATH: searchPath('only') },
        guard: () => '/opt/bin/threadguard',
      },
    );
  const lineOf = (text: string, name: string): string | undefined =>
    text.split('\n').findLast((line) => line.startsWith(`${name}=`));

  it('guards a command, found on the PATH, with flags of run before --', async () => {
    const text = await answer('web.service', ['--max-tasks', '800', '--', 'sh', '-c', 'exit 1'], false, 'web');
    expect(lineOf(text, 'ExecStart')).toMatch(
      /^ExecStart=\/opt\/bin\/threadguard run --incident-dir \/var\/lib\/threadguard\/web --max-tasks 800 -- \/\S*\/sh -c "exit 1"$/,
    );
    expect(lineOf(text, 'User')).toBe('User=web');
  });
  it('--drop-in wraps the service as it is', async () => {
    lay('only/web.service', '[Service]\nExecStart=/usr/bin/web --port 80\n');
    const text = await answer('web', ['--grace', '3s'], true);
    expect(lineOf(text, 'ExecStart')).toMatch(/ run .*--grace 3s -- \/usr\/bin\/web --port 80$/);
  });
  it.for([
    ['no command', 'web', [], false, { exitCode: 1, message: 'no COMMAND was given' }],
    ['nothing after --', 'web', ['--'], false, { exitCode: 1, message: 'no COMMAND was given' }],
    [
      'a drop-in with a command',
      'web',
      ['--', 'true'],
      true,
      { exitCode: 1, message: 'web.service has a command already' },
    ],
    ['a service that is not there', 'web', [], true, { exitCode: 1 }],
    ['a command that is not there', 'web', ['--', 'no-such-command'], false, { exitCode: 127 }],
    [
      'a flag that run has not',
      'web',
      ['--max-task', '5', '--', 'true'],
      false,
      { message: expect.stringContaining('--max-task') },
    ],
    [
      'a value that run refuses',
      'web',
      ['--grace', '5', '--', 'true'],
      false,
      { message: expect.stringContaining("'5' is invalid") },
    ],
  ] as const)('%s is refused', async ([, name, words, dropIn, want]) => {
    await expect(answer(name, [...words], dropIn)).rejects.toMatchObject(want);
  });
  it('a service that cannot be wrapped is refused with what to do', async () => {
    lay('only/web.service', '[Service]\nType=forking\nExecStart=/usr/bin/web\n');
    await expect(answer('web', [], true)).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(/Type=forking/),
      hint: expect.stringMatching(/foreground/),
    });
  });
});
