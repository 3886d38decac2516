// Predicted against fact for every ceiling (the e2e and lab suites are the measurement), the runtimes, and what a pass costs.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BOMB, GUARD, inBox, median, sleep } from './box.mjs';

const CEILING = BOMB.replace(/misbehave$/, 'ceiling');

/** Runs the suites and returns the table that they write. */
export async function predicted() {
  const dir = mkdtempSync(join(tmpdir(), 'tgbench-'));
  const file = join(dir, 'table');
  try {
    for (const [project, filter] of [
      ['e2e', 'predicted against fact'],
      ['lab', 'is predicted'],
    ]) {
      execFileSync('npx', ['vitest', 'run', '--project', project, '-t', filter], {
        stdio: 'ignore',
        env: { ...process.env, CEILINGS_TABLE: file },
      });
    }
    return [
      '| made to bind | binding ceiling | predicted | made | error |',
      '|---|---|---|---|---|',
      ...readFileSync(file, 'utf8').trim().split('\n'),
    ];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Programs that make threads until they are refused, one runtime each: they print `ready`, wait for a line, print `made N`. */
const PROBES = {
  jvm: {
    file: 'Probe.java',
    needs: '/usr/bin/java',
    text: `public class Probe { public static void main(String[] a) throws Exception {
      int before = Integer.parseInt(a[0]); int made = 0;
      for (int i = 0; i < before; i++) start();
      System.out.println("ready"); System.in.read();
      try { for (;;) { start(); made++; } } catch (Throwable t) { System.out.println("made " + made); }
      Runtime.getRuntime().halt(0); }
      static void start() { Thread t = new Thread(() -> { try { Thread.sleep(60000); } catch (Exception e) {} }); t.setDaemon(true); t.start(); } }`,
    command: (file, before) => ['java', '-XX:-UsePerfData', file, String(before)],
  },
  python: {
    file: 'probe.py',
    needs: '/usr/bin/python3',
    text: `import sys, threading, time, os
def start(): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
for i in range(int(sys.argv[1])): start()
print("ready", flush=True); sys.stdin.readline(); made = 0
try:
  while True: start(); made += 1
except RuntimeError: print("made", made, flush=True); os._exit(0)`,
    command: (file, before) => ['python3', file, String(before)],
  },
  go: {
    file: 'probe.go',
    needs: '/usr/bin/go',
    // A goroutine locked to its thread and asleep in the kernel takes a thread of its own.
    text: `package main
import ("fmt"; "os"; "runtime"; "strconv"; "syscall"; "time"; "bufio"; "sync/atomic")
var alive int64
func start() { go func() { runtime.LockOSThread(); atomic.AddInt64(&alive, 1); var ts syscall.Timespec; ts.Sec = 60; syscall.Nanosleep(&ts, nil) }() }
func main() { n, _ := strconv.Atoi(os.Args[1]); for i := 0; i < n; i++ { start() }
 time.Sleep(500 * time.Millisecond); before := atomic.LoadInt64(&alive)
 fmt.Println("ready"); bufio.NewReader(os.Stdin).ReadString('\\n')
 for { start(); if d := atomic.LoadInt64(&alive) - before; d % 16 == 0 { fmt.Println("so far", d) }; time.Sleep(200 * time.Microsecond) } }`,
    build: (file) =>
      execFileSync('go', ['build', '-o', file.replace(/\.go$/, ''), file], {
        env: { ...process.env, HOME: tmpdir(), GO111MODULE: 'off', GOCACHE: join(tmpdir(), 'go-cache') },
      }),
    command: (file, before) => [file.replace(/\.go$/, ''), String(before)],
  },
  node: {
    file: 'probe.js',
    needs: process.execPath,
    text: `const { Worker } = require('worker_threads'); let made = 0;
const start = () => new Promise((ok, no) => { const w = new Worker('setInterval(() => {}, 1e6)', { eval: true }); w.once('online', ok); w.once('error', no); });
(async () => { for (let i = 0; i < Number(process.argv[2]); i++) await start();
 console.log('ready'); process.stdin.once('data', async () => { try { for (;;) { await start(); made++; console.log('so far', made); } } catch { console.log('made', made); process.exit(0); } }); })();`,
    command: (file, before) => [process.execPath, file, String(before)],
  },
};

/**
 * Preloaded into a runtime: takes so many maps (pages of alternating rights merge with none of their neighbours)
 * that vm.max_map_count stops it before its pids run out.
 */
const FILLER = `#include <stdlib.h>
#include <sys/mman.h>
__attribute__((constructor)) static void fill(void) {
  const char *text = getenv("FILL_MAPS");
  long maps = text ? atol(text) : 0;
  char *pages = mmap(0, (maps + 1) * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  for (long i = 0; i < maps; i += 2) mprotect(pages + i * 4096, 4096, PROT_READ);
}`;
const ROOM_MAPS = 3_000;

function buildFiller(dir) {
  const library = join(dir, 'fill.so');
  execFileSync('gcc', ['-shared', '-fPIC', '-o', library, '-xc', '-'], { input: FILLER });
  const most = Number(readFileSync('/proc/sys/vm/max_map_count', 'utf8'));
  return ['env', `LD_PRELOAD=${library}`, `FILL_MAPS=${most - ROOM_MAPS}`];
}

/** Where each runtime is stopped: by its cgroup, by its user's limit, and by its maps. */
export async function runtimes() {
  const lines = ['| runtime | binding ceiling | predicted | made | error |', '|---|---|---|---|---|'];
  for (const [name, probe] of Object.entries(PROBES)) {
    if (!existsSync(probe.needs)) {
      lines.push(`| ${name} | not installed here | | | |`);
      continue;
    }
    const dir = mkdtempSync(join(tmpdir(), 'tgbench-'));
    execFileSync('chmod', ['755', dir]);
    const file = join(dir, probe.file);
    execFileSync('tee', [file], { input: probe.text, stdio: ['pipe', 'ignore', 'inherit'] });
    probe.build?.(file);
    const isNode = name === 'node';
    const cap = isNode ? 120 : 1200;
    const uid = 61_300 + lines.length;
    const asUid = [
      'prlimit',
      `--nproc=${cap}`,
      'setpriv',
      `--reuid=${uid}`,
      `--regid=${uid}`,
      '--clear-groups',
      'env',
      'HOME=/tmp',
    ];
    for (const [ceiling, prefix, boxCap] of [
      ['pids.max', [], cap],
      ['RLIMIT_NPROC', asUid, 4000],
      ['vm.max_map_count', buildFiller(dir), 4000],
    ]) {
      if (name === 'go' && ceiling === 'vm.max_map_count') {
        lines.push('| go | a thread of it takes no map, and a static program preloads nothing | | | |');
        continue;
      }
      const [said, made] = await drive([...prefix, ...probe.command(file, isNode ? 8 : 50)], boxCap);
      const error = ((100 * (said.additionalThreads - made)) / made).toFixed(2);
      lines.push(
        `| ${name} | ${said.binding === ceiling ? ceiling : `WRONG: ${said.binding}`} | ${said.additionalThreads} | ${made} | ${error} % |`,
      );
    }
    rmSync(dir, { recursive: true, force: true });
  }
  return lines;
}

function drive(command, cap) {
  return inBox(async (start) => {
    const { child, ended } = start(command, { stdio: ['pipe', 'pipe', 'pipe'] });
    let out = '';
    child.stdout.on('data', (data) => (out += data));
    while (!out.includes('ready')) await sleep(20);
    // Let what the runtime starts by itself be there.
    await sleep(300);
    const pid = child.pid;
    const said = JSON.parse(execFileSync(GUARD, ['limits', '--json', '--pid', String(pid)], { encoding: 'utf8' }));
    child.stdin.write('go\n');
    await Promise.race([ended, sleep(60_000)]);
    const made = /made (\d+)/.exec(out) ?? [...out.matchAll(/so far (\d+)/g)].at(-1);
    return [said, Number(made?.[1])];
  }, cap);
}

/** `limits` beside 5,000 tasks: half of them threads, half processes of their own. */
export async function wallOfLimits() {
  return inBox(async (start) => {
    const held = [start([CEILING, 'threads', '64', '2500'], { stdio: ['pipe', 'pipe', 'pipe'] })];
    const forks =
      'import os,time\nfor _ in range(2500):\n  if os.fork() == 0: time.sleep(30); os._exit(0)\ntime.sleep(30)';
    held.push(start(['python3', '-c', forks]));
    await sleep(4000);
    const times = [];
    for (let run = 0; run < 21; run += 1) {
      const before = performance.now();
      execFileSync(GUARD, ['limits', '--json']);
      times.push(performance.now() - before);
    }
    const tasks = readFileSync('/proc/loadavg', 'utf8').split(' ')[3].split('/')[1];
    return [
      `limits with ${tasks} tasks on the host: median ${median(times).toFixed(0)} ms, worst ${Math.max(...times).toFixed(0)} ms (21 runs)`,
    ];
  }, 5900);
}

/** One pass over all ceilings as the guard's loop makes it: its time, and what a million of them leave in memory. */
export async function passes() {
  const { openSurroundings } = await import('../dist/lib/ceilings/surroundings.js');
  const { kernelRoot } = await import('../dist/lib/procfs/root.js');
  const { loadLibc } = await import('../dist/lib/sys/libc.js');
  const now = () => performance.now();
  const heaviest = { pid: process.pid, maps: 1000 };
  const surroundings = openSurroundings(
    kernelRoot(),
    { heaviest: () => heaviest, perThread: () => undefined, libc: loadLibc(), now },
    () => {},
  );
  const PASSES = 1_000_000;
  const BLOCK = 1000;
  const perPass = [];
  const heap = [];
  for (let block = 0; block < PASSES / BLOCK; block += 1) {
    const before = now();
    for (let i = 0; i < BLOCK; i += 1) surroundings.readCeilings();
    perPass.push(((now() - before) * 1000) / BLOCK);
    if (block % 100 === 99) {
      globalThis.gc?.();
      heap.push(process.memoryUsage().heapUsed / 2 ** 20);
    }
  }
  return [
    `one pass over ${surroundings.readCeilings().length} ceilings: median ${median(perPass).toFixed(1)} µs`,
    `heap after each 100,000 of 1,000,000 passes: ${heap.map((mib) => mib.toFixed(1)).join(', ')} MiB${globalThis.gc === undefined ? ' (without --expose-gc)' : ''}`,
  ];
}
