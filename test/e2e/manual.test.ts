import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommandFacts, factsOf } from '../../src/cli/commandFacts.ts';
import { allCommands } from '../../src/cli/commands.ts';
import { completionScript } from '../../src/cli/completionCommand.ts';
import { manualPage } from '../../src/cli/manual.ts';

let commands: CommandFacts[];
let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tgmanual-'));
  commands = (await allCommands()).map((command) => factsOf(command));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const path = (name: string) => new URL(`../../${name}`, import.meta.url);

describe('the manual page', () => {
  const { version } = JSON.parse(readFileSync(path('package.json'), 'utf8')) as { version: string };
  it('is the one that is shipped: npm run docs makes it', () => {
    expect(readFileSync(path('docs/threadguard.1'), 'utf8')).toBe(manualPage(commands, version));
  });
  it('has every command and every option, and groff finds nothing to say', () => {
    const page = manualPage(commands, version);
    const { stderr, stdout } = spawnSync('groff', ['-Kutf8', '-man', '-ww', '-Tutf8', '-P-cbou'], {
      input: page,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    const text = stdout.replace(/[\u2010\u2011]/g, '-');
    for (const { name, options } of commands) {
      expect(text).toContain(`threadguard ${name}`);
      for (const { long } of options) expect(text, name).toContain(long);
    }
  });
});

describe('completions', () => {
  /** What bash would offer after these words; the last one is being typed. */
  const bash = (...words: string[]): string[] => {
    const file = join(dir, 'bash');
    writeFileSync(file, completionScript('bash', commands));
    const script = `source ${file}; COMP_WORDS=(threadguard ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _threadguard; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8', cwd: dir }).split('\n').filter(Boolean);
  };
  it.each<[string[], string[]]>([
    [['re'], ['report', 'record']],
    [
      ['config', ''],
      ['check', 'show', 'schema', '--help'],
    ],
    [
      ['run', '--until', ''],
      ['warn', 'clamp', 'dump', 'terminate', 'kill'],
    ],
    [['run', '--until', 'k'], ['kill']],
    [
      ['run', '--metrics'],
      ['--metrics', '--metrics-file'],
    ],
    [['config', 'check', '--con'], ['--config']],
  ])('bash after %j', (words, want) => {
    expect(bash(...words)).toEqual(want);
  });
  it('bash: files where files are wanted, commands after --', () => {
    writeFileSync(join(dir, 'guard.yaml'), '');
    expect(bash('run', '--config', 'gua')).toEqual(['guard.yaml']);
    expect(bash('run', '--', 'tru')).toContain('true');
  });
  it.each(['zsh', 'fish'] as const)('%s takes the script', (shell) => {
    const file = join(dir, shell);
    writeFileSync(file, completionScript(shell, commands));
    const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });
  it('fish offers the choices of an option', () => {
    const file = join(dir, 'offers.fish');
    writeFileSync(
      file,
      `${completionScript('fish', commands)}complete -C 'threadguard run --restart '\ncomplete -C 'threadguard do'\n`,
    );
    const { stdout } = spawnSync('fish', [file], { encoding: 'utf8', env: { ...process.env, HOME: dir } });
    expect(stdout.split('\n').map((line) => line.split('\t')[0])).toEqual(
      expect.arrayContaining(['on-failure', 'on-trip', 'doctor']),
    );
  });
});
