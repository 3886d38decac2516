import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { schemaErrors } from '../setup/schema.ts';
import { BUILD_DIR } from '../setup/tools.ts';
import { type Box, makeBox, READY, THREADGUARD, until } from './harness.ts';

interface Dumped {
  readonly target: string;
  readonly tasks: number;
  readonly covered: number;
  readonly stoppedMs: number;
  readonly runtimes: readonly string[];
  readonly groups: readonly {
    readonly count: number;
    readonly wait: string;
    readonly runtime: string;
    readonly whole: number;
    readonly names: readonly string[];
    readonly frames: readonly { readonly function: string; readonly file?: string; readonly line?: number }[];
    readonly site?: { readonly function: string; readonly file?: string; readonly line?: number };
  }[];
  readonly creators: readonly { readonly count: number; readonly frames: readonly { readonly line?: number }[] }[];
  readonly notes: readonly string[];
}

const THREADS = 300;
const PYTHON = ['/usr/bin/python3', 'test/programs/spawner.py'];
const JAVA = ['/usr/bin/java', '-cp', BUILD_DIR, 'Spawner'];

/** Starts a program that parks its threads, and hands its pid on once they are there. */
async function parked<T>(
  command: readonly string[],
  use: (pid: number, box: Box) => Promise<T>,
  threads: number = THREADS,
): Promise<T> {
  const box = makeBox(threads + 100);
  try {
    const running = box.start([...command, String(threads), '30']);
    await until('its threads are parked', () => READY.test(running.out()));
    return await use(Number(READY.exec(running.out())?.[1]), box);
  } finally {
    await box.remove();
  }
}

async function dump(pid: number, prefix: readonly string[] = []): Promise<Dumped> {
  const box = makeBox(100);
  try {
    const { code, err, out } = await box.start([...prefix, THREADGUARD, 'dump', '--json', '--pid', String(pid)]).ended;
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const document = JSON.parse(out) as Dumped;
    expect(schemaErrors('dump.json', document)).toEqual([]);
    return document;
  } finally {
    await box.remove();
  }
}

const sites = ({ groups }: Dumped) =>
  groups.slice(0, 3).map(({ count, site, wait }) => [count, site?.function, wait] as const);

describe('where native threads are', () => {
  it.for(['spawner-plain', 'spawner-frames', 'spawner-debug'])('%s: every thread, to the bottom', (name) =>
    parked([join(BUILD_DIR, name)], async (pid) => {
      const said = await dump(pid);
      expect(said).toMatchObject({ tasks: THREADS + 1, covered: THREADS + 1, stoppedMs: 0, notes: [] });
      expect(sites(said)).toEqual([
        [180, 'park_read', 'read'],
        [90, 'park_wait', 'queue'],
        [30, 'park_sleep', 'sleep'],
      ]);
      const [first] = said.groups;
      expect(first?.frames.map((frame) => frame.function)).toEqual([
        expect.stringMatching(/read$/),
        'park_read',
        'serve',
        'connection',
        'start_thread',
        'clone3',
      ]);
      expect(said.groups.map(({ count, whole }) => count - whole)).toEqual([0, 0, 0, 0]);
      expect(said.groups[3]?.frames.map((frame) => frame.function)).toEqual(
        expect.arrayContaining(['pause', 'main', '__libc_start_main', '_start']),
      );
    }),
  );

  it('without symbols: the same groups, told by the place of their functions', () =>
    parked([join(BUILD_DIR, 'spawner-stripped')], async (pid) => {
      const { groups } = await dump(pid);
      expect(groups.slice(0, 3).map(({ count }) => count)).toEqual([180, 90, 30]);
      expect(groups[0]?.site?.function).toMatch(/^spawner-stripped\+0x[0-9a-f]+$/);
    }));

  it('stopped, and at its limit, is no hindrance: its threads are told by what they were in', () =>
    parked([join(BUILD_DIR, 'spawner-plain')], async (pid) => {
      const waits = ({ groups }: Dumped) => groups.map(({ count, wait }) => [count, wait]);
      const want = [
        [180, 'read'],
        [90, 'queue'],
        [30, 'sleep'],
        [1, 'signal'],
      ];
      process.kill(pid, 'SIGSTOP');
      const stopped = await dump(pid);
      process.kill(pid, 'SIGCONT');
      expect(stopped.covered).toBe(THREADS + 1);
      expect(waits(stopped)).toEqual(want);
      expect(stopped.notes).toEqual([expect.stringContaining('is stopped (SIGSTOP, SIGTSTP)')]);
      // Sleeps were begun anew, by another call.
      const gone = await dump(pid);
      expect([waits(gone), gone.notes]).toEqual([want, []]);
      process.kill(pid, 'SIGSTOP');
      expect(waits(await dump(pid))).toEqual(want);
    }));

  it.for(['spawner-static', 'spawner-static-pie', 'spawner-musl'])('%s: to the bottom', (name) =>
    parked([join(BUILD_DIR, name)], async (pid) => {
      const said = await dump(pid);
      expect(said).toMatchObject({ tasks: THREADS + 1, covered: THREADS + 1, notes: [] });
      expect(sites(said)).toEqual([
        [180, 'park_read', 'read'],
        [90, 'park_wait', 'queue'],
        [30, 'park_sleep', 'sleep'],
      ]);
      expect(said.groups.map(({ count, whole }) => count - whole)).toEqual([0, 0, 0, 0]);
      const [first, , , main] = said.groups;
      expect(first?.frames.map((frame) => frame.function)).toEqual(
        expect.arrayContaining(['park_read', 'serve', 'connection']),
      );
      expect(main?.frames.at(-1)?.function).toBe('_start');
    }),
  );

  it('of 32 bits: names and what they wait for, by the system calls of i386', () =>
    parked([join(BUILD_DIR, 'spawner-32')], async (pid) => {
      const said = await dump(pid);
      expect(said).toMatchObject({ tasks: THREADS + 1, covered: 0 });
      expect(said.groups.map(({ count, frames, wait }) => [count, wait, frames])).toEqual([
        [180, 'read', []],
        [90, 'queue', []],
        [30, 'sleep', []],
        [1, 'signal', []],
      ]);
      expect(said.notes).toEqual([expect.stringContaining('of 32 bits')]);
    }));

  it('whose main thread has ended', () =>
    parked([join(BUILD_DIR, 'leaderless')], async (pid) => {
      const said = await dump(pid);
      expect(said).toMatchObject({ tasks: THREADS + 1, covered: THREADS + 1 });
      expect(sites(said)).toEqual([
        [THREADS, 'park_read', 'read'],
        [1, undefined, 'dead'],
      ]);
      expect(said.notes).toEqual([expect.stringContaining('the main thread')]);
    }));

  it('started through a link: by both names', async () => {
    const link = join(BUILD_DIR, 'linked-program');
    rmSync(link, { force: true });
    symlinkSync('spawner-plain', link);
    await parked([link], async (pid) => {
      expect((await dump(pid)).target).toBe(`pid ${pid} (linked-program, run by spawner-plain)`);
    });
  });

  it('a plain user’s own process', () =>
    parked(
      ['setpriv', '--reuid=61236', '--regid=61236', '--clear-groups', join(BUILD_DIR, 'spawner-plain')],
      async (pid) => {
        const own = ['setpriv', '--reuid=61236', '--regid=61236', '--clear-groups'];
        expect(sites(await dump(pid, own))[0]).toEqual([180, 'park_read', 'read']);
        const other = await dump(pid, ['setpriv', '--reuid=61237', '--regid=61237', '--clear-groups']);
        expect(other.groups[0]).toMatchObject({ runtime: 'name', frames: [] });
        expect(other.notes.join()).toContain('CAP_SYS_PTRACE');
      },
    ));
});

describe('where the threads of a runtime are', () => {
  it('CPython: file, line and function', () =>
    parked(PYTHON, async (pid) => {
      const said = await dump(pid);
      expect(said.runtimes).toEqual([expect.stringMatching(/^CPython 3\.\d+$/)]);
      expect(sites(said)).toEqual([
        [180, 'park_read', 'read'],
        [90, 'park_wait', 'queue'],
        [30, 'park_sleep', 'sleep'],
      ]);
      expect(said.groups[0]?.site).toMatchObject({ file: expect.stringMatching(/spawner\.py$/), line: 8 });
      expect(said.groups.slice(0, 3).map(({ names }) => names)).toEqual([
        ['Thread-N (connection)'],
        ['Thread-N (worker)'],
        ['Thread-N (ticker)'],
      ]);
      expect(said.groups.map(({ runtime }) => runtime)).toEqual(['python', 'python', 'python', 'python']);
    }));

  it('CPython: names that a program gives, of subclasses, of pools, and of those whose attributes were looked at', async () => {
    const script = `import threading, time, os
from concurrent.futures import ThreadPoolExecutor
class Mine(threading.Thread):
    def __init__(self, i):
        self.early = i
        super().__init__(name="mine-%d" % i, daemon=True)
    def run(self): time.sleep(30)
for i in range(5): Mine(i).start()
for i in range(4): threading.Thread(target=time.sleep, args=(30,), name="conn-%d \\u00e9\\u4e2d" % i, daemon=True).start()
dicted = threading.Thread(target=time.sleep, args=(30,), name="dicted", daemon=True)
vars(dicted)["x"] = 1
dicted.start()
pool = ThreadPoolExecutor(3, thread_name_prefix="pool")
for i in range(3): pool.submit(time.sleep, 30)
time.sleep(0.2)
print("ready", os.getpid(), flush=True)
time.sleep(30)
os._exit(0)`;
    await parked(['/usr/bin/python3', '-c', script], async (pid) => {
      const said = await dump(pid);
      expect(said.groups.map(({ count, names }) => [count, names]).slice(0, 3)).toEqual([
        [5, ['mine-N']],
        [5, ['conn-N é中', 'dicted']],
        [3, ['pool_N']],
      ]);
    });
  });

  it.for(['spawner-go', 'spawner-go-stripped'])('%s: by Go’s own table, which strip leaves', (name) =>
    parked([join(BUILD_DIR, name)], async (pid) => {
      const said = await dump(pid);
      expect(said.runtimes).toEqual(['Go']);
      expect(sites(said)).toEqual([
        [180, 'main.parkRead', 'read'],
        // It polls without a descriptor.
        [90, 'main.parkPoll', 'sleep'],
        [30, 'main.parkSleep', 'sleep'],
      ]);
      const [first] = said.groups;
      expect(first?.frames.at(-1)?.function).toMatch(/^runtime\.goexit/);
      expect(first?.site?.file).toMatch(/spawner\.go$/);
      expect(said.groups.every(({ count, whole }) => count === whole)).toBe(true);
    }),
  );

  it('Ruby: who made them is in their names', () =>
    parked(['/usr/bin/ruby', 'test/programs/spawner.rb'], async (pid) => {
      const { creators } = await dump(pid);
      expect(creators.map(({ count, frames }) => [count, frames[0]?.line])).toEqual([
        [180, 5],
        [90, 6],
        [30, 7],
      ]);
    }));

  it('a JVM whose attach listener runs: its own words, full names, hostile ones too', () =>
    parked([JAVA[0] as string, '-XX:+StartAttachListener', ...JAVA.slice(1)], async (pid) => {
      const said = await dump(pid);
      expect(said.runtimes).toEqual(['JVM']);
      expect(sites(said)).toEqual([
        [180, 'Spawner.parkMonitor', 'queue'],
        [90, 'Spawner.parkQueue', 'queue'],
        [30, 'Spawner.parkSleep', 'sleep'],
      ]);
      expect(said.groups[0]?.names).toEqual(['conn-N "quoted" nid=7 x']);
      expect(said.groups[0]?.site).toMatchObject({ file: 'Spawner.java', line: 9 });
    }));

  it('a JVM without one is not touched: starting a listener would end it at its limit', () =>
    parked(JAVA, async (pid) => {
      const said = await dump(pid);
      expect(said.notes.join()).toContain('no attach listener');
      // Threads of the JVM itself wait in the same place.
      expect(said.groups[0]?.count).toBeGreaterThanOrEqual(180);
      expect(said.groups[0]).toMatchObject({ runtime: 'native', names: expect.arrayContaining(['conn-N "quoted']) });
    }));
});

describe('dump refuses what it cannot answer', () => {
  it.for([
    ['no process', ['dump'], 125, /no process was named/],
    ['one that is gone', ['dump', '--pid', '4194000'], 1, /no process 4194000/],
    ['a kernel thread', ['dump', '--pid', '2'], 1, /thread of the kernel/],
    ['two formats', ['dump', '--pid', '1', '--json', '--folded'], 125, /cannot be used with/],
  ] as const)('%s', async ([, args, want, message]) => {
    const box = makeBox(100);
    try {
      const { code, err } = await box.start([THREADGUARD, ...args]).ended;
      expect({ code, err }).toEqual({ code: want, err: expect.stringMatching(message) });
      expect(err).toMatch(/^threadguard: .*\n {2}hint: .*\n$/);
    } finally {
      await box.remove();
    }
  });
});
