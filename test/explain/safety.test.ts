import { describe, expect, it } from 'vitest';
import { makeCeiling } from '../../src/core/ceiling.ts';
import type { Ceiling } from '../../src/core/model.ts';
import { almostOut, keptFrom, NO_CAP, safetyCap } from '../../src/explain/safety.ts';

const ceiling = (over: Partial<Parameters<typeof makeCeiling>[0]> = {}): Ceiling =>
  makeCeiling({
    name: 'kernel.threads-max',
    scope: 'host',
    unit: 'tasks',
    used: 0,
    limit: 1_000,
    source: '',
    raise: '',
    ...over,
  });

describe('a cap before the end of the machine', () => {
  it('leaves 5 % of the tightest shared ceiling', () => {
    const tight = ceiling({ name: 'kernel.pid_max', scope: 'pid-namespace', limit: 600 });
    expect(safetyCap([ceiling(), tight])).toEqual({ tasks: 570, for: tight });
  });
  it('memory is shared too, in threads', () => {
    const memory = ceiling({
      name: 'MemAvailable',
      unit: 'bytes',
      limit: 1_000_000,
      cost: { thread: 10_000, process: 1, map: 1 },
    });
    expect(safetyCap([memory]).tasks).toBe(95);
  });
  it('a limit of its own is not shared: that is what is asked about', () => {
    expect(safetyCap([ceiling({ name: 'pids.max', scope: 'cgroup', limit: 10 })])).toBe(NO_CAP);
    expect(safetyCap([ceiling({ name: 'RLIMIT_NPROC', scope: 'user', limit: 10 })])).toBe(NO_CAP);
    expect(safetyCap([ceiling({ limit: 'unknown' })])).toBe(NO_CAP);
    expect(safetyCap([])).toBe(NO_CAP);
  });
  it('is never less than one task, however little is left', () => {
    expect(safetyCap([ceiling({ used: 990 })]).tasks).toBe(1);
  });
});

describe('without a cap', () => {
  it.for([
    ['half is left', 500, false],
    ['exactly 5 % is left', 950, false],
    ['less than 5 % is left', 951, true],
    ['nothing is left', 1_000, true],
  ] as const)('%s', ([, used, want]) => {
    expect(almostOut([ceiling({ used })]) !== undefined).toBe(want);
  });
  it('an unknown ceiling and one of its own say nothing', () => {
    const own = ceiling({ name: 'pids.max', scope: 'cgroup', used: 1_000 });
    expect(almostOut([ceiling({ limit: 'unknown' }), own])).toBeUndefined();
  });
});

it('what it was kept from is an inference: nobody saw the refusal', () => {
  expect(keptFrom(ceiling())).toMatchObject({
    verdict: 'inferred',
    evidence: ['kernel.threads-max is next: it was stopped with 5% of 1000 tasks left for the rest of the machine'],
    settle: expect.stringContaining('--to-the-end'),
  });
});
