import { expect, it } from 'vitest';
import type { Ceiling } from '../../src/core/model.ts';
import { openMetrics } from '../../src/reporters/metrics.ts';
import type { MetricsView } from '../../src/reporters/metricTable.ts';

const ceiling = (over: Partial<Ceiling> = {}): Ceiling =>
  ({
    name: 'pids.max',
    scope: 'cgroup',
    path: '/app',
    unit: 'tasks',
    used: 100,
    limit: 400,
    remaining: 300,
    additionalThreads: 300,
    ...over,
  }) as Ceiling;

const VIEW: MetricsView = {
  isUp: true,
  tasks: 100,
  processes: 3,
  maps: undefined,
  growth: { shortPerSecond: 10, longPerSecond: 10, gained: 50 },
  stage: 'warned',
  line: 380,
  refused: 2,
  ceilings: [ceiling()],
  sampledAtMs: 5_000,
  lateness: { p99Ms: 3, worstMs: 40 },
  cpuSeconds: 1.5,
  rssBytes: 1024,
  undelivered: 0,
};

/** A guard whose numbers can be changed; `lines` are those of one metric, without the label of the target. */
function scene(over: Partial<MetricsView> = {}) {
  const state = { view: { ...VIEW, ...over } };
  const metrics = openMetrics('command:x', '1.2.3', () => state.view);
  const lines = async (name: string) =>
    (await metrics.render())
      .split('\n')
      .filter((line) => new RegExp(`^threadguard_${name}(\\{| )`).test(line))
      .map((line) => line.replace(/,?target="command:x"/, '').replace('{}', ''));
  return { metrics, state, lines };
}

it.each([
  ['target_up', '1'],
  ['target_tasks', '100'],
  ['target_processes', '3'],
  ['target_growth_tasks_per_second', '10'],
  ['target_trip_tasks', '380'],
  ['target_refused_tasks_total', '2'],
  ['last_sample_timestamp_seconds', '5'],
  ['cpu_seconds_total', '1.5'],
  ['resident_memory_bytes', '1024'],
  ['lateness_p99_seconds', '0.003'],
  ['lateness_worst_seconds', '0.04'],
  ['undelivered_messages_total', '0'],
])('%s is %s', async (name, value) => {
  expect(await scene().lines(name)).toEqual([`threadguard_${name} ${value}`]);
});

it('one state is 1, the others are 0', async () => {
  const states = await scene().lines('state');
  expect(states.filter((line) => line.endsWith(' 1'))).toEqual(['threadguard_state{state="warned"} 1']);
  expect(states).toHaveLength(5);
});

it('a number that is not known now keeps the one from before', async () => {
  const { lines, state } = scene();
  await lines('target_trip_tasks');
  state.view = { ...state.view, line: undefined };
  expect(await lines('target_trip_tasks')).toEqual(['threadguard_target_trip_tasks 380']);
});

it('a total that is read anew does not add up', async () => {
  const { lines, state } = scene();
  await lines('target_refused_tasks_total');
  state.view = { ...state.view, refused: 7 };
  expect(await lines('target_refused_tasks_total')).toEqual(['threadguard_target_refused_tasks_total 7']);
});

const LABELS = '{ceiling="pids.max",scope="cgroup",object="/app",unit="tasks"}';
it.each([
  ['ceiling_used', '100'],
  ['ceiling_limit', '400'],
  ['ceiling_headroom_ratio', '0.75'],
  ['ceiling_additional_threads', '300'],
])('%s of a ceiling is %s', async (name, value) => {
  expect(await scene().lines(name)).toEqual([`threadguard_${name}${LABELS} ${value}`]);
});

it('the time to exhaustion follows the growth; without growth it is endless', async () => {
  expect(await scene().lines('ceiling_exhaustion_seconds')).toEqual([
    `threadguard_ceiling_exhaustion_seconds${LABELS} 30`,
  ]);
  const still = scene({ growth: { shortPerSecond: 0, longPerSecond: 0, gained: 0 } });
  expect(await still.lines('ceiling_exhaustion_seconds')).toEqual([
    `threadguard_ceiling_exhaustion_seconds${LABELS} +Inf`,
  ]);
});

it('no limit is endless, what is unknown is not there', async () => {
  const { lines } = scene({
    ceilings: [
      ceiling({ limit: 'unlimited', remaining: 'unlimited', additionalThreads: 'unlimited' }),
      ceiling({
        path: '/other',
        used: 'unknown',
        limit: 'unknown',
        remaining: 'unknown',
        additionalThreads: 'unknown',
      }),
    ],
  });
  expect(await lines('ceiling_limit')).toEqual([`threadguard_ceiling_limit${LABELS} +Inf`]);
  expect(await lines('ceiling_used')).toEqual([`threadguard_ceiling_used${LABELS} 100`]);
  for (const name of ['ceiling_headroom_ratio', 'ceiling_additional_threads', 'ceiling_exhaustion_seconds'])
    expect(await lines(name)).toEqual([]);
});

it('a ceiling that is gone is no longer shown', async () => {
  const { lines, state } = scene();
  expect(await lines('ceiling_used')).toHaveLength(1);
  state.view = { ...state.view, ceilings: [] };
  expect(await lines('ceiling_used')).toEqual([]);
});

it('a ceiling of a process has no object: its pid would be a new series at every restart', async () => {
  const { lines } = scene({ ceilings: [ceiling({ scope: 'process', path: '4711' })] });
  expect(await lines('ceiling_used')).toEqual([
    'threadguard_ceiling_used{ceiling="pids.max",scope="process",object="",unit="tasks"} 100',
  ]);
});

it('counts what was done, and restarts by their reason; both begin at 0', async () => {
  const { lines, metrics } = scene();
  const before = await lines('actions_total');
  expect(before).not.toEqual([]);
  expect(before.every((line) => line.endsWith(' 0'))).toBe(true);
  metrics.record({ event: 'terminate', tasks: 5, graceMs: 1_000 });
  expect(await lines('actions_total')).toContain('threadguard_actions_total{action="terminate"} 1');
  expect(await lines('restarts_total')).toEqual(
    ['failure', 'trip', 'success'].map((reason) => `threadguard_restarts_total{reason="${reason}"} 0`),
  );
});

it('a look falls into its class', async () => {
  const { lines, metrics } = scene();
  metrics.looked(2);
  const buckets = await lines('sample_duration_seconds_bucket');
  expect(buckets.find((line) => line.includes('le="0.001"'))).toMatch(/ 0$/);
  expect(buckets.find((line) => line.includes('le="0.005"'))).toMatch(/ 1$/);
});
