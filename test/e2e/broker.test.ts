import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, connect as open, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Box, events, makeBox, sleep, until } from './harness.ts';

const example = (name: string) => fileURLToPath(new URL(`../../examples/mq-broker/${name}`, import.meta.url));

interface Scene {
  readonly afterNeighbour: { readonly greeted: number; readonly tasks: number }[];
  readonly lost: number;
  readonly brokerLives: boolean;
  readonly isCut: boolean;
  readonly neighbourEnded?: number | string;
  readonly incident?: { readonly headline: string; readonly line?: string };
}

/**
 * The example as a user runs it, in seconds instead of a minute, and with more time for a greeting: how fast a machine
 * greets is the bench's to say. Bare, nobody is greeted at all.
 */
async function story(broker: string, seconds: number): Promise<Record<'quiet' | 'bare' | 'guarded', Scene>> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    example('story.mjs'),
    broker,
    '--json',
    '--seconds',
    String(seconds),
    '--greeted-ms',
    '5000',
  ]);
  return JSON.parse(stdout) as Record<'quiet' | 'bare' | 'guarded', Scene>;
}
const greeted = ({ afterNeighbour }: Scene) => afterNeighbour.map((one) => one.greeted);
const line =
  readFileSync(example('neighbour.py'), 'utf8')
    .split('\n')
    .findIndex((text) => text.includes('threading.Thread(')) + 1;

describe('a broker beside a bad deploy', () => {
  it('ActiveMQ: bare it greets hardly anybody, guarded everybody, and the incident names the line', async () => {
    const { bare, guarded, quiet } = await story('activemq', 8);
    expect(greeted(quiet)).toEqual(Array(8).fill(20));
    expect(Math.min(...greeted(bare))).toBeLessThan(20);
    expect(greeted(guarded)).toEqual(Array(6).fill(20));
    expect(guarded).toMatchObject({ lost: 0, brokerLives: true, isCut: false, neighbourEnded: 113 });
    expect(guarded.incident?.line).toBe(`import_orders (neighbour.py:${line})`);
  }, 120_000);
  it('NATS: guarded it greets everybody and loses nothing', async () => {
    const { guarded } = await story('nats', 6);
    expect(greeted(guarded)).toEqual(Array(4).fill(20));
    expect(guarded).toMatchObject({ lost: 0, brokerLives: true, isCut: false, neighbourEnded: 113 });
  }, 60_000);
});

describe('a broker that is wrapped itself', () => {
  let box: Box;
  beforeEach(() => {
    box = makeBox(2_000);
  });
  afterEach(() => box.remove());
  it('RabbitMQ: starts, serves 300 connections without a false alarm, and stops as it would', async () => {
    const port = await freePorts();
    const broker = box.start([
      example('rabbitmq.sh'),
      join(box.scratch, 'rabbit'),
      String(port),
      '--log-format',
      'json',
    ]);
    await until('it is up', () => broker.out().includes('Server startup complete'), 50_000);
    const sockets = await Promise.all(Array.from({ length: 300 }, () => amqp(port)));
    await sleep(1_500);
    for (const socket of sockets) socket.destroy();
    broker.child.kill('SIGTERM');
    const { code, err } = await broker.ended;
    expect(code).toBe(0);
    const kinds = events(err).map(({ event }) => event);
    expect(kinds.filter((kind) => !['start', 'contained', 'sample', 'exit'].includes(String(kind)))).toEqual([]);
    expect(events(err).at(-1)).toMatchObject({ refused: 0, actions: {} });
  }, 90_000);
});

/** Three ports in a row: for clients, for other nodes, for the port mapper. */
async function freePorts(): Promise<number> {
  for (let base = 45_000 + (process.pid % 500) * 4; ; base += 4) {
    const free = await Promise.all([0, 1, 2].map((offset) => isFree(base + offset)));
    if (free.every(Boolean)) return base;
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** A connection that the broker has answered: `AMQP 0-9-1`, then Connection.Start (class 10, method 10). */
function amqp(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = open(port, '127.0.0.1');
    socket.on('connect', () => socket.write('AMQP\0\0\u0009\u0001'));
    socket.on('data', (data) => {
      if (data.readUInt16BE(7) === 10 && data.readUInt16BE(9) === 10) resolve(socket);
      else reject(new Error(`not greeted: ${data.toString('latin1')}`));
    });
    socket.on('error', reject);
  });
}
