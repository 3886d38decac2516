import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Surroundings } from '../../src/ceilings/surroundings.ts';
import type { Place } from '../../src/cgroup/locate.ts';
import { GuardError } from '../../src/errors.ts';
import type { Settings } from '../../src/policy/settings.ts';
import type { KernelRoot } from '../../src/procfs/root.ts';
import type { Libc } from '../../src/sys/libc.ts';
import { contain } from '../../src/targets/contain.ts';
import { fakeMachine } from './fakeMachine.ts';

type Wish = Pick<Settings, 'contain' | 'dryRun' | 'requireContainment'>;
interface Scene {
  /** A v1 hierarchy where cgroups can be made; `closed`: one where they cannot; `empty`: they have no files. */
  readonly cgroup?: 'open' | 'closed' | 'empty';
  /** systemd runs here, and has delegated nothing, unless an attribute says so. */
  readonly hasSystemd?: boolean;
  readonly isDelegated?: boolean;
  readonly isNprocExempt?: boolean;
  readonly hasLibc?: boolean;
}
const PLAIN: Wish = { contain: 'auto', dryRun: false, requireContainment: false };
/** Nobody's, so that no folder of the test is its own. */
const UID = 54_321;
const NO_CGROUP = 'not contained by a cgroup: no pids controller is mounted here';
const EXEMPT = 'the kernel exempts uid 0 and CAP_SYS_RESOURCE from it';
const NO_LIBC = 'libc could not be loaded (koffi)';
/** Of a guard that is gone: whoever makes a cgroup beside it looks into `/proc` for that guard. */
const LEFT_BEHIND = 'threadguard-9-1';

/** A place to stand in, as bare as it is not said otherwise: no cgroups, a plain user, and libc. */
function scene({ cgroup, hasLibc = true, hasSystemd = false, isDelegated = false, isNprocExempt = false }: Scene) {
  const machine = fakeMachine();
  const app = machine.root.at('/cg/app');
  if (cgroup === 'open' || cgroup === 'empty') mkdirSync(join(app, LEFT_BEHIND), { recursive: true });
  if (hasSystemd) mkdirSync(machine.root.at('/run/systemd/system'), { recursive: true });
  const pids: Place = { version: 1, mountPoint: '/cg', dir: '/cg/app', path: '/app' };
  const libc = { ...machine.libc, getxattr: () => (isDelegated ? '1' : undefined) } as Libc;
  const surroundings = {
    context: {
      places: {
        pids: cgroup === undefined ? undefined : pids,
        // With a v2 tree a shell would be started that thaws it.
        unified: undefined,
        memory: undefined,
        freezer: undefined,
        systemd: undefined,
      },
      loadavg: machine.loadavg,
      uid: UID,
      isNprocExempt,
    },
  } as unknown as Surroundings;
  const place = {
    root: cgroup === 'empty' ? machine.root : kernelThatFills(machine.root, app),
    surroundings,
    libc: hasLibc ? libc : undefined,
    now: () => (machine.nowMs += 0.1),
  };
  const made = (): string[] => (existsSync(app) ? readdirSync(app).filter((name) => name !== LEFT_BEHIND) : []);
  return { made, run: (wish: Partial<Wish> = {}) => contain({ ...PLAIN, ...wish }, place) };
}

/** The kernel puts its files into a new cgroup. Here that is done at the next look into `/proc`. */
function kernelThatFills(root: KernelRoot, app: string): KernelRoot {
  const fill = (): void => {
    const pen = join(app, 'threadguard');
    for (const name of existsSync(pen) ? readdirSync(pen) : []) {
      const max = join(pen, name, 'pids.max');
      if (!existsSync(max)) writeFileSync(max, 'max\n');
    }
  };
  return {
    at: root.at,
    proc: (...names) => {
      fill();
      return root.proc(...names);
    },
  };
}

/** What is thrown, as it is shown. */
function refusalOf(run: () => unknown): { code: string; message: string; hint: string } {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(GuardError);
    return error as GuardError;
  }
  throw new Error('nothing was refused');
}

describe('of its own choice it takes', () => {
  it('RLIMIT_NPROC where no cgroup can be had, and says why', () => {
    const { target, fallbacks } = scene({}).run();
    expect(target.hold).toMatchObject({ kind: 'rlimit', description: `RLIMIT_NPROC of uid ${UID}` });
    expect(fallbacks).toEqual([NO_CGROUP]);
  });
  it.each<[string, Scene, string]>([
    ['the user is exempt', { isNprocExempt: true }, EXEMPT],
    ['there is no libc', { hasLibc: false }, NO_LIBC],
    ['of two obstacles the one that nothing helps against is said', { isNprocExempt: true, hasLibc: false }, EXEMPT],
  ])('nothing but its own speed where that does not bind either: %s', (_, where, reason) => {
    const { target, fallbacks } = scene(where).run();
    expect(target.hold.kind).toBe('sampling');
    expect(target.brake.isHeld).toBe(false);
    expect(fallbacks).toEqual([NO_CGROUP, `not by RLIMIT_NPROC either: ${reason}`]);
  });
  it('the next best where a cgroup that it made cannot be used, and takes it back', () => {
    const { made, run } = scene({ cgroup: 'empty' });
    const { target, fallbacks } = run();
    expect(target.hold.kind).toBe('rlimit');
    expect(fallbacks).toEqual([expect.stringMatching(/^not contained by a cgroup: cannot work in .* \(ENOENT\)$/)]);
    expect(made()).toEqual([]);
  });
  it('the next best where a cgroup may not be made, with the place and the errno', () => {
    const { target, fallbacks } = scene({ cgroup: 'closed' }).run();
    expect(target.hold.kind).toBe('rlimit');
    expect(fallbacks).toEqual(['not contained by a cgroup: cannot make a cgroup in /cg/app (ENOENT)']);
  });
  it('no cgroup that systemd has not delegated, although it could', () => {
    const { made, run } = scene({ cgroup: 'open', hasSystemd: true });
    const { target, fallbacks } = run();
    expect(target.hold.kind).toBe('rlimit');
    expect(fallbacks).toEqual(['not contained by a cgroup: systemd has not delegated /app']);
    expect(made()).toEqual([]);
  });
});

describe('a way that was asked for by name', () => {
  it('is taken without a word about the others', () => {
    const { target, fallbacks } = scene({ cgroup: 'open' }).run({ contain: 'rlimit' });
    expect([target.hold.kind, fallbacks]).toEqual(['rlimit', []]);
  });
  it('makes no cgroup when it is another one', () => {
    const { made, run } = scene({ cgroup: 'open' });
    expect(run({ contain: 'none' }).target.hold.kind).toBe('sampling');
    run({ contain: 'rlimit' });
    expect(made()).toEqual([]);
  });
  it('none is none, although RLIMIT_NPROC would bind', () => {
    const { target, fallbacks } = scene({}).run({ contain: 'none' });
    expect([target.hold.kind, target.brake.setCap(5), fallbacks]).toEqual(['sampling', false, []]);
  });
  it.each<[string, Scene, string, string]>([
    ['no controller', {}, 'no-cgroup', 'no pids controller is mounted here'],
    ['no right', { cgroup: 'closed' }, 'no-cgroup', 'cannot make a cgroup in /cg/app (ENOENT)'],
    ['no delegation', { cgroup: 'open', hasSystemd: true }, 'not-delegated', 'systemd has not delegated /app'],
  ])('a cgroup is not replaced by a weaker one: %s', (_, where, code, message) => {
    expect(refusalOf(() => scene(where).run({ contain: 'cgroup' }))).toMatchObject({ code, message });
  });
  it('without delegation it says how to get it', () => {
    const { hint } = refusalOf(() => scene({ cgroup: 'open', hasSystemd: true }).run({ contain: 'cgroup' }));
    expect(hint).toContain('Delegate=yes');
  });
  it.each<[string, Scene, string]>([
    ['an exempt user', { isNprocExempt: true }, EXEMPT],
    ['no libc', { hasLibc: false }, NO_LIBC],
  ])('RLIMIT_NPROC is not replaced by sampling: %s', (_, where, reason) => {
    expect(refusalOf(() => scene(where).run({ contain: 'rlimit' }))).toMatchObject({
      code: 'no-rlimit',
      message: `RLIMIT_NPROC cannot hold this command: ${reason}`,
    });
  });
});

describe('where cgroups can be made', () => {
  it.each<['auto' | 'cgroup', Scene]>([
    ['auto', { cgroup: 'open' }],
    ['cgroup', { cgroup: 'open' }],
    ['auto', { cgroup: 'open', hasSystemd: true, isDelegated: true }],
    ['auto', { cgroup: 'open', isNprocExempt: true, hasLibc: false }],
  ])('one is (%s, %j)', async (mode, where) => {
    const { made, run } = scene(where);
    const { target, fallbacks } = run({ contain: mode, requireContainment: true });
    expect(target.hold.kind).toBe('cgroup-v1');
    expect(target.hold.description).toMatch(/^pids cgroup .*\/cg\/app\/threadguard\/threadguard-\d+-\d+$/);
    expect([target.brake.isHeld, fallbacks, made()]).toEqual([true, [], ['threadguard']]);
    await target.close();
  });
});

describe('a dry run', () => {
  it.each(['auto', 'cgroup', 'rlimit', 'none'] as const)('touches nothing, whatever was asked for (%s)', (mode) => {
    const { made, run } = scene({ cgroup: 'open', isNprocExempt: true });
    const { target, fallbacks } = run({ contain: mode, dryRun: true });
    expect([target.hold.kind, target.brake.isHeld, fallbacks, made()]).toEqual(['sampling', false, [], []]);
  });
});

describe('--require-containment', () => {
  it.each<[string, Scene, Partial<Wish>, string]>([
    ['RLIMIT_NPROC is none', {}, {}, NO_CGROUP],
    ['all that failed is said', { isNprocExempt: true }, {}, `${NO_CGROUP}; not by RLIMIT_NPROC either: ${EXEMPT}`],
    ['none was asked for', { cgroup: 'open' }, { contain: 'none' }, 'no cgroup was asked for'],
    ['another was asked for', { cgroup: 'open' }, { contain: 'rlimit' }, 'no cgroup was asked for'],
    ['a dry run has none', { cgroup: 'open' }, { dryRun: true }, 'no cgroup was asked for'],
  ])('refuses everything but a cgroup: %s', (_, where, wish, reason) => {
    const refusal = refusalOf(() => scene(where).run({ ...wish, requireContainment: true }));
    expect(refusal).toMatchObject({ code: 'not-contained', message: `--require-containment: ${reason}` });
    expect(refusal.hint).toContain('or drop --require-containment');
  });
});
