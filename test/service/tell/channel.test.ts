import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createSocket } from 'node:net';
import { join } from 'node:path';
import { AbortError } from 'p-retry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventName } from '../../../src/policy/event.ts';
import { textOf } from '../../../src/reporters/eventTable.ts';
import { openChannel } from '../../../src/service/tell/channel.ts';
import { parseDestination } from '../../../src/service/tell/destination.ts';
import type { Letter, Message } from '../../../src/service/tell/message.ts';
import { openTellers } from '../../../src/service/tell/tellers.ts';
import { openWebhook } from '../../../src/service/tell/webhook.ts';
import { SAMPLES } from '../../fixtures/events.ts';
import { makeTree } from '../../fixtures/tree.ts';

let tree: ReturnType<typeof makeTree>;
const closing: (() => void)[] = [];
beforeEach(() => {
  tree = makeTree();
});
afterEach(() => {
  for (const close of closing.splice(0)) close();
  tree.remove();
});

const message: Message = {
  schema: 'threadguard.event/1',
  time: '2026-01-02T03:04:05.000Z',
  host: 'h1',
  target: 'command:a',
  pid: 7,
  event: 'trip',
  message: '900 tasks',
  incident: '/incidents/1',
};
const letter: Letter = { message, alert: undefined };
const open = (text: string) =>
  openChannel(parseDestination(text), { env: {}, own: new Set(), fork: (start) => start() });

/** A receiver on loopback that answers as it is made to. */
async function receiver(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      bodies.push(body);
      answer(request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, bodies };
}
const code = (status: number) => (_: IncomingMessage, response: ServerResponse) =>
  void response.writeHead(status).end();

describe('a webhook', () => {
  it('posts the format of its receiver, over one connection', async () => {
    const sockets = new Set<unknown>();
    const { bodies, url } = await receiver((request, response) => {
      sockets.add(request.socket);
      response.end('ok');
    });
    const channel = await open(`slack+${url}`);
    await channel.send(letter);
    await channel.send(letter);
    channel.close();
    expect([channel.problem, channel.label, sockets.size]).toEqual([undefined, url.replace('hook', ''), 1]);
    expect(JSON.parse(bodies[0] ?? '').text).toMatch(/^\*threadguard\* on h1, command:a: \*trip\*\n900 tasks\n/);
  });
  it.for([
    [200, 'taken'],
    [204, 'taken'],
    [301, 'never again'],
    [400, 'never again'],
    [404, 'never again'],
    [408, 'again'],
    [429, 'again'],
    [500, 'again'],
    [503, 'again'],
  ] as const)('an answer of %i means: %s', async ([status, want]) => {
    const { url } = await receiver(code(status));
    const { hook } = await openWebhook(new URL(url));
    const outcome = await hook.post('{}', 2_000).then(
      () => 'taken',
      (error) => (error instanceof AbortError ? 'never again' : 'again'),
    );
    hook.close();
    expect(outcome).toBe(want);
  });
  it('one that does not answer in time is given up, and so is one that sends an endless answer', async () => {
    const silent = await receiver(() => {});
    const { hook } = await openWebhook(new URL(silent.url));
    await expect(hook.post('{}', 30)).rejects.toThrow('it does not answer in time');
    hook.close();
    const endless = await receiver((_, response) => {
      response.writeHead(200);
      response.write('x'.repeat(200_000));
    });
    const other = await openWebhook(new URL(endless.url));
    // The head says that it was taken. The rest of the answer is not waited for.
    await other.hook.post('{}', 2_000);
    other.hook.close();
  });
  it('a receiver that is not there is said at the start, and may come', async () => {
    const free = createSocket().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    free.close();
    await once(free, 'close');
    const { hook, problem } = await openWebhook(new URL(`http://127.0.0.1:${port}/`));
    expect(problem).toBe('ECONNREFUSED');
    await expect(hook.post('{}', 1_000)).rejects.toThrow('ECONNREFUSED');
    const server = createServer(code(200)).listen(port, '127.0.0.1');
    await once(server, 'listening');
    await hook.post('{}', 1_000);
    hook.close();
    server.closeAllConnections();
    server.close();
  });
});

describe('a file, a socket', () => {
  it('a file gets a line of JSON for each message, behind what is there', async () => {
    tree.write('events', 'before\n');
    const channel = await open(`file:${join(tree.dir, 'events')}`);
    await channel.send(letter);
    await channel.send({ ...letter, message: { ...message, event: 'release' } });
    channel.close();
    const lines = readFileSync(join(tree.dir, 'events'), 'utf8').trim().split('\n');
    expect([lines[0], ...lines.slice(1).map((line) => JSON.parse(line).event)]).toEqual(['before', 'trip', 'release']);
  });
  it('a file that cannot be opened is refused at once', async () => {
    await expect(open('file:/nowhere/events')).rejects.toMatchObject({
      code: 'bad-destination',
      message: 'cannot write to /nowhere/events (ENOENT)',
    });
  });
  it('a full disk is not tried again', async () => {
    const channel = await open('file:/dev/full');
    await expect(channel.send(letter)).rejects.toBeInstanceOf(AbortError);
    channel.close();
  });
  it('a socket gets a line for each message; one that nobody listens on is tried again', async () => {
    const path = join(tree.dir, 'socket');
    const channel = await open(`unix:${path}`);
    await expect(channel.send(letter)).rejects.toThrow('ENOENT');
    let said = '';
    const server = createSocket((socket) => socket.on('data', (chunk) => (said += chunk)));
    server.listen(path);
    await once(server, 'listening');
    closing.push(() => server.close());
    await channel.send(letter);
    await expect.poll(() => said).toBe(`${JSON.stringify(message)}\n`);
  });
});

describe('tellers', () => {
  async function tellers(events: readonly EventName[] | undefined) {
    const path = join(tree.dir, 'told');
    const problems: string[] = [];
    const all = await openTellers([parseDestination(`file:${path}`)], events, {
      env: {},
      own: new Set(),
      fork: (start) => start(),
      host: 'h1',
      target: 'command:a',
      pid: () => undefined,
      incident: () => '/incidents/1',
      onProblem: (text) => problems.push(text),
    });
    return {
      all,
      problems,
      told: () =>
        readFileSync(path, 'utf8')
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as Message),
    };
  }
  it('tell what matters to people, one line of it, and wait for the last word', async () => {
    const { all, problems, told } = await tellers(undefined);
    for (const name of ['start', 'sample', 'warn', 'trip', 'dump'] as const) all.tell(SAMPLES[name]);
    all.tell({ ...SAMPLES.exit, stoppedByGuard: false });
    all.tell({ ...SAMPLES.exit, stoppedByGuard: true });
    await all.flush(2_000);
    all.close();
    expect(told().map((one) => one.event)).toEqual(['warn', 'trip', 'exit']);
    expect(told()[0]).toMatchObject({
      host: 'h1',
      target: 'command:a',
      pid: null,
      message: textOf(SAMPLES.warn),
      incident: '/incidents/1',
    });
    expect(told()[2]?.message).toBe(textOf({ ...SAMPLES.exit, stoppedByGuard: true }).split('\n')[0]);
    expect([problems, all.undelivered()]).toEqual([[], 0]);
  });
  it('tell what was chosen, also the end of a command that nobody stopped', async () => {
    const { all, told } = await tellers(['sample', 'exit']);
    for (const name of ['warn', 'sample'] as const) all.tell(SAMPLES[name]);
    all.tell({ ...SAMPLES.exit, stoppedByGuard: false });
    await all.flush(2_000);
    all.close();
    expect(told().map((one) => one.event)).toEqual(['sample', 'exit']);
  });
  it('what is not sent when the time is over was not delivered', async () => {
    const { url } = await receiver(() => {});
    const all = await openTellers([parseDestination(url)], undefined, {
      env: {},
      own: new Set(),
      fork: (start) => start(),
      host: 'h1',
      target: 'a',
      pid: () => 7,
      incident: () => undefined,
      onProblem: () => {},
    });
    all.tell(SAMPLES.warn);
    all.tell(SAMPLES.trip);
    await all.flush(40);
    expect(all.undelivered()).toBe(2);
    all.close();
  });
});
