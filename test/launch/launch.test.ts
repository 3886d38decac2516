import { describe, expect, it } from 'vitest';
import type { GuardError } from '../../src/errors.ts';
import { FORWARDED, maskNames, planSignal } from '../../src/launch/forwardedSignals.ts';
import { injectOptions } from '../../src/launch/inject.ts';
import { parseLaunchNotes } from '../../src/launch/launchNotes.ts';
import { findExecutable, planLaunch } from '../../src/launch/launchPlan.ts';

describe('launch plan', () => {
  const none = { ignoredSignals: 0n, dieWithGuard: false, ownPid: [] };
  it.for([
    { name: 'nothing to set up: no chain', needs: none, want: ['cmd', 'a b'] },
    { name: 'nohup', needs: { ...none, ignoredSignals: 1n }, want: ['env', '--ignore-signal=HUP', 'cmd', 'a b'] },
    {
      name: 'dies with the guard',
      needs: { ...none, dieWithGuard: true },
      want: ['setpriv', '--pdeathsig', 'KILL', 'cmd', 'a b'],
    },
    {
      name: 'socket activation',
      needs: { ...none, ownPid: ['LISTEN_PID'] },
      want: ['sh', '-c', 'LISTEN_PID=$$ exec "$@"', 'sh', 'cmd', 'a b'],
    },
    {
      name: 'socket activation and a watchdog',
      needs: { ...none, ownPid: ['LISTEN_PID', 'WATCHDOG_PID'] },
      want: ['sh', '-c', 'LISTEN_PID=$$ WATCHDOG_PID=$$ exec "$@"', 'sh', 'cmd', 'a b'],
    },
  ])('$name', ({ needs, want }) => {
    const { file, args } = planLaunch(['cmd', 'a b'], needs);
    expect([file, ...args]).toEqual(want);
  });
  it.for([
    ['/no/such/file', 127],
    ['no-such-command-anywhere', 127],
    ['', 127],
    ['/etc', 126],
    ['/etc/passwd', 126],
  ] as const)('%j ends in %i', ([command, want]) => {
    try {
      findExecutable(command, '/usr/bin:/bin');
      expect.unreachable();
    } catch (error) {
      expect((error as GuardError).exitCode).toBe(want);
    }
  });
  it('finds what execvp finds, a directory of the name passed over', () => {
    expect(findExecutable('sh', '/etc:/bin')).toBe('/bin/sh');
  });
});

describe('launch notes', () => {
  it('reads the environment as it was before the shell and Node touched it', () => {
    const environ = Buffer.from('A=1\0BASH_FUNC_x%%=() { :; }\0EMPTY=\0NODE_OPTIONS=--foo\0').toString('base64');
    const notes = parseLaunchNotes({ _THREADGUARD_LAUNCH: `0000000000000001 1024 3,9 ${environ}`, PWD: '/added' });
    expect(notes).toEqual({
      env: { A: '1', 'BASH_FUNC_x%%': '() { :; }', EMPTY: '', NODE_OPTIONS: '--foo' },
      ignoredSignals: 1n,
      openFiles: 1024n,
      descriptors: [3, 9],
    });
  });
  it('falls back to its own, with what was hidden from Node put back', () => {
    expect(
      parseLaunchNotes({
        _THREADGUARD_LAUNCH: '0 unlimited - ',
        _THREADGUARD_ENV_NODE_OPTIONS: '-r x',
        _THREADGUARD_ENV_UV_THREADPOOL_SIZE: '9',
        _THREADGUARD_ENV_NODE_DEBUG: '',
        A: '1',
        // The guard's own, which took the place of the one above.
        UV_THREADPOOL_SIZE: '3',
      }),
    ).toEqual({
      env: { A: '1', NODE_OPTIONS: '-r x', UV_THREADPOOL_SIZE: '9', NODE_DEBUG: '' },
      ignoredSignals: 0n,
      openFiles: undefined,
      descriptors: [],
    });
  });
});

describe('signals', () => {
  it('never listens to what can spin Node', () => {
    for (const bad of ['SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGPROF', 'SIGKILL', 'SIGSTOP', 'SIGCHLD'])
      expect(FORWARDED).not.toContain(bad);
  });
  it.for([
    ['SIGINT', true, { forward: false, stopSelf: false }],
    ['SIGINT', false, { forward: true, stopSelf: false }],
    ['SIGTERM', true, { forward: true, stopSelf: false }],
    ['SIGTSTP', true, { forward: false, stopSelf: true }],
    ['SIGTSTP', false, { forward: true, stopSelf: true }],
  ] as const)('%s with a shared foreground %s', ([signal, shared, want]) =>
    expect(planSignal(signal, shared)).toEqual(want),
  );
  it('names the ignored signals once each', () =>
    expect(maskNames(0b10_0000_0000_0011n | (1n << 5n))).toEqual(['HUP', 'INT', 'ABRT', 'ALRM']));
});

describe('injectOptions', () => {
  const listener = '-XX:+StartAttachListener';
  it.for([
    ['a JVM gets its attach listener', ['/usr/bin/java', '-jar', 'a.jar'], {}, listener],
    ['beside what it was given', ['java', 'A'], { JDK_JAVA_OPTIONS: '-Xmx1g' }, `-Xmx1g ${listener}`],
    ['the operator’s own decision stands', ['java', '-XX:-StartAttachListener', 'A'], {}, undefined],
    [
      'wherever it was made',
      ['java', 'A'],
      { JDK_JAVA_OPTIONS: '-XX:-StartAttachListener' },
      '-XX:-StartAttachListener',
    ],
    ['other programs get nothing', ['javac', 'A.java'], {}, undefined],
    [
      'a recording, when it was asked for',
      ['java', '-XX:+StartAttachListener', 'A'],
      { JDK_JAVA_OPTIONS: '-Xmx1g' },
      '-Xmx1g -XX:FlightRecorderOptions=x',
      ['-XX:FlightRecorderOptions=x'],
    ],
    ['not beside one of its own', ['java', '-XX:StartFlightRecording', 'A'], {}, listener, ['-XX:x']],
  ] as const)('%s', ([, command, env, want, recording = []]) => {
    expect(injectOptions(command, env, recording)['JDK_JAVA_OPTIONS']).toBe(want);
  });
});
