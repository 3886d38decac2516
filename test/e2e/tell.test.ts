import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createNetServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openHelper } from '../../src/service/helper.ts';
import { type Box, events, MISBEHAVE, makeBox, THREADGUARD, until } from './harness.ts';

let box: Box;
const servers: { close(): unknown; closeAllConnections?(): void }[] = [];
beforeEach(() => {
  box = makeBox(1_500);
});
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections?.();
    server.close();
  }
  await box.remove();
});

interface Got {
  readonly path: string | undefined;
  readonly body: string;
}

/** A receiver that answers as `reply` says, and what it got. */
async function receiver(reply: (count: number) => number | 'never' | 'garbage'): Promise<{ port: number; got: Got[] }> {
  const got: Got[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (data) => (body += data));
    request.on('end', () => {
      got.push({ path: request.url, body });
      const code = reply(got.length);
      if (code === 'garbage') response.socket?.end('\0\u0001 this is no HTTP\r\n\r\n');
      else if (code !== 'never') response.writeHead(code).end('x'.repeat(100));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return { port: (server.address() as AddressInfo).port, got };
}

const start = (flags: readonly string[], command: readonly string[] = [MISBEHAVE, 'thread', '5000', '10']) =>
  box.start([
    THREADGUARD,
    'run',
    '--log-format',
    'json',
    '--incident-dir',
    box.scratch,
    '--max-tasks',
    '60',
    '--grace',
    '0',
    ...flags,
    '--',
    ...command,
  ]);
const problems = (err: string) =>
  events(err)
    .filter(({ event }) => event === 'error')
    .map(({ msg }) => String(msg));
/** A bomb is often over its line before a warning was due. */
const kinds = (got: readonly Got[]) =>
  got.map(({ body }) => (JSON.parse(body) as { event: string }).event).filter((event) => event !== 'warn');

describe('--tell', () => {
  it('a webhook gets each event once, whole, with where the evidence is', async () => {
    const { got, port } = await receiver(() => 204);
    expect((await start(['--name', 'orders', '--tell', `http://127.0.0.1:${port}/hook`]).ended).code).toBe(113);
    expect(kinds(got)).toEqual(['trip', 'kill', 'exit']);
    const last = JSON.parse(got.at(-1)?.body ?? '') as Record<string, string>;
    expect(last).toMatchObject({ schema: 'threadguard.event/1', target: 'command:orders' });
    expect(existsSync(join(last['incident'] as string, 'report.html'))).toBe(true);
    expect(got[0]?.path).toBe('/hook');
  });
  it('Slack and Alertmanager are told in their own words', async () => {
    const slack = await receiver(() => 200);
    const alerts = await receiver(() => 200);
    const flags = [
      '--tell',
      `slack+http://127.0.0.1:${slack.port}/T/B/x`,
      '--tell',
      `alertmanager+http://127.0.0.1:${alerts.port}`,
      '--tell-on',
      'trip',
    ];
    await start(flags).ended;
    expect(JSON.parse(slack.got[0]?.body ?? '')).toEqual({
      text: expect.stringMatching(/^\*threadguard\* on .*: \*trip\*\n.*--max-tasks 60/),
    });
    expect(alerts.got[0]?.path).toBe('/api/v2/alerts');
    expect(JSON.parse(alerts.got[0]?.body ?? '')).toMatchObject([
      {
        labels: { alertname: 'ThreadguardTrip', severity: 'critical', target: 'command:misbehave' },
        annotations: { event: 'trip' },
      },
    ]);
  });
  it('a file, a socket and a command', async () => {
    const [file, path, ran] = ['told.ndjson', 'tell.sock', 'ran'].map((name) => join(box.scratch, name)) as [
      string,
      string,
      string,
    ];
    let heard = '';
    const server = createNetServer((socket: Socket) => socket.on('data', (data) => (heard += data)));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    servers.push(server);
    await start([
      '--tell',
      `file:${file}`,
      '--tell',
      `unix:${path}`,
      '--tell',
      `exec:echo "$THREADGUARD_EVENT $THREADGUARD_TARGET" >>${ran}`,
    ]).ended;
    const want = ['trip', 'kill', 'exit'];
    for (const text of [readFileSync(file, 'utf8'), heard])
      expect(
        kinds(
          text
            .trim()
            .split('\n')
            .map((body) => ({ path: '', body })),
        ),
      ).toEqual(want);
    expect(readFileSync(ran, 'utf8').replace(/^warn .*\n/, '')).toBe(
      want.map((event) => `${event} command:misbehave\n`).join(''),
    );
  });
  it('a command is there before it is needed: it runs where nothing can be forked', async () => {
    const ran = join(box.scratch, 'ran');
    const own = new Set<number>();
    const helper = openHelper(`echo "$THREADGUARD_EVENT $THREADGUARD_REASON" >${ran}`, process.env, {
      own,
      fork: (start) => start(),
    });
    for (const pid of own) writeFileSync(join(box.dir, 'cgroup.procs'), String(pid));
    writeFileSync(join(box.dir, 'pids.max'), '1');
    const facts = { THREADGUARD_TARGET: 'x', THREADGUARD_INCIDENT: '' };
    const end = await helper.run({ ...facts, THREADGUARD_EVENT: 'trip', THREADGUARD_REASON: 'a\nb"$(id)' }, 5_000);
    helper.close();
    expect(end).toEqual({ by: 'exit', code: 0 });
    expect(readFileSync(ran, 'utf8')).toBe('trip a b"$(id)\n');
  });
});

describe('a command with a secret in it', () => {
  const SECRET = 'Bearer s3cr3t-of-the-config';
  const pids = () => readFileSync(join(box.dir, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean);
  /** Everything that `ps` shows of the processes here to anybody. */
  const shown = () =>
    [box.dir, ...box.inner()].flatMap((dir) =>
      readFileSync(join(dir, 'cgroup.procs'), 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((pid) => {
          try {
            return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
          } catch {
            return '';
          }
        }),
    );

  it('is not shown while its shell waits, and runs as it was given', async () => {
    const ran = join(box.scratch, 'ran');
    const config = join(box.own(), 'guard.yaml');
    const command = `printf '%s\\n' "${SECRET}" "$0" "$#" "\${_THREADGUARD_HELPER-none}" >>${ran}`;
    writeFileSync(
      config,
      JSON.stringify({ onTripExec: command, tell: [`exec:${command}`], maxTasks: 60, grace: '0s' }),
      {
        mode: 0o600,
      },
    );
    const go = join(box.scratch, 'go');
    const service = ['sh', '-c', `until [ -e ${go} ]; do sleep 0.1; done; exec ${MISBEHAVE} thread 5000 10`];
    const guard = [THREADGUARD, 'run', '--config', config, '--incident-dir', box.scratch];
    const running = box.start([...guard, '--tell-on', 'trip', '--', ...service]);
    // The guard and two shells that wait; the service has a cgroup of its own.
    await until('the shells wait', () => box.inner().length > 0 && pids().length >= 3);
    const seen = shown();
    expect(seen.filter((words) => words.startsWith('sh -c IFS= read'))).toHaveLength(2);
    expect(seen.join('\n')).not.toContain('s3cr3t');
    writeFileSync(go, '');
    expect((await running.ended).code).toBe(113);
    const once = [SECRET, 'sh', '0', 'none'];
    expect(readFileSync(ran, 'utf8').trimEnd().split('\n')).toEqual([...once, ...once]);
  });
});

describe('a receiver that is', () => {
  /** From the trip to the kill, by the events of the log. */
  const ladderMs = (err: string) => {
    const at = (name: string) => Date.parse(String(events(err).find(({ event }) => event === name)?.['time']));
    return at('kill') - at('trip');
  };
  it('dead: said at the start and once more, never in the way', async () => {
    const { code, err } = await start(['--tell', 'http://127.0.0.1:9/x']).ended;
    expect(code).toBe(113);
    expect(problems(err)[0]).toMatch(/^http:\/\/127\.0\.0\.1:9\/ cannot be told anything now \(ECONNREFUSED\)/);
    expect(ladderMs(err)).toBeLessThan(3_000);
  });
  it('slow: the kill does not wait for it, the guard does not wait for ever', async () => {
    const { got, port } = await receiver(() => 'never');
    const { code, err } = await start(['--tell', `http://127.0.0.1:${port}/`]).ended;
    expect([code, got.length > 0]).toEqual([113, true]);
    expect(problems(err).at(-1)).toMatch(/^[3-9] messages to people were not delivered$/);
    expect(ladderMs(err)).toBeLessThan(3_000);
  });
  it('answering garbage: it is tried again', async () => {
    const { got, port } = await receiver((count) => (count <= 1 ? 'garbage' : 200));
    await start(['--tell', `http://127.0.0.1:${port}/`, '--tell-on', 'trip']).ended;
    expect(kinds(got)).toEqual(['trip', 'trip']);
  });
  it('busy for a moment: it is tried again; refusing: it is not', async () => {
    const busy = await receiver((count) => (count === 1 ? 503 : 200));
    await start(['--tell', `http://127.0.0.1:${busy.port}/`, '--tell-on', 'trip']).ended;
    expect(kinds(busy.got)).toEqual(['trip', 'trip']);
    const wrong = await receiver(() => 404);
    const { err } = await start(['--tell', `http://127.0.0.1:${wrong.port}/secret-path`, '--tell-on', 'trip']).ended;
    expect(wrong.got).toHaveLength(1);
    expect(problems(err).join()).toMatch(/was not told of trip: it answers 404/);
    expect(err).not.toContain('secret-path');
  });
  it('showing a certificate that is wrong: said before the command starts', async () => {
    const dir = join(box.scratch, 'tls');
    mkdirSync(dir);
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        `${dir}/key`,
        '-out',
        `${dir}/cert`,
        '-days',
        '1',
        '-subj',
        '/CN=elsewhere',
      ],
      { stdio: 'ignore' },
    );
    const server = createTlsServer({ key: readFileSync(`${dir}/key`), cert: readFileSync(`${dir}/cert`) });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
    const { code, err } = await start(
      ['--tell', `https://127.0.0.1:${(server.address() as AddressInfo).port}/`],
      ['true'],
    ).ended;
    expect(code).toBe(0);
    expect(problems(err)[0]).toMatch(/cannot be told anything now \(DEPTH_ZERO_SELF_SIGNED_CERT\)/);
    rmSync(dir, { recursive: true });
  });
  it.for([
    ['nothing at all', 'what'],
    ['a path without a scheme', '/tmp/x'],
    ['a relative socket', 'unix:x'],
    ['an empty command', 'exec: '],
    ['no address', 'https://[::'],
  ])('%s is refused with a hint', async ([, word]) => {
    const { code, err } = await start(['--tell', word as string], ['true']).ended;
    expect(code).toBe(125);
    expect(err).toMatch(/--tell .* is no (destination|address)\n {2}hint: https/);
  });
});
