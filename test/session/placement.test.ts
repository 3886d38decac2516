import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Ceiling } from '../../src/core/model.ts';
import { DEFAULT_SETTINGS } from '../../src/policy/settings.ts';
import { kernelRoot } from '../../src/procfs/root.ts';
import { AS_IT_WAS, keepReserve, takePlace } from '../../src/session/placement.ts';
import type { Libc } from '../../src/sys/libc.ts';
import { pids } from '../fixtures/events.ts';
import { makeTree } from '../fixtures/tree.ts';

/** A user who owns no file here, and has a manager of systemd in a folder of the test. */
const UID = 54_321;
const SCOPE = 'user.slice/user-54321.slice/session-3.scope';
const SLICE = 'app-threadguard.slice';

const opened: { remove(): void }[] = [];
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  for (const tree of opened.splice(0)) tree.remove();
});

interface Scene {
  readonly path?: string;
  readonly hasSystemd?: boolean;
  readonly isDelegated?: boolean;
  readonly procs?: readonly number[];
}

/** A host with systemd and cgroup v2, where the guard stands in the scope of a session. */
function scene({ hasSystemd = true, isDelegated = false, path = SCOPE, procs = [process.pid] }: Scene = {}) {
  const cgroup = `sys/fs/cgroup/${path}`;
  const tree = makeTree({
    'proc/self/cgroup': `0::/${path}\n`,
    'proc/self/mountinfo': '30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
    [`${cgroup}/cgroup.controllers`]: 'memory pids\n',
    [`${cgroup}/cgroup.procs`]: procs.map((pid) => `${pid}\n`).join(''),
    'run/user/systemd/': '',
    ...(hasSystemd ? { 'run/systemd/system/': '' } : {}),
  });
  opened.push(tree);
  const asked: string[] = [];
  const libc = {
    getxattr: (file: string) => {
      asked.push(file);
      return isDelegated && file.endsWith(path) ? '1' : undefined;
    },
  } satisfies Partial<Libc> as unknown as Libc;
  const parts = {
    root: kernelRoot(tree.dir),
    libc,
    uid: UID,
    env: { XDG_RUNTIME_DIR: join(tree.dir, 'run/user') },
    command: ['/usr/bin/redis-server'],
    now: () => 0,
  };
  const take = (wish: Partial<typeof DEFAULT_SETTINGS> = {}) => takePlace({ ...DEFAULT_SETTINGS, ...wish }, parts);
  return { asked, parts, take, tree };
}

/** The manager of a user, who hears a call and hangs up. */
function manager(dir: string): Promise<{ readonly heard: () => Buffer }> {
  let heard = Buffer.alloc(0);
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      if (chunk.includes('AUTH')) return void socket.write('OK 1234\r\n');
      heard = Buffer.concat([heard, chunk]);
      socket.destroy();
    });
  });
  servers.push(server);
  return new Promise((resolve) => {
    server.listen(join(dir, 'run/user/systemd/private'), () => resolve({ heard: () => heard }));
  });
}

describe('the guard stays where it is', () => {
  it.each<[string, Scene]>([
    ['without systemd', { hasSystemd: false }],
    ['in a service: its unit is what ends it', { path: 'system.slice/app.service' }],
    ['alone in a scope that was delegated', { isDelegated: true }],
  ])('%s', async (_, of) => {
    expect(await scene(of).take()).toBe(AS_IT_WAS);
  });
  it.each([{ dryRun: true }, { contain: 'none' }, { contain: 'rlimit' }] as const)(
    'and asks nobody with %j',
    async (wish) => {
      const { asked, take } = scene();
      expect(await take(wish)).toBe(AS_IT_WAS);
      expect(asked).toEqual([]);
    },
  );
  it('on a host with cgroup v1', async () => {
    const { take, tree } = scene();
    tree.write('proc/self/cgroup', `5:pids:/${SCOPE}\n0::/${SCOPE}\n`);
    tree.write(
      'proc/self/mountinfo',
      '30 1 0:26 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n31 1 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n',
    );
    expect(await take()).toBe(AS_IT_WAS);
  });
});

describe('a scope of its own is asked for', () => {
  it.each<[string, Scene]>([
    ['in a scope that belongs to systemd', {}],
    ['beside others, in one that was delegated', { isDelegated: true, procs: [process.pid, 5_000_001] }],
  ])('%s', async (_, of) => {
    const { take, tree } = scene(of);
    const { heard } = await manager(tree.dir);
    const { notes, scope } = await take({ contain: 'cgroup' });
    expect(scope).toBeUndefined();
    expect(notes).toEqual([expect.stringMatching(/^systemd did not make a scope: .* closed the connection$/)]);
    const call = heard().toString('latin1');
    for (const word of ['StartTransientUnit', `threadguard-redis_server-${process.pid}.scope`, SLICE]) {
      expect(call).toContain(word);
    }
  });
  it('and it is said why there is none', async () => {
    const { notes, scope } = await scene().take();
    expect(scope).toBeUndefined();
    expect(notes).toEqual([expect.stringMatching(/^systemd did not make a scope: .*private: ENOENT$/)]);
  });
});

describe('the reserve of what is around', () => {
  const around: Ceiling = { ...pids, path: '/user.slice', limit: 1_000, used: 400, remaining: 600 };
  const reserve = { share: 0, atLeast: 100 };
  const placed = { scope: { name: 'a.scope', slice: SLICE }, notes: [] };
  /** The most tasks of the slice, as systemd was told. */
  async function limitOf(ceilings: readonly Ceiling[], inside?: string) {
    const { parts, tree } = scene({ path: `user.slice/${SLICE}/a.scope` });
    if (inside !== undefined) tree.write(`sys/fs/cgroup/user.slice/${SLICE}/pids.current`, inside);
    const { heard } = await manager(tree.dir);
    await keepReserve(placed, ceilings, reserve, parts);
    const call = heard();
    if (call.length === 0) return undefined;
    expect(call.toString('latin1')).toContain(SLICE);
    return Number(call.readBigUInt64LE(call.length - 8));
  }
  it.each<[string, readonly Ceiling[], string | undefined, number | undefined]>([
    ['is not given to the guards', [around], undefined, 500],
    ['leaves them what they have already', [around], '30\n', 530],
    [
      'is not reckoned by what is within',
      [around, { ...around, path: `/user.slice/${SLICE}`, remaining: 1 }],
      '0',
      500,
    ],
    ['is no limit where nothing around has one', [{ ...around, remaining: 'unlimited' }], '0', undefined],
  ])('%s', async (_, ceilings, inside, want) => {
    expect(await limitOf(ceilings, inside)).toBe(want);
  });
  it('is nobody’s where the guard has no scope', async () => {
    const { parts, tree } = scene();
    const { heard } = await manager(tree.dir);
    await keepReserve(AS_IT_WAS, [around], reserve, parts);
    expect(heard()).toHaveLength(0);
  });
});
