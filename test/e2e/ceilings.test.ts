import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CEILING, makeBox, near, noteRow, READY, type Running, sleep, THREADGUARD, until } from './harness.ts';

/** A uid that nobody else here has. */
const UID = 61_234;
const AS_UID = ['setpriv', `--reuid=${UID}`, `--regid=${UID}`, '--clear-groups'];

type Kind = 'threads' | 'fork' | 'mmap';
const ANSWER = { threads: 'additionalThreads', fork: 'additionalProcesses', mmap: 'additionalMaps' } as const;

interface Row {
  readonly name: string;
  readonly kind: Kind;
  /** Cap of the box: the ancestor that keeps the machine safe. */
  readonly cap?: number;
  /** Cap of a cgroup of its own below the box. */
  readonly leaf?: number;
  readonly prefix?: readonly string[];
  readonly stackKiB?: number;
  readonly before?: number;
  /** Tasks beside it: `[count, uid]`. */
  readonly beside?: { readonly count: number; readonly prefix?: readonly string[] };
  readonly binding: string;
  readonly errno: 'EAGAIN' | 'ENOMEM';
  /** Share by which prediction and fact may differ; always 3 tasks. */
  readonly tolerance?: number;
}

const rows: readonly Row[] = [
  { name: 'pids.max, threads', kind: 'threads', leaf: 3000, binding: 'pids.max', errno: 'EAGAIN' },
  { name: 'pids.max, processes', kind: 'fork', leaf: 1500, binding: 'pids.max', errno: 'EAGAIN' },
  { name: 'pids.max of an ancestor', kind: 'threads', cap: 1500, leaf: 3000, binding: 'pids.max', errno: 'EAGAIN' },
  {
    name: 'pids.max, ancestor and leaf close together',
    kind: 'threads',
    cap: 1500,
    leaf: 1499,
    binding: 'pids.max',
    errno: 'EAGAIN',
  },
  {
    name: 'RLIMIT_NPROC, threads',
    kind: 'threads',
    prefix: ['prlimit', '--nproc=1500', ...AS_UID],
    binding: 'RLIMIT_NPROC',
    errno: 'EAGAIN',
  },
  {
    name: 'RLIMIT_NPROC, processes',
    kind: 'fork',
    prefix: ['prlimit', '--nproc=900', ...AS_UID],
    binding: 'RLIMIT_NPROC',
    errno: 'EAGAIN',
  },
  {
    name: 'RLIMIT_NPROC, with tasks of the same uid elsewhere',
    kind: 'threads',
    prefix: ['prlimit', '--nproc=1500', ...AS_UID],
    beside: { count: 400, prefix: AS_UID },
    binding: 'RLIMIT_NPROC',
    errno: 'EAGAIN',
  },
  {
    name: 'RLIMIT_NPROC below pids.max by two',
    kind: 'threads',
    leaf: 1002,
    prefix: ['prlimit', '--nproc=1000', ...AS_UID],
    binding: 'RLIMIT_NPROC',
    errno: 'EAGAIN',
  },
  {
    name: 'pids.max below RLIMIT_NPROC by two',
    kind: 'threads',
    leaf: 1000,
    prefix: ['prlimit', '--nproc=1002', ...AS_UID],
    binding: 'pids.max',
    errno: 'EAGAIN',
  },
  {
    name: 'root is exempt from RLIMIT_NPROC',
    kind: 'threads',
    leaf: 1500,
    prefix: ['prlimit', '--nproc=100'],
    binding: 'pids.max',
    errno: 'EAGAIN',
  },
  { name: 'vm.max_map_count, maps', kind: 'mmap', binding: 'vm.max_map_count', errno: 'ENOMEM' },
  {
    name: 'RLIMIT_AS, threads of 256 KiB',
    kind: 'threads',
    stackKiB: 256,
    before: 20,
    prefix: ['prlimit', `--as=${1 << 30}`],
    binding: 'RLIMIT_AS',
    errno: 'EAGAIN',
  },
  {
    name: 'RLIMIT_AS, default stacks, none made yet',
    kind: 'threads',
    prefix: ['prlimit', `--as=${2 ** 31}`],
    binding: 'RLIMIT_AS',
    errno: 'EAGAIN',
  },
  {
    name: 'RLIMIT_DATA, threads of 256 KiB',
    kind: 'threads',
    stackKiB: 256,
    before: 20,
    prefix: ['prlimit', `--data=${1 << 29}`],
    binding: 'RLIMIT_DATA',
    errno: 'EAGAIN',
  },
];

interface Limits {
  readonly binding: string;
  readonly bindingPath: string | null;
  readonly additionalThreads: number;
  readonly additionalProcesses: number;
  readonly additionalMaps: number;
}

async function limitsOf(...flags: string[]): Promise<Limits> {
  const box = makeBox(100);
  try {
    const { out, err, code } = await box.start([THREADGUARD, 'limits', '--json', ...flags]).ended;
    if (code !== 0) throw new Error(err);
    return JSON.parse(out) as Limits;
  } finally {
    await box.remove();
  }
}

/** Lets a waiting probe go and waits until it is refused. */
async function drive(running: Running): Promise<{ made: number; errno: string }> {
  running.child.stdin?.write('go\n');
  await until('the probe is refused', () => /made \d+ errno \w+/.test(running.out()), 60_000);
  const [, made, errno] = /made (\d+) errno (\w+)/.exec(running.out()) as unknown as [string, string, string];
  running.child.stdin?.end();
  return { made: Number(made), errno };
}

const pidOf = (running: Running) => Number(READY.exec(running.out())?.[1]);
const PIPES = { stdio: ['pipe', 'pipe', 'pipe'] } as const;

describe('predicted against fact', () => {
  it.for(rows)('$name', async (row) => {
    const box = makeBox(row.cap ?? 5500);
    try {
      if (row.beside !== undefined) {
        const { count, prefix = [] } = row.beside;
        const beside = box.start([...prefix, CEILING, 'threads', '64', String(count)], { stdio: [...PIPES.stdio] });
        await until('the ones beside it are there', () => READY.test(beside.out()));
      }
      const leaf = join(box.dir, 'leaf');
      const inLeaf: string[] = [];
      if (row.leaf !== undefined) {
        mkdirSync(leaf);
        writeFileSync(join(leaf, 'pids.max'), String(row.leaf));
        inLeaf.push('sh', '-c', `echo $$ >${leaf}/cgroup.procs; exec "$@"`, 'sh');
      }
      const probe = [CEILING, row.kind, String(row.stackKiB ?? 0), String(row.before ?? 0)];
      const running = box.start([...inLeaf, ...(row.prefix ?? []), ...probe], { stdio: [...PIPES.stdio] });
      await until('the probe waits', () => READY.test(running.out()));
      const said = await limitsOf('--pid', String(pidOf(running)));
      const { made, errno } = await drive(running);
      await running.ended;
      const predicted = said[ANSWER[row.kind]];
      noteRow(row.name, predicted, made, row.binding);
      expect(
        { errno, isNear: near(predicted, made, row.tolerance ?? 0.01) },
        `${predicted} said, ${made} made`,
      ).toEqual({
        errno: row.errno,
        isNear: true,
      });
      if (row.kind !== 'mmap') expect(said.binding).toBe(row.binding);
      if (row.name.includes('ancestor'))
        expect(said.bindingPath).toMatch(row.cap === 1500 && row.leaf === 3000 ? /\d$/ : /leaf$/);
    } finally {
      await box.remove();
    }
  });

  it('kernel.pid_max of a pid namespace, with zombies and numbers that only sessions hold', async () => {
    const box = makeBox(3000);
    try {
      // Inside: a machine with 1,500 numbers. 100 sessions whose leader has ended hold a number each, 50 zombies one more.
      const script = `
        echo 1500 >/proc/sys/kernel/pid_max
        # Past the numbers below 300, which are given out only once.
        i=0; while [ $i -lt 300 ]; do /bin/true; i=$((i+1)); done
        i=0; while [ $i -lt 100 ]; do setsid sh -c 'sleep 60 & exit' & i=$((i+1)); done; wait
        python3 -c 'import os,time
for i in range(50):
  if os.fork() == 0: os._exit(0)
time.sleep(60)' &
        sleep 1
        mkfifo ${box.scratch}/in
        ${CEILING} fork <${box.scratch}/in >${box.scratch}/out &
        exec 9>${box.scratch}/in
        while ! grep -q ready ${box.scratch}/out; do sleep 0.1; done
        ${THREADGUARD} limits --json --pid $! >${box.scratch}/limits
        echo go >&9
        while ! grep -q made ${box.scratch}/out; do sleep 0.1 || break; done 2>/dev/null`;
      const running = box.start(['unshare', '--pid', '--fork', '--mount-proc', '--kill-child', 'bash', '-c', script]);
      await running.ended;
      await sleep(100);
      const said = JSON.parse(readFileSync(join(box.scratch, 'limits'), 'utf8')) as Limits;
      const made = Number(/made (\d+)/.exec(readFileSync(join(box.scratch, 'out'), 'utf8'))?.[1]);
      noteRow('kernel.pid_max, nested namespace, 100 pinned, 50 zombies', said.additionalProcesses, made, said.binding);
      expect(said.binding).toBe('kernel.pid_max');
      expect(near(said.additionalProcesses, made, 0.01), `${said.additionalProcesses} said, ${made} made`).toBe(true);
    } finally {
      await box.remove();
    }
  });

  it('memory of a v1 cgroup: it ends in a kill, near to where it was said', async () => {
    const memory = `/sys/fs/cgroup/memory/tgtest-${process.pid}`;
    const box = makeBox(5500);
    mkdirSync(memory);
    try {
      writeFileSync(join(memory, 'memory.limit_in_bytes'), String(96 << 20));
      const running = box.start(['sh', '-c', `echo $$ >${memory}/cgroup.procs; exec ${CEILING} threads 256 20`], {
        stdio: [...PIPES.stdio],
      });
      await until('the probe waits', () => READY.test(running.out()));
      const said = await limitsOf('--pid', String(pidOf(running)));
      running.child.stdin?.write('go\n');
      const { signal } = await running.ended;
      const made = Number([...running.out().matchAll(/so far (\d+)/g)].at(-1)?.[1]);
      noteRow('memory.max (v1), threads of 256 KiB', said.additionalThreads, made, said.binding);
      expect({ signal, binding: said.binding }).toEqual({ signal: 'SIGKILL', binding: 'memory.max' });
      expect(near(said.additionalThreads, made, 0.05), `${said.additionalThreads} said, ${made} made`).toBe(true);
    } finally {
      await box.remove();
      rmdirSync(memory);
    }
  });
});
