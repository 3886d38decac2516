import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpServer, openHttpServer } from '../../src/service/httpServer.ts';
import { openMetricsServer } from '../../src/service/metricsServer.ts';

const opened: HttpServer[] = [];
afterEach(() => {
  for (const server of opened.splice(0)) server.close();
});

async function serve(...words: Parameters<typeof openHttpServer>): Promise<HttpServer> {
  const server = await openHttpServer(...words);
  opened.push(server);
  return server;
}
const echo = (method: string, path: string) => ({ code: 200, type: 'text/plain', body: `${method} ${path}` });

describe('a small server', () => {
  it('answers method and path, without what follows the question mark', async () => {
    const { address } = await serve('127.0.0.1:0', 'gates', echo);
    expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
    const response = await fetch(`http://${address}/a/b?c=d`, { method: 'POST', body: 'x'.repeat(100_000) });
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'text/plain',
      'POST /a/b',
    ]);
  });
  it('HEAD has the length of the body, and no body', async () => {
    const { address } = await serve('127.0.0.1:0', 'gates', echo);
    const response = await fetch(`http://${address}/`, { method: 'HEAD' });
    expect([response.headers.get('content-length'), await response.text()]).toEqual(['6', '']);
  });
  it('a length in bytes, not in characters', async () => {
    const { address } = await serve('127.0.0.1:0', 'x', () => ({ code: 200, type: 'text/plain', body: '–ä' }));
    const response = await fetch(`http://${address}/`);
    expect([response.headers.get('content-length'), await response.text()]).toEqual(['5', '–ä']);
  });
  it.for(['localhost', '127.0.0.1', '127.0.0.1:', '127.0.0.1:65536', '::1:80', '[127.0.0.1:80', 'a b:c', '', ':80'])(
    '%j is no address',
    async (address) => {
      await expect(serve(address, 'gates', echo)).rejects.toMatchObject({ code: 'bad-address', exitCode: 125 });
    },
  );
  it('a port that is taken is refused with what to do', async () => {
    const { address } = await serve('127.0.0.1:0', 'gates', echo);
    await expect(serve(address, 'gates', echo)).rejects.toMatchObject({
      code: 'no-server',
      message: `cannot serve gates on ${address} (EADDRINUSE)`,
      hint: expect.stringMatching(/^somebody listens there already \(ss -ltnp 'sport = :\d+'\)/),
    });
  });
  it('an address that is not ours is refused with what to do', async () => {
    await expect(serve('192.0.2.1:0', 'metrics', echo)).rejects.toMatchObject({
      message: 'cannot serve metrics on 192.0.2.1:0 (EADDRNOTAVAIL)',
      hint: expect.stringContaining('an address of this machine'),
    });
  });
  it('IPv6 stands in brackets', async () => {
    const server = await serve('[::1]:0', 'x', echo).catch(() => undefined);
    // A machine without IPv6 has no such address.
    if (server !== undefined) expect(server.address).toMatch(/^\[::1\]:\d+$/);
  });
  it('a connection too many is closed at once instead of kept waiting', async () => {
    const { address } = await serve('127.0.0.1:0', 'gates', echo);
    const [host = '', port] = address.split(':');
    const open = async () => {
      const socket = connect({ host, port: Number(port) });
      socket.on('error', () => {});
      await once(socket, 'connect');
      return socket;
    };
    const sockets = await Promise.all(Array.from({ length: 16 }, open));
    // All of them have been taken once the last one is answered.
    sockets.at(-1)?.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(sockets.at(-1) as Socket, 'data');
    const last = await open();
    last.resume();
    await once(last, 'close');
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual(Array(16).fill(false));
    for (const socket of sockets) socket.destroy();
  });
});

describe('metrics', () => {
  async function metrics(render: () => Promise<string>, now: () => number = () => 0) {
    const server = await openMetricsServer('127.0.0.1:0', { type: 'text/x', render }, now);
    opened.push(server);
    return async (path: string, method = 'GET') => {
      const response = await fetch(`http://${server.address}${path}`, { method });
      return [response.status, await response.text()];
    };
  }
  it('are rendered once a second, whoever asks', async () => {
    let nowMs = 0;
    let renders = 0;
    const ask = await metrics(
      async () => {
        renders += 1;
        return `${renders}\n`;
      },
      () => nowMs,
    );
    expect(await Promise.all([ask('/metrics'), ask('/metrics'), ask('/metrics')])).toEqual(Array(3).fill([200, '1\n']));
    nowMs = 999;
    expect(await ask('/metrics')).toEqual([200, '1\n']);
    nowMs = 1_000;
    expect(await ask('/metrics')).toEqual([200, '2\n']);
  });
  it('a page that cannot be rendered is not now, and later it may be', async () => {
    let nowMs = 0;
    let isBroken = true;
    const ask = await metrics(
      async () => {
        if (isBroken) throw new Error('broken');
        return 'ok\n';
      },
      () => nowMs,
    );
    expect(await ask('/metrics')).toEqual([503, 'not now\n']);
    isBroken = false;
    nowMs = 1_000;
    expect(await ask('/metrics')).toEqual([200, 'ok\n']);
  });
  it.for([
    ['/', 'GET', 200],
    ['/other', 'GET', 404],
    ['/metrics', 'POST', 405],
    ['/metrics', 'HEAD', 200],
  ] as const)('%s by %s is %i', async ([path, method, code]) => {
    const ask = await metrics(async () => 'x\n');
    expect((await ask(path, method))[0]).toBe(code);
  });
});
