import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { callManager, managerSocket } from '../../src/sys/systemdBus.ts';

const dir = mkdtempSync(join(tmpdir(), 'bus-'));
let server: Server | undefined;
afterEach(() => void server?.close());
afterAll(() => rmSync(dir, { recursive: true }));
const call = { path: '/p', interface: 'i', member: 'M', body: [] };

/** A peer that is no systemd, but speaks as it does. */
async function peer(on: (socket: Socket, text: string) => void): Promise<string> {
  const path = join(dir, `${Math.random()}`);
  server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => on(socket, bytes.toString('latin1')));
  });
  await new Promise<void>((resolve) => server?.listen(path, resolve));
  return path;
}
const returned = Buffer.from('l\u0002\u0000\u0001\0\0\0\0\u0001\0\0\0\0\0\0\0', 'latin1');

describe('a manager of systemd', () => {
  it('is asked with our uid, and its answer is the end', async () => {
    const said: string[] = [];
    const path = await peer((socket, text) => {
      said.push(text);
      socket.write(said.length === 1 ? 'OK 1234\r\n' : returned);
    });
    expect(await callManager(path, 1000, call, 1_000)).toEqual({ error: undefined });
    expect(said[0]).toBe('\0AUTH EXTERNAL 31303030\r\n');
    expect(said[1]).toMatch(/^BEGIN\r\nl/);
  });
  it('one that lets nobody in says so', async () => {
    const path = await peer((socket) => socket.write('REJECTED EXTERNAL\r\n'));
    expect((await callManager(path, 0, call, 1_000)).error).toContain('REJECTED');
  });
  it('one that is not there is named', async () => {
    expect((await callManager(join(dir, 'none'), 0, call, 1_000)).error).toMatch(/none: ENOENT$/);
  });
  it('one that does not answer is left', async () => {
    const path = await peer(() => {});
    expect((await callManager(path, 0, call, 50)).error).toBe('no answer within 50 ms');
  });
  it('one that hangs up is named', async () => {
    const path = await peer((socket) => socket.destroy());
    expect((await callManager(path, 0, call, 1_000)).error).toContain('closed the connection');
  });
  it.each([
    [0, {}, '/run/systemd/private'],
    [1000, {}, '/run/user/1000/systemd/private'],
    [1000, { XDG_RUNTIME_DIR: '/x' }, '/x/systemd/private'],
  ])('of uid %i with %j: %s', (uid, env, want) => {
    expect(managerSocket(uid, env)).toBe(want);
  });
});
