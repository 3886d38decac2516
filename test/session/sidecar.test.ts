import { mkdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '../../src/policy/settings.ts';
import type { RunOptions } from '../../src/session/runOptions.ts';
import { sidecarOf } from '../../src/session/sidecar.ts';
import { fakeMachine } from '../targets/fakeMachine.ts';

const options = (over: Partial<Record<keyof RunOptions, object>> = {}): RunOptions => {
  const slices = {
    settings: DEFAULT_SETTINGS,
    restart: { mode: 'no' },
    evidence: { captureStderr: false, jvmThreadEvents: false },
    launch: { passFds: [], onDaemons: 'keep' },
  };
  const merged = Object.entries(slices).map(([name, slice]) => [name, { ...slice, ...over[name as keyof RunOptions] }]);
  return Object.fromEntries(merged) as unknown as RunOptions;
};
function pidOf(over: Parameters<typeof options>[0], env: NodeJS.ProcessEnv): number {
  const { root } = fakeMachine();
  mkdirSync(root.proc('self', 'fd'), { recursive: true });
  return sidecarOf(options(over), root, env);
}

describe('the service that the launcher has become', () => {
  it('is named by the launcher, once: the command does not see it', () => {
    const env = { _THREADGUARD_SIDECAR: '4711' };
    expect(pidOf({}, env)).toBe(4711);
    expect(env).toEqual({});
  });
  it.each(['', '0', '-1', '4.5', 'x', undefined])('cannot be %j', (value) => {
    expect(() => pidOf({}, { _THREADGUARD_SIDECAR: value })).toThrow(/needs the launcher/);
  });
  it.each([
    ['--restart', { restart: { mode: 'always' } }],
    ['--capture-stderr', { evidence: { captureStderr: true } }],
    ['--jvm-thread-events', { evidence: { jvmThreadEvents: true } }],
    ['--on-guard-death kill', { settings: { onGuardDeath: 'kill' } }],
    ['--pass-fd', { launch: { passFds: [3] } }],
    ['--on-daemons kill', { launch: { onDaemons: 'kill' } }],
  ])('cannot have %s, which a parent is needed for', (flag, over) => {
    expect(() => pidOf(over, { _THREADGUARD_SIDECAR: '4711' })).toThrow(`${flag} cannot be had`);
  });
});
