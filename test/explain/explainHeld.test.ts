import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCeiling } from '../../src/core/ceiling.ts';
import { explainHeld, type HeldTools, type LaunchedSubject } from '../../src/explain/explainLaunched.ts';
import { kernelRoot } from '../../src/procfs/root.ts';
import type { ChildTarget } from '../../src/targets/contracts.ts';
import { fakeClock } from '../fixtures/clock.ts';
import { fullHost } from '../fixtures/fullHost.ts';
import { addProcess } from '../fixtures/processes.ts';
import { makeTree } from '../fixtures/tree.ts';

let tree: ReturnType<typeof makeTree>;
beforeEach(() => {
  tree = makeTree(fullHost(500));
  addProcess(tree, 42, { cgroup: '0::/a\n' });
});
afterEach(() => tree.remove());

const PLAN: LaunchedSubject = {
  command: ['app', '-x'],
  descriptors: [],
  env: { A: '1' },
  keep: false,
  toTheEnd: false,
  timeoutMs: 60_000,
  trace: false,
};
const shared = makeCeiling({
  name: 'kernel.pid_max',
  scope: 'pid-namespace',
  unit: 'tasks',
  used: 1,
  limit: 700,
  source: '',
  raise: '',
});

/** A target that writes down what is done with it. `refusedMs` is when the kernel refuses something. */
function stand(story: { refusedMs?: number; endsMs?: number; tasks?: number; isHeld?: boolean } = {}) {
  const did: string[] = [];
  const stop = new AbortController();
  const clock = fakeClock();
  const stderr = new PassThrough();
  const isAfter = (ms = Number.POSITIVE_INFINITY): boolean => clock.now() >= ms;
  let isKilled = false;
  const target = {
    brake: { isHeld: story.isHeld ?? true },
    meter: {
      tasks: () => story.tasks ?? 5,
      processes: () => (isKilled || isAfter(story.endsMs) ? [] : [42]),
      peak: (seen: number) => seen,
      refused: () => {
        if (!isAfter(story.refusedMs)) return 0;
        tree.write('cg/a/pids.events', 'max 2\n');
        return 2;
      },
    },
    end: {
      signal: (name: string) => void did.push(name),
      killRound: () => {
        isKilled = true;
        did.push('kill');
      },
      isEmpty: () => isKilled || isAfter(story.endsMs),
    },
    close: () => void did.push('close'),
    remove: () => did.push('remove') > 0,
  } as unknown as ChildTarget;
  const tools: HeldTools = {
    safetyCap: () => ({ tasks: 600, for: shared }),
    trace: () => ({
      by: 'strace',
      cost: 'it is slow',
      prefix: ['strace', '--'],
      failed: () => false,
      call: () => undefined,
      close: () => void did.push('untrace'),
    }),
    launch: async (words, { env }, _, cap) => {
      did.push(`start ${words.join(' ')} A=${env['A']} cap=${cap}`);
      return { stderr, ended: () => (isAfter(story.endsMs) ? 'exit 3' : undefined) };
    },
  };
  const world = {
    root: kernelRoot(tree.dir),
    libc: undefined,
    clock,
    stop: stop.signal,
    passThrough: () => {},
    onNote: (note: string) => void did.push(`note ${note}`),
  };
  const explain = (plan: Partial<LaunchedSubject> = {}, other: Partial<HeldTools> = {}) =>
    explainHeld({ ...PLAN, ...plan }, world, target, { ...tools, ...other });
  return { did, explain, stop, stderr, clock };
}

const TAKEN_BACK = ['kill', 'close', 'remove'];

describe('a command that is run to be explained', () => {
  it('is refused something: it is asked to end, and nothing of it stays', async () => {
    const { did, explain } = stand({ refusedMs: 40 });
    const found = await explain();
    expect([found.verdict, found.ceiling?.name, found.ceiling?.path]).toEqual(['proved', 'pids.max', '/a']);
    expect(did).toEqual(['start app -x A=1 cap=600', 'SIGTERM', ...TAKEN_BACK]);
  });
  it('ends by itself, and is not asked to', async () => {
    const { did, explain } = stand({ endsMs: 100 });
    expect((await explain()).verdict).toBe('none');
    expect(did).toEqual(['start app -x A=1 cap=600', ...TAKEN_BACK]);
  });
  it('reaches the cap that keeps the machine: the next ceiling is inferred', async () => {
    const { explain } = stand({ tasks: 600, endsMs: 50 });
    expect(await explain()).toMatchObject({ verdict: 'inferred', ceiling: shared });
  });
  it.for([
    ['--to-the-end', { toTheEnd: true }, {}],
    ['nothing holds it', {}, { isHeld: false }],
  ] as const)('has no cap when %s', async ([, plan, story]) => {
    const { did, explain } = stand({ ...story, endsMs: 10 });
    await explain(plan);
    expect(did[0]).toBe('start app -x A=1 cap=max');
  });
  it('is traced when that is asked for, and what it costs is said first', async () => {
    const { did, explain } = stand({ endsMs: 10 });
    await explain({ trace: true });
    expect(did).toEqual(['note it is slow', 'start strace -- app -x A=1 cap=600', ...TAKEN_BACK, 'untrace']);
  });
  it('ends with the signal that ends us', async () => {
    const { clock, did, explain, stop } = stand();
    stop.abort();
    expect((await explain()).verdict).toBe('none');
    expect(did).toContain('SIGTERM');
    expect(clock.now()).toBe(2_000);
  });
});

describe('whatever happens, what was made is taken back', () => {
  const fail = (what: string) => () => {
    throw new Error(what);
  };
  it('when it cannot be started', async () => {
    const { did, explain } = stand();
    await expect(explain({ trace: true }, { launch: fail('no such file') })).rejects.toThrow('no such file');
    expect(did).toEqual(['note it is slow', ...TAKEN_BACK, 'untrace']);
  });
  it('when it cannot be traced', async () => {
    const { did, explain } = stand();
    await expect(explain({ trace: true }, { trace: fail('no strace') })).rejects.toThrow('no strace');
    expect(did).toEqual(TAKEN_BACK);
  });
  it('when the ceilings cannot be read', async () => {
    const { did, explain } = stand();
    await expect(explain({}, { safetyCap: fail('no descriptors are left') })).rejects.toThrow('no descriptors');
    expect(did).toEqual(TAKEN_BACK);
  });
});
