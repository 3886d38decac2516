import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Box, events, lintMetrics, MISBEHAVE, makeBox, READY, sleep, THREADGUARD, until } from './harness.ts';

let box: Box;
beforeEach(() => {
  box = makeBox(1_500);
});
afterEach(() => box.remove());

const start = (flags: readonly string[], command: readonly string[]) =>
  box.start([THREADGUARD, 'run', '--incident-dir', box.scratch, ...flags, '--', ...command]);
const served = async (flags: readonly string[], command: readonly string[]) => {
  const running = start(['--metrics', '127.0.0.1:0', ...flags], command);
  await until('it serves', () => /metrics on http/.test(running.err()));
  return { ...running, url: /(http:\/\/127\.0\.0\.1:\d+\/metrics)/.exec(running.err())?.[1] as string };
};
const scrape = (url: string): Promise<{ code: number | undefined; text: string }> =>
  new Promise((resolve, reject) => {
    get(url, (response) => {
      let text = '';
      response.on('data', (data) => (text += data));
      response.on('end', () => resolve({ code: response.statusCode, text }));
    }).on('error', reject);
  });
const value = (text: string, series: RegExp) => Number(new RegExp(`^${series.source} (\\S+)$`, 'm').exec(text)?.[1]);

describe('--metrics', () => {
  it('shows the target and every ceiling, and promtool finds nothing to say', async () => {
    const { child, ended, url } = await served(['--name', 'orders'], ['sh', '-c', 'sleep 20 & sleep 20 & wait']);
    const samples = (text: string) => value(text, /threadguard_sample_duration_seconds_count\{.*\}/);
    let answer = await scrape(url);
    while (!(samples(answer.text) > 1)) {
      await sleep(100);
      answer = await scrape(url);
    }
    const { code, text } = answer;
    expect(code).toBe(200);
    expect(value(text, /threadguard_target_up\{target="command:orders"\}/)).toBe(1);
    expect(value(text, /threadguard_target_tasks\{.*\}/)).toBe(3);
    expect(value(text, /threadguard_target_processes\{.*\}/)).toBe(3);
    expect(value(text, /threadguard_state\{state="calm".*\}/)).toBe(1);
    expect(text).toMatch(/^threadguard_ceiling_limit\{ceiling="kernel.pid_max",scope="pid-namespace|host".*\} \d+$/m);
    expect(text).toMatch(/^threadguard_ceiling_exhaustion_seconds\{ceiling="kernel.pid_max".*\} (\+Inf|\d+)/m);
    // A label that changes at each start makes a new series of everything.
    expect(text).not.toMatch(new RegExp(`="[^"]*\\b(${child.pid}|sleep)\\b`));
    expect(lintMetrics(text)).toBe('');
    child.kill('SIGTERM');
    await ended;
  });
  it('a real Prometheus scrapes it, with restarts and trips in it', async () => {
    const running = await served(
      [
        '--restart',
        'on-trip',
        '--restart-delay',
        '10ms',
        '--max-tasks',
        '40',
        '--grace',
        '0',
        '--dump-timeout',
        '0',
        '--max-restarts',
        '3/1m',
      ],
      [
        'sh',
        '-c',
        `[ -e ${box.scratch}/once ] && exec sleep 30; touch ${box.scratch}/once; exec ${MISBEHAVE} thread 500 5`,
      ],
    );
    const dir = join(box.scratch, 'prometheus');
    mkdirSync(dir);
    writeFileSync(
      join(dir, 'prometheus.yml'),
      `global: {scrape_interval: 500ms}\nscrape_configs:\n  - job_name: guard\n    static_configs: [{targets: ['${new URL(running.url).host}']}]\n`,
    );
    const port = await freePort();
    const prometheus = box.start([
      'prometheus',
      `--config.file=${dir}/prometheus.yml`,
      `--storage.tsdb.path=${dir}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ]);
    const query = async (expression: string): Promise<number | undefined> => {
      try {
        const { text } = await scrape(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`);
        const found = (JSON.parse(text) as { data: { result: { value: [number, string] }[] } }).data.result[0];
        return found === undefined ? undefined : Number(found.value[1]);
      } catch {
        return undefined;
      }
    };
    let seen: number | undefined;
    for (let tries = 0; tries < 100 && seen !== 1; tries += 1) {
      seen = await query('threadguard_restarts_total{reason="trip"}');
      await sleep(200);
    }
    expect(seen, prometheus.err()).toBe(1);
    expect(await query('threadguard_actions_total{action="trip"}')).toBe(1);
    expect(await query('up')).toBe(1);
    prometheus.child.kill('SIGTERM');
    running.child.kill('SIGTERM');
    await Promise.all([prometheus.ended, running.ended]);
  });
  it('fifty scrapes at once are answered or refused, and the guard goes on', async () => {
    const { child, ended, err, url } = await served(['--log-format', 'json'], ['sleep', '20']).catch(() =>
      served([], ['sleep', '20']),
    );
    const answers = await Promise.allSettled(Array.from({ length: 50 }, () => scrape(url)));
    const good = answers.filter((one) => one.status === 'fulfilled' && one.value.code === 200);
    expect(good.length).toBeGreaterThan(0);
    expect((await scrape(url)).code).toBe(200);
    expect((await scrape(url.replace('/metrics', '/other'))).code).toBe(404);
    child.kill('SIGTERM');
    await ended;
    expect(err()).not.toMatch(/internal error/);
  });
  it('a port in use is refused before the command starts', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
    );
    const { code, err, out } = await start(['--metrics', `127.0.0.1:${port}`], ['echo', 'ran']).ended;
    server.close();
    expect([code, out]).toEqual([125, '']);
    expect(err).toMatch(/cannot serve metrics on .* \(EADDRINUSE\)\n {2}hint: somebody listens there already/);
  });
  it.for(['9464', '127.0.0.1', '127.0.0.1:99999', 'http://x:1'])('%s is no address', async (address) => {
    const { code, err } = await start(['--metrics', address], ['true']).ended;
    expect([code, /is no address with a port/.test(err)]).toEqual([125, true]);
  });
});

describe('--metrics-file', () => {
  it('is whole at every moment, and says at the end that the target is down', async () => {
    const file = join(box.scratch, 'guard.prom');
    const running = start(['--metrics-file', file], ['sleep', '2']);
    await until('it is there', () => existsSync(file));
    expect(value(readFileSync(file, 'utf8'), /threadguard_target_up\{.*\}/)).toBe(1);
    expect((await running.ended).code).toBe(0);
    const text = readFileSync(file, 'utf8');
    expect(value(text, /threadguard_target_up\{.*\}/)).toBe(0);
    expect(lintMetrics(text)).toBe('');
    expect(readdirSync(box.scratch).filter((name) => name.includes('.prom.'))).toEqual([]);
  });
  it.for([
    ['another name', 'guard.txt', /reads only \*\.prom/],
    ['no directory', 'no/guard.prom', /cannot write metrics to/],
  ] as const)('%s is refused', async ([, name, want]) => {
    const { code, err } = await start(['--metrics-file', join(box.scratch, name)], ['true']).ended;
    expect([code, want.test(err)]).toEqual([125, true]);
  });
});

describe('SIGHUP', () => {
  it('reads the policy again; a wrong one changes nothing; the command does not die of it', async () => {
    const config = join(box.own(), 'guard.yaml');
    writeFileSync(config, 'maxTasks: 900\n');
    const running = start(
      ['--config', config, '--log-format', 'json', '--grace', '0', '--dump-timeout', '0', '--until', 'kill'],
      [MISBEHAVE, 'slow', '1000', '30'],
    );
    const said = (name: string) => events(running.err()).filter(({ event }) => event === name);
    await until('it grows', () => said('sample').length > 1);
    writeFileSync(config, 'maxTask: 50\n');
    running.child.kill('SIGHUP');
    await until('it was refused', () => said('error').length > 0);
    expect(String(said('error')[0]?.['msg'])).toMatch(
      /the old policy stays in force: .*guard\.yaml:1:1: unknown key "maxTask"/,
    );
    writeFileSync(config, 'maxTasks: 50\npolicies:\n  - when: {resource: tasks, above: 10}\n    then: [warn]\n');
    running.child.kill('SIGHUP');
    await until('it was taken', () => said('reload').length > 0);
    expect((await running.ended).code).toBe(113);
    expect(said('trip')[0]).toMatchObject({ line: 50 });
  });
  it('a command that waits for it gets it too', async () => {
    const config = join(box.own(), 'guard.yaml');
    writeFileSync(config, 'grace: 1s\n');
    const running = start(
      ['--config', config],
      ['sh', '-c', 'trap "echo reloaded; exit 0" HUP; echo ready; while :; do sleep 0.05; done'],
    );
    await until('it is ready', () => READY.test(running.out()));
    running.child.kill('SIGHUP');
    const { code, out } = await running.ended;
    expect([code, out]).toEqual([0, 'ready\nreloaded\n']);
  });
});

const LADDER = ['trip', 'clamp', 'dump', 'terminate', 'kill'];

describe('policies', () => {
  const policy = async (text: string, flags: readonly string[] = []) => {
    const config = join(box.own(), 'guard.yaml');
    writeFileSync(config, text);
    const { code, err } = await start(
      ['--config', config, '--log-format', 'json', '--dump-timeout', '100ms', ...flags],
      [MISBEHAVE, 'thread', '100', '2'],
    ).ended;
    return { code, kinds: events(err).map(({ event }) => event), all: events(err) };
  };
  it('a dump without a clamp leaves evidence and the command alone', async () => {
    const { all, code, kinds } = await policy(
      'policies:\n  - name: look\n    when: {resource: tasks, above: 50}\n    then: [dump]\n',
    );
    expect(code).not.toBe(113);
    expect(kinds).toContain('dump');
    expect(kinds).not.toContain('trip');
    expect(all.find(({ event }) => event === 'warn')).toMatchObject({ cause: 'policy', ceiling: 'look' });
  });
  it('goes as far as it says, and no further', async () => {
    const { all, code } = await policy('policies:\n  - when: {resource: tasks, above: 50}\n    then: [clamp]\n');
    expect(code).not.toBe(113);
    // A clamp that was early enough refuses it threads, and then its end has evidence of its own.
    const steps = all.filter(({ cause, event }) => cause !== 'refused' && LADDER.includes(String(event)));
    expect(steps.map(({ event }) => event)).toEqual(['trip', 'clamp']);
  });
  it('kill without terminate asks nobody', async () => {
    const { code, kinds } = await policy('policies:\n  - when: {resource: tasks, above: 50}\n    then: [kill]\n');
    expect(code).toBe(113);
    expect(kinds).not.toContain('terminate');
  });
});

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    }),
  );
}
