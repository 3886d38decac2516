import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
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
  it('a body without an end ends with its connection', async () => {
    const { address } = await serve('127.0.0.1:0', 'gates', () => new Promise(() => {}));
    const socket = await dial(address);
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 999999999999\r\n\r\n');
    const chunk = Buffer.alloc(1 << 16);
    let sent = 0;
    const feed = (): void => {
      while (!socket.destroyed && socket.write(chunk)) sent += chunk.length;
    };
    socket.on('drain', feed);
    feed();
    await new Promise((resolve) => socket.on('close', resolve));
    expect(sent).toBeLessThan(64 << 20);
  });
  it('first lines without an end, too', async () => {
    const { address } = await serve('127.0.0.1:0', 'gates', echo);
    const socket = await dial(address);
    socket.write(`GET / HTTP/1.1\r\nx: ${'x'.repeat(10_000)}`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 431 /);
    socket.destroy();
  });
});

async function dial(address: string): Promise<Socket> {
  const [host = '', port] = address.split(':');
  const socket = connect({ host, port: Number(port) });
  socket.on('error', () => {});
  await once(socket, 'connect');
  // One that does not read does not see its end.
  socket.resume();
  return socket;
}

// Generous: a busy machine makes 1,000 connections slowly.
describe('a scrape is answered', { timeout: 60_000 }, () => {
  const guests: Socket[] = [];
  afterEach(() => {
    for (const guest of guests.splice(0)) guest.destroy();
  });
  /** So many connect one after the other, and each says this. */
  async function crowd(address: string, size: number, words: string): Promise<void> {
    for (let count = 0; count < size; count += 50) {
      const some = await Promise.all(Array.from({ length: 50 }, () => dial(address)));
      for (const one of some) one.write(words);
      guests.push(...some);
    }
  }
  const scrape = async (address: string): Promise<string> => {
    const answer = await fetch(`http://${address}/metrics`, { headers: { connection: 'close' } });
    return await answer.text();
  };
  const open = async () => {
    const server = await openMetricsServer('127.0.0.1:0', { type: 'text/x', render: async () => 'x 1\n' }, () => 0);
    opened.push(server);
    return server.address;
  };

  it.for([
    ['that say nothing', ''],
    ['that have been answered and stay', 'GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n'],
    ['that say one byte now and then', 'GET /metrics'],
    ['that never end their first lines', 'GET /metrics HTTP/1.1\r\nx: '],
    ['that never end their body', 'POST /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n'],
  ])('beside 1,000 connections %s', async ([, words = '']) => {
    const address = await open();
    await crowd(address, 1_000, words);
    const trickle = setInterval(() => {
      for (const guest of guests) if (!guest.destroyed) guest.write('x');
    }, 20);
    try {
      for (let round = 0; round < 5; round += 1) expect(await scrape(address)).toBe('x 1\n');
    } finally {
      clearInterval(trickle);
    }
    // Those that are held are few; the others were ended by the server.
    await vi.waitFor(() => expect(guests.filter(({ destroyed }) => !destroyed).length).toBeLessThanOrEqual(16), 50_000);
  });
  it('while others connect as fast as they can', async () => {
    const address = await open();
    let isOver = false;
    let connected = 0;
    const flood = async (): Promise<void> => {
      while (!isOver) {
        const guest = await dial(address).catch(() => undefined);
        if (guest === undefined) continue;
        connected += 1;
        guests.push(guest);
        if (guests.length > 200) guests.shift()?.destroy();
      }
    };
    const floods = Promise.all(Array.from({ length: 20 }, flood));
    try {
      for (let round = 0; round < 20; round += 1) expect(await scrape(address)).toBe('x 1\n');
    } finally {
      isOver = true;
      await floods;
    }
    expect(connected).toBeGreaterThan(20);
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
