import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Box, lintMetrics, makeBox, READY, sleep, THREADGUARD, until } from './harness.ts';

let box: Box;
beforeEach(() => {
  box = makeBox(1_500);
});
afterEach(() => box.remove());

const guard = (...words: string[]) => box.start([THREADGUARD, ...words]).ended;
/** A service of Python: twenty threads, and so many more a second. */
const service = async (perSecond: number) => {
  const code = `
import threading, time
never = threading.Event()
start = lambda: threading.Thread(target=never.wait, daemon=True).start()
for _ in range(20): start()
print('ready', flush=True)
while True:
  time.sleep(${perSecond === 0 ? 60 : 1 / perSecond})
  ${perSecond === 0 ? 'pass' : 'start()'}`;
  const running = box.start(['python3', '-c', code]);
  await until('it is ready', () => READY.test(running.out()));
  return running;
};
const QUICK = ['--for', '7s', '--every', '100ms'];
const document = (out: string) =>
  JSON.parse(out) as {
    schema: string;
    verdict: string;
    score: number;
    sentence: string;
    metrics: { name: string; candidateShape: string; verdict: string }[];
  };

describe('threadguard canary', () => {
  it('of two live services, one that leaks fails, with a sentence and its own exit status', async () => {
    const [good, bad] = await Promise.all([service(0), service(10)]);
    const { code, out } = await guard(
      'canary',
      '--baseline',
      `pid:${good.child.pid}`,
      '--candidate',
      `pid:${bad.child.pid}`,
      ...QUICK,
      '--json',
    );
    const { metrics, schema, sentence, verdict } = document(out);
    expect([code, schema, verdict]).toEqual([91, 'threadguard.canary/1', 'fail']);
    expect(sentence).toMatch(/^tasks: grew by \d+(\.\d+)?% more than the baseline/);
    expect(metrics.map(({ name }) => name)).toEqual(['tasks', 'processes', 'maps', 'memoryBytes']);
    expect(metrics[0]).toMatchObject({ candidateShape: 'linear', verdict: 'fail' });
  });
  it('of two that are alike, it passes; and so it does by their recordings', async () => {
    const [a, b] = await Promise.all([service(0), service(0)]);
    const [one, other] = [join(box.scratch, 'a.ndjson'), join(box.scratch, 'b.ndjson')];
    const [first, second] = await Promise.all([
      guard('record', '--target', `pid:${a.child.pid}`, '--out', one, '--for', '5s', '--every', '100ms'),
      guard('record', '--target', `cgroup:${box.dir}`, '--out', other, '--for', '5s', '--every', '100ms'),
    ]);
    expect([first.code, second.code]).toEqual([0, 0]);
    expect(readFileSync(one, 'utf8').split('\n')[0]).toMatch(
      /"schema":"threadguard.samples\/1","target":"pid \d+ \(python3\)"/,
    );
    const live = await guard(
      'canary',
      '--baseline',
      `pid:${a.child.pid}`,
      '--candidate',
      `pid:${b.child.pid}`,
      ...QUICK,
    );
    expect([live.code, live.out.split(' ')[0]]).toEqual([0, 'pass']);
    const same = await guard('canary', '--baseline', one, '--candidate', one);
    expect([same.code, same.out.split(' ')[0]]).toEqual([0, 'pass']);
    expect((await guard('record', '--target', `pid:${a.child.pid}`, '--out', one)).err).toMatch(
      /EEXIST.*\n {2}hint: it is there already/,
    );
  });
  it('one that ends half way is inconclusive, and the operator says what that means', async () => {
    const [a, b] = await Promise.all([service(0), service(0)]);
    const words = [
      'canary',
      '--baseline',
      `pid:${a.child.pid}`,
      '--candidate',
      `pid:${b.child.pid}`,
      '--for',
      '20s',
      '--every',
      '100ms',
    ];
    setTimeout(() => b.child.kill('SIGKILL'), 2_000);
    const { code, out } = await guard(...words);
    expect([code, out]).toEqual([
      93,
      expect.stringMatching(/^inconclusive .*: pid \d+ \(python3\) ended or was restarted after \d+ s/),
    ]);
  });
  it('a command is started as the candidate, under the guard, and ended after the verdict', async () => {
    const good = await service(0);
    const code =
      'import threading, time\nnever = threading.Event()\nwhile True:\n  threading.Thread(target=never.wait, daemon=True).start(); time.sleep(0.1)';
    const before = box.tasks();
    const ended = await guard('canary', '--baseline', `pid:${good.child.pid}`, ...QUICK, '--', 'python3', '-c', code);
    expect([ended.code, ended.out.split(' ')[0]]).toEqual([91, 'fail']);
    expect([box.tasks(), box.inner()]).toEqual([before, []]);
    const none = await guard('canary', '--baseline', `pid:${good.child.pid}`, '--', 'no-such-command');
    expect([none.code, none.err]).toEqual([
      125,
      expect.stringMatching(/the candidate did not start \(127\): no-such-command/),
    ]);
  });
  it('its guards run without the variables of Node, and the candidate gets them', async () => {
    const good = await service(0);
    const told = join(box.scratch, 'env');
    const theirs = { NODE_OPTIONS: '--require /no/such/file', SSL_CERT_FILE: '/no/such/cert', UV_THREADPOOL_SIZE: '9' };
    const words = ['canary', '--baseline', `pid:${good.child.pid}`, ...QUICK, '--', 'sh', '-c'];
    const env = { PATH: process.env['PATH'], ...theirs };
    const running = box.start([THREADGUARD, ...words, `env >${told}.part; mv ${told}.part ${told}; exec sleep 60`], {
      env,
    });
    await until('the candidate runs', () => existsSync(told));
    running.child.kill('SIGTERM');
    await running.ended;
    const found = readFileSync(told, 'utf8').split('\n');
    expect(found).toEqual(expect.arrayContaining(Object.entries(theirs).map(([name, value]) => `${name}=${value}`)));
    expect(found.filter((entry) => entry.startsWith('_THREADGUARD_'))).toEqual([]);
  });
  it('a busy port is refused before the candidate is started: one line, a hint, nothing left', async () => {
    const good = await service(0);
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    try {
      const before = box.tasks();
      const words = ['--baseline', `pid:${good.child.pid}`, '--serve', `127.0.0.1:${port}`];
      const ended = await guard('canary', ...words, '--', 'sh', '-c', `touch ${box.scratch}/started; sleep 60`);
      expect([ended.code, ended.out]).toEqual([125, '']);
      expect(ended.err).toMatch(/^threadguard: cannot serve gates on 127\.0\.0\.1:\d+ \(EADDRINUSE\)\n {2}hint: .*\n$/);
      expect([box.tasks(), box.inner(), existsSync(join(box.scratch, 'started'))]).toEqual([before, [], false]);
    } finally {
      taken.close();
    }
  });
  it.for(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s in the middle: candidate and guard are gone', async (signal) => {
    const good = await service(0);
    const before = box.tasks();
    const words = ['canary', '--baseline', `pid:${good.child.pid}`, '--serve', '127.0.0.1:0', '--for', '1h'];
    const code = `import time\nopen('${box.scratch}/started', 'w')\ntime.sleep(600)`;
    const running = box.start([THREADGUARD, ...words, '--', 'python3', '-c', code]);
    await until('the candidate runs', () => existsSync(join(box.scratch, 'started')));
    await sleep(500);
    running.child.kill(signal);
    const ended = await running.ended;
    expect([ended.signal, ended.out]).toEqual([signal, '']);
    expect([box.tasks(), box.inner()]).toEqual([before, []]);
  });
  it('a signal while the candidate starts, and one that takes no SIGTERM, leave nothing either', async () => {
    const good = await service(0);
    const before = box.tasks();
    const words = ['canary', '--baseline', `pid:${good.child.pid}`, '--for', '1h', '--'];
    const early = box.start([THREADGUARD, ...words, 'sleep', '600']);
    await until('its guard is there', () => box.tasks() > before + 12);
    early.child.kill('SIGTERM');
    expect((await early.ended).signal).toBe('SIGTERM');
    expect([box.tasks(), box.inner()]).toEqual([before, []]);
    const stubborn = `trap '' TERM; touch ${box.scratch}/stubborn; while :; do sleep 0.1; done`;
    const late = box.start([THREADGUARD, ...words, 'sh', '-c', stubborn]);
    await until('the candidate runs', () => existsSync(join(box.scratch, 'stubborn')));
    await sleep(500);
    late.child.kill('SIGTERM');
    expect((await late.ended).signal).toBe('SIGTERM');
    await until('the cgroup is removed', () => box.inner().length === 0);
    expect(box.tasks()).toBe(before);
  });
  it('stdout that nobody reads and a page that cannot be written end the candidate too', async () => {
    const good = await service(0);
    const before = box.tasks();
    const page = await guard(
      'canary',
      ...['--baseline', `pid:${good.child.pid}`, '--for', '1s', '--every', '100ms', '--html', '/nowhere/a.html'],
      ...['--', 'sleep', '600'],
    );
    expect([page.code, page.err]).toEqual([125, expect.stringMatching(/cannot write \/nowhere\/a\.html \(ENOENT\)/)]);
    expect([box.tasks(), box.inner()]).toEqual([before, []]);
    const script = `"$0" canary --baseline pid:${good.child.pid} --for 1s --every 100ms -- sleep 600 2>${box.scratch}/err | :; echo "\${PIPESTATUS[0]}" >${box.scratch}/status`;
    await box.start(['bash', '-c', script, THREADGUARD]).ended;
    expect(readFileSync(join(box.scratch, 'status'), 'utf8').trim()).toBe('125');
    expect(readFileSync(join(box.scratch, 'err'), 'utf8')).toMatch(/cannot write to stdout \(EPIPE\)/);
    expect([box.tasks(), box.inner()]).toEqual([before, []]);
  });
  it('--serve answers rollout engines on the way and after the verdict', async () => {
    const [good, bad] = await Promise.all([service(0), service(10)]);
    const words = [
      'canary',
      '--serve',
      '127.0.0.1:0',
      '--name',
      'orders',
      '--baseline',
      `pid:${good.child.pid}`,
      '--candidate',
      `pid:${bad.child.pid}`,
      ...QUICK,
    ];
    const running = box.start([THREADGUARD, ...words]);
    await until('it serves', () => /gates on http/.test(running.err()));
    const base = /(http:\/\/[\d.:]+)\/v1/.exec(running.err())?.[1];
    const ask = async (path: string, method = 'GET') => {
      const response = await fetch(`${base}${path}`, {
        method,
        ...(method === 'POST' ? { body: '{"name":"orders","phase":"Progressing"}' } : {}),
      });
      return { code: response.status, text: await response.text() };
    };
    expect(JSON.parse((await ask('/v1/canary/orders')).text)).toMatchObject({
      data: { verdict: 'inconclusive', ready: false },
    });
    expect((await ask('/v1/gate/rollback', 'POST')).code).toBe(409);
    await until('it has a verdict', () => running.out().startsWith('fail'));
    expect(JSON.parse((await ask('/v1/canary/orders')).text)).toMatchObject({
      data: { verdict: 'fail', score: 0, ready: true },
    });
    expect((await ask('/v1/gate/rollback', 'POST')).code).toBe(200);
    expect(await ask('/v1/gate/promote', 'POST')).toMatchObject({
      code: 409,
      text: expect.stringMatching(/^fail: tasks: grew/),
    });
    const { text } = await ask('/metrics');
    expect(lintMetrics(text)).toBe('');
    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(91);
  });
  it('suggests a limit from what was recorded', async () => {
    const file = join(box.scratch, 'flat.ndjson');
    writeFileSync(
      file,
      Array.from({ length: 90 }, (_, index) => `{"timeMs":${index * 1000},"tasks":${400 + (index % 2)}}\n`).join(''),
    );
    const { code, out } = await guard('suggest-limit', file);
    expect([code, out.split('\n')[0]]).toEqual([0, 'systemd:     TasksMax=610']);
  });
  it('the peak of a day is the most it ever held', async () => {
    const file = join(box.scratch, 'day.ndjson');
    const tasks = (second: number) => (second >= 50_000 && second < 50_060 ? 5_000 : 400 + (second % 7));
    writeFileSync(
      file,
      Array.from({ length: 86_400 }, (_, second) => `{"timeMs":${second * 1000},"tasks":${tasks(second)}}\n`).join(''),
    );
    const { code, out } = await guard('suggest-limit', file);
    expect([code, out]).toEqual([0, expect.stringMatching(/the most it ever held is 5,000;/)]);
  });
  it('the unit of the example is one', () => {
    const unit = readFileSync(new URL('../../examples/canary/orders-promote.service', import.meta.url), 'utf8');
    const file = join(box.scratch, 'orders-promote.service');
    writeFileSync(
      file,
      unit
        .replaceAll('/usr/local/bin/orders-promote', '/bin/true')
        .replaceAll('/usr/local/bin/threadguard', THREADGUARD),
    );
    expect(
      execFileSync('sh', ['-c', 'systemd-analyze verify --man=no "$0" 2>&1 || true', file], { encoding: 'utf8' }),
    ).toBe('');
  });
  it('too few samples are inconclusive', async () => {
    const a = await service(0);
    const words = [
      'canary',
      '--baseline',
      `pid:${a.child.pid}`,
      '--candidate',
      `pid:${a.child.pid}`,
      '--for',
      '1s',
      '--every',
      '100ms',
    ];
    expect((await guard(...words)).code).toBe(93);
    expect((await guard(...words, '--on-inconclusive', 'pass')).code).toBe(0);
    expect((await guard(...words, '--on-inconclusive', 'fail')).code).toBe(91);
  });
  it.for([
    ['no baseline', ['--candidate', '1'], 125, /needs a --baseline, and a --candidate or a command/],
    [
      'a process that is not there',
      ['--baseline', '1', '--candidate', 'pid:4194303'],
      1,
      /there is no process 4194303/,
    ],
    ['no process at all', ['--baseline', '1', '--candidate', 'pid:x'], 125, /"pid:x" is no process/],
    [
      'a unit that is not there',
      ['--baseline', 'unit:nowhere', '--candidate', '1'],
      1,
      /no running unit nowhere.service/,
    ],
    [
      'a file that is not there',
      ['--baseline', '1', '--candidate', 'file:/nowhere'],
      125,
      /cannot read \/nowhere \(ENOENT\)/,
    ],
    [
      'scores in the wrong order',
      ['--baseline', '1', '--candidate', '1', '--marginal', '95'],
      125,
      /are no scores in this order/,
    ],
  ] as const)('%s is refused', async ([, words, code, want]) => {
    const ended = await guard('canary', ...words);
    expect([ended.code, ended.out]).toEqual([code, '']);
    expect(ended.err).toMatch(want);
    expect(ended.err).toContain('hint:');
  });
  it('a recording that is cut short is named by line', async () => {
    const file = join(box.scratch, 'cut.ndjson');
    writeFileSync(file, '{"schema":"threadguard.samples/1"}\n{"timeMs":0,"tasks":3}\n{"timeMs":1000,"ta');
    const { code, err } = await guard('canary', '--baseline', file, '--candidate', file);
    expect([code, err]).toEqual([125, expect.stringMatching(/cut\.ndjson:3: the last line is cut short/)]);
  });
});
