import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FORWARDED, isOwnCpuLimit, maskNames, planSignal } from '../../src/launch/forwardedSignals.ts';
import { injectOptions, isJava } from '../../src/launch/inject.ts';
import { parseLaunchNotes } from '../../src/launch/launchNotes.ts';
import { findExecutable, planLaunch } from '../../src/launch/launchPlan.ts';
import { RLIM_INFINITY } from '../../src/sys/libc.ts';
import { scratch } from '../targets/fakeMachine.ts';

describe('a launch that needs everything', () => {
  const needs = { ignoredSignals: 1n, dieWithGuard: true, ownPid: ['LISTEN_PID'], limits: ['--nofile=1024:'] };
  it('has one program after the other, and the command at its end as it was given', () => {
    const { args, file } = planLaunch(['cmd', '$HOME', ''], needs);
    expect([file, ...args]).toEqual([
      ...['sh', '-c', 'LISTEN_PID=$$ exec "$@"', 'sh'],
      ...['prlimit', '--nofile=1024:'],
      ...['setpriv', '--pdeathsig', 'KILL'],
      ...['env', '--ignore-signal=HUP'],
      ...['cmd', '$HOME', ''],
    ]);
  });
  it('needs no program for limits that are none', () => {
    const none = { ignoredSignals: 0n, dieWithGuard: false, ownPid: [], limits: [] };
    expect(planLaunch(['cmd'], none)).toEqual({ file: 'cmd', args: [] });
  });
});

describe('the file that is run', () => {
  /** Folders `a` and `b`, each with what a test puts there. */
  function scene() {
    const dir = scratch();
    const put = (path: string, mode: number) => {
      writeFileSync(join(dir, path), '');
      chmodSync(join(dir, path), mode);
    };
    for (const name of ['a', 'b']) mkdirSync(join(dir, name));
    return { at: (path: string) => join(dir, path), dir, path: `${dir}/a:${dir}/b`, put };
  }
  it('is the first of the PATH', () => {
    const { at, path, put } = scene();
    put('a/tool', 0o755);
    put('b/tool', 0o755);
    expect(findExecutable('tool', path)).toBe(at('a/tool'));
  });
  it('is a later one where the first may not be run', () => {
    const { at, path, put } = scene();
    put('a/tool', 0o644);
    put('b/tool', 0o755);
    expect(findExecutable('tool', path)).toBe(at('b/tool'));
  });
  it('is refused by name where none may be run', () => {
    const { at, path, put } = scene();
    put('b/tool', 0o644);
    expect(() => findExecutable('tool', path)).toThrow(`cannot execute ${at('b/tool')}: permission denied`);
  });
  it('is not a directory of that name', () => {
    const { at, path } = scene();
    mkdirSync(at('a/tool'));
    expect(() => findExecutable('tool', path)).toThrow('command not found: tool');
  });
  it('is not a link to nowhere', () => {
    const { at, path } = scene();
    symlinkSync(at('none'), at('a/tool'));
    expect(() => findExecutable('tool', path)).toThrow('command not found: tool');
  });
  it('is not looked for on the PATH when it has a slash', () => {
    const { at, dir, path, put } = scene();
    put('a/tool', 0o755);
    expect(findExecutable(`${dir}/a/tool`, '')).toBe(at('a/tool'));
    expect(() => findExecutable('a/tool', path)).toThrow('command not found: a/tool');
  });
  it('is looked for in the usual places without a PATH', () => {
    expect(findExecutable('sh', undefined)).toMatch(/\/sh$/);
  });
});

describe('notes of the launcher', () => {
  const noted = (text: string) => parseLaunchNotes({ _THREADGUARD_LAUNCH: text, A: '1' });
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  it.each([
    ['none', '', 0n, undefined],
    ['a mask that is none', 'zz 1024', 0n, 1_024n],
    ['a high signal', '8000000000000000 0', 1n << 63n, undefined],
    ['a limit below zero', '0 -5', 0n, undefined],
  ])('%s', (_, text, ignoredSignals, openFiles) => {
    expect(noted(text)).toEqual({ env: { A: '1' }, ignoredSignals, openFiles, descriptors: [] });
  });
  it.each([
    ['-', []],
    ['7', [7]],
    ['3,4,251', [3, 4, 251]],
    ['0,1,2,9,x,-3,1.5,', [9]],
  ])('descriptors %s', (text, want) => {
    expect(noted(`0 0 ${text} `).descriptors).toEqual(want);
  });
  it('an entry without a name or a value is none; a value may hold what it likes', () => {
    expect(noted(`0 0 - ${base64('X=a=b\0lonely\0=x\0Y=1\n2\0')}`).env).toEqual({ X: 'a=b', Y: '1\n2' });
  });
  it('nothing of the launcher comes to the command', () => {
    expect(parseLaunchNotes({ _THREADGUARD_LAUNCH: '' }).env).toEqual({});
  });
});

describe('signals that are handed on', () => {
  it('are each there once', () => {
    expect(new Set(FORWARDED).size).toBe(FORWARDED.length);
  });
  it.each(['SIGQUIT', 'SIGHUP', 'SIGWINCH', 'SIGCONT', 'SIGTTIN', 'SIGTTOU'] as const)('%s of a terminal', (signal) => {
    expect([planSignal(signal, true).forward, planSignal(signal, false).forward]).toEqual([false, true]);
  });
  it.each<[string, number, bigint | undefined, boolean]>([
    ['below its limit it was for the child', 4_999, 5n, false],
    ['at its limit it was for the guard', 5_000, 5n, true],
    ['without a limit it was for the child', 1e9, RLIM_INFINITY, false],
    ['where the limit is not known it was for the child', 1e9, undefined, false],
  ])('SIGXCPU to a guard: %s', (_, usedMs, soft, want) => {
    expect(isOwnCpuLimit(usedMs, soft)).toBe(want);
  });
  it('a mask of all of them names none that cannot be ignored, and none by two names', () => {
    const names = maskNames((1n << 64n) - 1n);
    const numbers = names.map((name) => constants.signals[`SIG${name}` as NodeJS.Signals]);
    expect(names).not.toContain('KILL');
    expect(names).not.toContain('STOP');
    expect(new Set(numbers).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining(['HUP', 'INT', 'PIPE', 'TERM']));
  });
});

describe('a JVM', () => {
  it.each<[readonly string[], boolean]>([
    [['java'], true],
    [['/opt/jdk/bin/java', '-version'], true],
    [['javac'], false],
    [['env', 'java'], false],
    [['java/run'], false],
    [[], false],
  ])('%j', (command, want) => {
    expect(isJava(command)).toBe(want);
  });
  it('that asks for nothing keeps the very environment that it had', () => {
    const env = { JDK_JAVA_OPTIONS: '-XX:+StartAttachListener' };
    expect(injectOptions(['java', 'A'], env)).toBe(env);
  });
  it('changes no environment but its own', () => {
    const env = { A: '1' };
    expect(injectOptions(['java', 'A'], env)).not.toBe(env);
    expect(env).toEqual({ A: '1' });
  });
});
