import { describe, expect, it } from 'vitest';
import { GROUPS, keyOf, variableOf } from '../../src/flags/flag.ts';
import { isList } from '../../src/flags/kind.ts';
import { changedKeys, readRunOptions, runFlags } from '../../src/flags/runFlags.ts';
import { DEFAULT_SETTINGS } from '../../src/policy/settings.ts';

const flags = runFlags();

describe('the table of run', () => {
  it.for([
    ['name', flags.map(({ name }) => name)],
    ['key', flags.map(keyOf)],
    ['variable', flags.map(variableOf)],
  ] as const)('no %s stands twice', ([, names]) => {
    expect(names).toEqual([...new Set(names)]);
  });
  it('is ordered by group, and every group has a flag', () => {
    const groups = flags.map(({ group }) => group);
    expect([...new Set(groups)]).toEqual(GROUPS);
    expect(groups).toEqual(GROUPS.flatMap((group) => groups.filter((one) => one === group)));
  });
  it.for(flags.map((flag) => [flag.name, flag] as const))('--%s is written like the others', ([name, flag]) => {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(flag.help).toMatch(/^[a-z]|^YAML/);
    expect(flag.help).not.toMatch(/\.$/);
    expect(flag.help.length).toBeLessThanOrEqual(120);
    if (flag.docs !== undefined) expect(flag.docs).toMatch(/^[A-Z`].*\.$/s);
    // A name that begins with no- turns something off, and no other does.
    expect(flag.kind.isNegated === true).toBe(name.startsWith('no-'));
  });
  /** A default in words stands for something that cannot be typed. */
  const typed = flags.filter(({ default: value, defaultText }) => value !== undefined && defaultText === undefined);
  it.for(typed.map((flag) => [flag.name, flag] as const))('the default of --%s can be typed', ([, flag]) => {
    const shown = flag.kind.show(flag.default);
    if (shown === '' || flag.kind.form === 'boolean') return;
    expect(flag.kind.parse(shown, isList(flag.kind) ? [] : undefined)).toEqual(flag.default);
  });
  it('has a default that can be typed, or words for it, or none', () => {
    expect(typed.length).toBeGreaterThan(20);
    expect(flags.filter((flag) => flag.defaultText !== undefined).map(({ name }) => name)).toEqual([
      'name',
      'budget',
      'reserve',
      'leash',
      'incident-dir',
      'state-file',
      'tell-on',
    ]);
  });
});

describe('the options of run', () => {
  it('without a flag are the defaults of each part', () => {
    expect(readRunOptions(['true'], {}, [])).toEqual({
      command: ['true'],
      settings: DEFAULT_SETTINGS,
      launch: { passFds: [], inject: true, sidecar: false, onDaemons: 'keep' },
      evidence: {
        incidentDir: undefined,
        keep: 20,
        captureStderr: false,
        jvmThreadEvents: false,
        jvmOutput: undefined,
      },
      restart: { mode: 'no', delayMs: 1_000, mostDelayMs: 60_000, most: { count: 5, windowMs: 600_000 } },
      service: {
        name: undefined,
        config: undefined,
        notify: 'guard',
        stateFile: undefined,
        onTripExec: undefined,
        onTripTimeoutMs: 60_000,
      },
      metrics: { address: undefined, file: undefined },
      telling: { destinations: [], events: undefined },
      output: { logFormat: 'human', logFile: undefined, quiet: false, progress: false },
    });
  });
  it('carry the rules of a file beside the settings of flags', () => {
    const rule = {
      name: 'a',
      resource: 'tasks',
      above: 5,
      exhaustsWithinMs: undefined,
      growsPerSecond: undefined,
      lasts: { samples: 1 },
      steps: ['warn'],
    } as const;
    const { settings } = readRunOptions([], { maxTasks: 9 }, [rule]);
    expect([settings.maxTasks, settings.rules]).toEqual([9, [rule]]);
  });
});

describe('what a new reading of the file changes', () => {
  const before = readRunOptions(['true'], {}, []);
  it.for([
    ['nothing', {}, []],
    ['the policy: that is in force at once', { grace: 1, maxTasks: 5, budget: { host: 0.5 } }, []],
    [
      'what is opened once',
      { metrics: 'a:1', tell: ['file:/a'], passFd: [5], keep: 3 },
      ['keep', 'passFd', 'metrics', 'tell'],
    ],
    ['restarts', { restart: 'always', maxRestarts: { count: 1, windowMs: 1 } }, ['restart', 'maxRestarts']],
    ['what is off by default', { inject: false, quiet: true }, ['inject', 'quiet']],
    ['a value that is the same', { keep: 20, tell: [], logFormat: 'human' }, []],
  ] as const)('%s', ([, given, want]) => {
    expect(changedKeys(before, readRunOptions(['true'], given, [])).sort()).toEqual([...want].sort());
  });
});
