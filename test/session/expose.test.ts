import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Track } from '../../src/engine/track.ts';
import { exposeMetrics, type TargetView, targetView } from '../../src/session/expose.ts';
import type { Target } from '../../src/targets/contracts.ts';
import { pids, SAMPLES } from '../fixtures/events.ts';
import { scratch } from '../targets/fakeMachine.ts';

// The bundle puts it in; here nobody does.
const globals = globalThis as { __version?: string };
const before = globals.__version;
beforeAll(() => {
  globals.__version = '1.2.3';
});
afterAll(() => {
  if (before === undefined) delete globals.__version;
  else globals.__version = before;
});

const view: TargetView = {
  tasks: 40,
  processes: 3,
  maps: 90,
  growth: { shortPerSecond: 1, longPerSecond: 2, gained: 3 },
  stage: 'warned',
  line: 950,
  refused: 5,
  ceilings: [pids],
  sampledAtMs: 7_000,
  lateness: { p99Ms: 1, worstMs: 2 },
};

async function scene() {
  const file = join(scratch(), 'guard.prom');
  const problems: string[] = [];
  const exposed = await exposeMetrics({ address: undefined, file }, 'command:app', {
    now: () => 0,
    onProblem: (text) => void problems.push(text),
    undelivered: () => 6,
  });
  /** The value of a metric as the file has it; `undefined` where it has none. */
  const value = (name: string, labels = 'target="command:app"') => {
    const line = readFileSync(file, 'utf8')
      .split('\n')
      .find((one) => one.startsWith(`threadguard_${name}{`) && one.includes(labels));
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  };
  return { exposed, file, problems, value };
}

describe('metrics that nobody wants', () => {
  it('are nowhere, and take everything', async () => {
    const exposed = await exposeMetrics({ address: undefined, file: undefined }, 'x', {
      now: () => 0,
      onProblem: () => {},
      undelivered: () => 0,
    });
    let asked = 0;
    exposed.follow(() => {
      asked += 1;
      return view;
    });
    exposed.looked(1);
    exposed.record(SAMPLES.sample);
    await exposed.close();
    expect([exposed.address, asked]).toEqual([undefined, 0]);
  });
});

describe('a file of metrics', () => {
  it('shows the run that is followed', async () => {
    const { exposed, problems, value } = await scene();
    exposed.follow(() => view);
    await exposed.close();
    expect(['target_up', 'target_tasks', 'target_processes', 'target_trip_tasks'].map((name) => value(name))).toEqual([
      1, 40, 3, 950,
    ]);
    expect(value('last_sample_timestamp_seconds')).toBe(7);
    expect(value('undelivered_messages_total')).toBe(6);
    expect(value('build_info', 'version="1.2.3"')).toBe(1);
    expect(value('resident_memory_bytes')).toBeGreaterThan(1e6);
    expect(problems).toEqual([]);
  });
  it('keeps the last numbers of a run that is over, and says that it is', async () => {
    const { exposed, value } = await scene();
    let tasks = 40;
    exposed.follow(() => ({ ...view, tasks }));
    tasks = 41;
    exposed.follow(undefined);
    tasks = 99;
    await exposed.close();
    expect([value('target_up'), value('target_tasks')]).toEqual([0, 41]);
  });
  it('shows a target that is down before the first run', async () => {
    const { exposed, value } = await scene();
    await exposed.close();
    expect([value('target_up'), value('target_tasks'), value('target_trip_tasks')]).toEqual([0, 0, 0]);
  });
  it('counts what was done, over all runs', async () => {
    const { exposed, value } = await scene();
    for (const event of [SAMPLES.warn, SAMPLES.warn, SAMPLES.trip, SAMPLES.restart]) exposed.record(event);
    exposed.looked(2);
    await exposed.close();
    const actions = ['warn', 'trip', 'kill'].map((action) => value('actions_total', `action="${action}"`));
    expect(actions).toEqual([2, 1, 0]);
    expect(value('restarts_total', 'reason="failure"')).toBe(1);
    expect(value('sample_duration_seconds_count')).toBe(1);
  });
  it('is written at a sample and at no other event', async () => {
    const { exposed, file } = await scene();
    exposed.record(SAMPLES.trip);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(existsSync(file)).toBe(false);
    exposed.record(SAMPLES.sample);
    await vi.waitFor(() => expect(existsSync(file)).toBe(true), 5_000);
    await exposed.close();
  });
  it('that the collector would not read is refused', async () => {
    const options = { address: undefined, file: join(scratch(), 'guard.txt') };
    const parts = { now: () => 0, onProblem: () => {}, undelivered: () => 0 };
    await expect(exposeMetrics(options, 'x', parts)).rejects.toMatchObject({ code: 'bad-metrics-file' });
  });
});

describe('the numbers of one track', () => {
  const witness = {
    last: { tasks: 40, maps: 90, timeMs: performance.now() - 5_000 },
    samples: [],
    lateness: { quantileMs: () => 1.26, worstMs: 2 },
  };
  const { growth } = view;
  const track = {
    actions: {},
    observer: { binding: pids, growth, headroom: { ceilings: [pids] }, taskLine: 950, witness },
    refusedBy: [],
    stage: { at: 'clamped' },
  } as unknown as Track;
  const target = {
    meter: { processes: () => [5_000_001, 5_000_002], refused: () => 5 },
  } as unknown as Target;
  it('are those of its last look', () => {
    expect(targetView(track, target)).toMatchObject({
      ...{ tasks: 40, maps: 90, line: 950, stage: 'clamped', refused: 5, processes: 2, growth },
      ...{ ceilings: [pids], lateness: { p99Ms: 1.3, worstMs: 2 } },
    });
  });
  it('are dated by the wall clock', () => {
    const ageMs = Date.now() - targetView(track, target).sampledAtMs;
    expect(ageMs).toBeGreaterThanOrEqual(4_990);
    expect(ageMs).toBeLessThan(60_000);
  });
});
