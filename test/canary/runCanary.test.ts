import { describe, expect, it } from 'vitest';
import type { GateAnswer } from '../../src/canary/gates.ts';
import type { Source } from '../../src/canary/live.ts';
import { type CanaryPlan, type CanaryWorld, runCanary } from '../../src/canary/runCanary.ts';
import { DEFAULT_RULE } from '../../src/core/growth/judge.ts';
import { GuardError } from '../../src/errors.ts';
import { liveSource, points } from '../fixtures/canary.ts';
import { fakeClock } from '../fixtures/clock.ts';

const flat = () => liveSource('flat', (index) => 200 + (index % 3));
const leak = () => liveSource('leak', (index) => 200 + index);
const brief = () => liveSource('brief', (index) => 200 + (index % 3));

const plan = (over: Partial<CanaryPlan> = {}): CanaryPlan => ({
  baseline: 'flat',
  candidate: { command: ['server'] },
  watch: { forMs: 120_000, everyMs: 1_000, rule: DEFAULT_RULE, loadField: undefined },
  mayWaitOnce: false,
  serve: { address: '127.0.0.1:0', name: 'orders' },
  ...over,
});

/** A world that notes all that happens, in order. `over` is what goes another way. */
function made(over: Partial<CanaryWorld> = {}, candidate: Source & { kind: 'live' } = flat()) {
  const log: string[] = [];
  const stop = new AbortController();
  const asked: { ask?: (method: string, path: string) => Promise<GateAnswer> } = {};
  const sources: Record<string, () => Source> = {
    flat,
    leak,
    brief,
    file: () => ({ kind: 'file', series: { label: 'file', points: points(20, () => 200) } }),
  };
  const world: CanaryWorld = {
    clock: fakeClock(),
    stop: stop.signal,
    asked: async () => void log.push('waits for a signal'),
    open: (selector) => {
      log.push(`opens ${selector}`);
      return (sources[selector] as () => Source)();
    },
    start: async ([command]) => {
      log.push(`starts ${command}`);
      return { source: candidate, stop: async () => void log.push('candidate ended') };
    },
    serve: async (address, ask) => {
      log.push(`listens on ${address}`);
      asked.ask = ask;
      return { address: '127.0.0.1:4711', close: () => log.push('port given back') };
    },
    remainingOf: () => () => undefined,
    report: {
      serving: (address) => log.push(`serves ${address}`),
      sampled: () => {},
      watched: () => {},
      judged: async ({ judgement }) => void log.push(`says ${judgement.verdict}`),
    },
    ...over,
  };
  return { world, log, stop, ask: (method: string, path: string) => asked.ask?.(method, path) };
}

describe('a canary', () => {
  it('takes the port before it starts the candidate, and ends it before it speaks', async () => {
    const { log, world } = made({}, leak());
    expect(await runCanary(plan(), world)).toBe('fail');
    expect(log).toEqual([
      'opens flat',
      'listens on 127.0.0.1:0',
      'serves 127.0.0.1:4711',
      'starts server',
      'candidate ended',
      'says fail',
      'waits for a signal',
      'port given back',
    ]);
  });
  it('without a port and a command takes nothing', async () => {
    const { log, world } = made();
    expect(await runCanary(plan({ candidate: { selector: 'flat' }, serve: undefined }), world)).toBe('pass');
    expect(log).toEqual(['opens flat', 'opens flat', 'says pass']);
  });
  it('engines are answered on the way and after the verdict', async () => {
    const seen: string[] = [];
    const { ask, world } = made({
      report: {
        serving: () => {},
        watched: () => {},
        sampled: async (samples) => {
          if (samples === 1 || samples === 100)
            seen.push(JSON.parse((await ask('GET', '/v1/canary'))?.body ?? '').data);
        },
        judged: async () => {},
      },
      asked: async () => void seen.push(JSON.parse((await ask('GET', '/v1/canary'))?.body ?? '').data),
    });
    await runCanary(plan(), world);
    expect(seen).toMatchObject([
      { name: 'orders', verdict: 'inconclusive', ready: false, samples: 0 },
      { verdict: 'pass', ready: false, samples: 90 },
      { verdict: 'pass', ready: true, samples: 121 },
    ]);
  });
});

describe('nothing is left behind', () => {
  it('a busy port: the candidate is never started', async () => {
    const busy = new GuardError('no-server', 'cannot serve gates on 127.0.0.1:80 (EADDRINUSE)', {
      hint: 'another port',
    });
    const { log, world } = made({ serve: () => Promise.reject(busy) });
    await expect(runCanary(plan(), world)).rejects.toBe(busy);
    expect(log).toEqual(['opens flat']);
  });
  it('a candidate that does not start: the port is given back', async () => {
    const { log, world } = made({ start: () => Promise.reject(new GuardError('no-candidate', 'no', { hint: 'x' })) });
    await expect(runCanary(plan(), world)).rejects.toThrow('no');
    expect(log.at(-1)).toBe('port given back');
  });
  it.for([
    ['in the watch', {}],
    [
      'while the ceilings are read',
      {
        remainingOf: () => () => {
          throw new Error('broken');
        },
      },
    ],
  ] as const)('an error %s', async ([, over]) => {
    const broken = { ...flat(), sample: () => Promise.reject(new Error('broken')) };
    const { log, world } = made(over as Partial<CanaryWorld>, Object.keys(over).length === 0 ? broken : flat());
    await expect(runCanary(plan(), world)).rejects.toThrow('broken');
    expect(log.slice(-2)).toEqual(['candidate ended', 'port given back']);
  });
  it.for([
    ['serving', ['port given back']],
    ['sampled', ['candidate ended', 'port given back']],
    ['watched', ['candidate ended', 'port given back']],
    ['judged', ['candidate ended', 'port given back']],
  ] as const)('an error in what is said: %s', async ([which, want]) => {
    const { log, world } = made();
    const report = {
      ...world.report,
      [which]: () => {
        throw new Error('EPIPE');
      },
    };
    await expect(runCanary(plan(), { ...world, report })).rejects.toThrow('EPIPE');
    expect(log.filter((line) => want.includes(line as never))).toEqual(want);
  });
  it('a signal in the middle: no verdict, and all of it is ended', async () => {
    const { log, stop, world } = made();
    const stopping = liveSource('server', (index) => {
      if (index === 50) stop.abort();
      return 200;
    });
    const start = async () => ({ source: stopping, stop: async () => void log.push('candidate ended') });
    expect(await runCanary(plan(), { ...world, start })).toBeUndefined();
    expect(log.slice(-2)).toEqual(['candidate ended', 'port given back']);
    expect(log.some((line) => line.startsWith('says'))).toBe(false);
  });
  it('a signal while the candidate starts', async () => {
    const { log, world } = made({ start: async () => undefined });
    expect(await runCanary(plan(), world)).toBeUndefined();
    expect(log.at(-1)).toBe('port given back');
  });
});

describe('--on-inconclusive wait', () => {
  const watch = { ...plan().watch, forMs: 20_000 };
  it('watches once more, for twice as long', async () => {
    const { world } = made();
    const clock = fakeClock();
    await runCanary(plan({ watch, mayWaitOnce: true, serve: undefined }), { ...world, clock });
    expect(clock.now()).toBe(20_000 + 40_000);
  });
  it('not when there is a verdict, and never of a recording', async () => {
    const clock = fakeClock();
    const { world } = made({}, brief());
    await runCanary(plan({ mayWaitOnce: true, serve: undefined }), { ...world, clock });
    expect(clock.now()).toBe(120_000);
    const other = fakeClock();
    await runCanary(plan({ watch, baseline: 'file', mayWaitOnce: true, serve: undefined }), { ...world, clock: other });
    expect(other.now()).toBe(20_000);
  });
});
