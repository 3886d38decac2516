import { describe, expect, it } from 'vitest';
import { hardeningEffects, hardeningLines } from '../../src/service/hardening.ts';
import { dropInText, unitText } from '../../src/service/unitFile.ts';

const facts = { name: 'web', guard: '/opt/bin/threadguard', flags: [], path: undefined };
const settings = (...lines: readonly [string, string][]) =>
  new Map<string, readonly string[]>([
    ['ExecStart', ['/usr/bin/web']],
    ...lines.map(([name, value]) => [name, [value]] as const),
  ]);
const dropIn = (map: ReadonlyMap<string, readonly string[]>): string => {
  const made = dropInText(facts, map);
  if ('why' in made) throw new Error(made.why);
  return made.text;
};

describe('what a unit forbids', () => {
  it.for([true, false])('each line is a setting, behind its reason (root: %s)', (isRoot) => {
    const lines = hardeningLines(isRoot).split('\n');
    const names = lines.filter((line) => !line.startsWith('#')).map((line) => /^([A-Z]\w+)=/.exec(line)?.[1]);
    expect(names).not.toContain(undefined);
    expect(new Set(names).size).toBe(names.length);
    for (const line of lines.filter((one) => one.startsWith('#'))) expect(line).toMatch(/^# .*\.$/);
  });
  it('leaves the guard what it needs', () => {
    for (const isRoot of [true, false]) {
      const text = hardeningLines(isRoot);
      expect(text).not.toMatch(
        /^(?:ProtectControlGroups|ProtectProc|ProcSubset|MemoryDenyWriteExecute|RestrictRealtime|UMask)=/m,
      );
    }
    for (const cap of ['KILL', 'SYS_PTRACE', 'SYS_RESOURCE', 'SYS_NICE', 'DAC_OVERRIDE', 'SETUID', 'SETGID']) {
      expect(hardeningLines(true)).not.toMatch(new RegExp(`CAP_${cap}\\b`));
    }
  });
  it('a user has no capabilities, root has fewer', () => {
    expect(unitText({ ...facts, command: ['/usr/bin/web'], user: 'web' })).toMatch(/^CapabilityBoundingSet=$/m);
    expect(unitText({ ...facts, command: ['/usr/bin/web'], user: undefined })).toMatch(
      /^CapabilityBoundingSet=~.*\bCAP_SYS_ADMIN\b/m,
    );
  });
});

describe('what a service forbids already', () => {
  it.for([
    ['MemoryDenyWriteExecute', 'yes', /without the compiler of V8/],
    ['MemoryDenyWriteExecute', 'True', /without the compiler of V8/],
    ['ProtectControlGroups', '1', /TasksMax= holds instead/],
    ['ProtectProc', 'invisible', /tasks of other users/],
    ['ProcSubset', 'pid', /limits of the host/],
    ['RestrictRealtime', 'on', /looks later/],
    ['PrivateNetwork', 'yes', /--metrics-file/],
  ] as const)('%s=%s is told above the drop-in', ([name, value, means]) => {
    const text = dropIn(settings([name, value]));
    const [first, second, third] = text.split('\n');
    expect(first).toMatch(/^# \/etc\/systemd/);
    expect(second).toMatch(/^# What web\.service forbids already/);
    expect(third).toMatch(means);
    expect(third?.startsWith(`# ${name}=${value}: `)).toBe(true);
  });
  it.for([
    ['MemoryDenyWriteExecute', 'no'],
    ['ProtectProc', 'default'],
    ['ProtectSystem', 'strict'],
  ] as const)('%s=%s means nothing to the guard', ([name, value]) => {
    expect(hardeningEffects(settings([name, value]))).toEqual([]);
    expect(dropIn(settings([name, value]))).toMatch(/^# .*\n\[Service\]/);
  });
  it('the last value counts', () => {
    expect(hardeningEffects(new Map([['PrivateNetwork', ['yes', 'no']]]))).toEqual([]);
  });
  it('a command of root in a service of a user: its evidence goes where root may write', () => {
    const map = new Map([['ExecStart', ['+/usr/bin/web', '/usr/bin/web']]]);
    const lines = dropIn(map)
      .split('\n')
      .filter((line) => /^ExecStart=./.test(line));
    expect(lines.map((line) => line.includes('--incident-dir'))).toEqual([false, true]);
  });
});
