// Programs that must never be stopped: each runs guarded with no flags, and once more is made of it than usual.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GUARD, inBox } from './box.mjs';

const CLUSTER = `const c=require('node:cluster');
if(c.isPrimary){for(let i=0;i<16;i++)c.fork();let n=0;c.on('exit',()=>{if(++n===16)process.exit(0)})}
else{for(let i=0;i<4;i++)new (require('node:worker_threads').Worker)('setTimeout(()=>{},1500)',{eval:true});setTimeout(()=>process.exit(0),2500)}`;
const POOL = `import time
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(200) as pool: list(pool.map(time.sleep, [1.0]*200))`;
const JAVA = `import java.util.concurrent.*;
public class Pool { public static void main(String[] a) throws Exception {
  var pool = Executors.newFixedThreadPool(500);
  for (int i = 0; i < 500; i++) pool.submit(() -> { try { Thread.sleep(2000); } catch (InterruptedException e) {} });
  pool.shutdown(); pool.awaitTermination(20, TimeUnit.SECONDS); } }`;

/** A C project of 400 files. */
function cProject(dir) {
  for (let i = 0; i < 400; i += 1) writeFileSync(join(dir, `f${i}.c`), `int f${i}(int x) { return x + ${i}; }\n`);
  writeFileSync(join(dir, 'Makefile'), 'O=$(patsubst %.c,%.o,$(wildcard *.c))\nall.a: $(O)\n\tar rcs $@ $^\n');
}

function postgres(dir) {
  const bin = execFileSync('sh', ['-c', 'ls -d /usr/lib/postgresql/*/bin | tail -1'], { encoding: 'utf8' }).trim();
  execFileSync('chown', ['postgres', dir]);
  writeFileSync(
    join(dir, 'run.sh'),
    `set -e; cd ${dir}; export PGHOST=${dir} PGDATABASE=postgres; ${bin}/initdb -D db >/dev/null
${bin}/pg_ctl -D db -w -o "-c listen_addresses='' -k ${dir} -c max_connections=200" -l log start >/dev/null
${bin}/pgbench -q -i >/dev/null 2>&1; ${bin}/pgbench -c 50 -j 4 -T 5 >/dev/null; ${bin}/pg_ctl -D db -m fast stop >/dev/null\n`,
  );
}

const has = (file) => process.env.PATH.split(':').some((at) => existsSync(join(at, file)));
const programs = [
  { name: 'make -j8, 400 C files', tool: 'make', prepare: cProject, command: () => ['make', '-s', '-j8'] },
  {
    name: 'JVM, pool of 500 threads',
    tool: 'java',
    prepare: (dir) => writeFileSync(join(dir, 'Pool.java'), JAVA),
    command: () => ['java', 'Pool.java'],
  },
  {
    name: 'node cluster, 16 workers with 4 threads each',
    tool: 'node',
    prepare: (dir) => writeFileSync(join(dir, 'cluster.cjs'), CLUSTER),
    command: () => ['node', 'cluster.cjs'],
  },
  { name: 'Python ThreadPool of 200', tool: 'python3', command: () => ['python3', '-c', POOL] },
  {
    name: 'PostgreSQL start and pgbench, 50 clients',
    tool: 'pg_ctlcluster',
    prepare: postgres,
    command: (dir) => ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups', 'sh', join(dir, 'run.sh')],
  },
  {
    name: 'Chromium headless',
    tool: 'chromium',
    command: (dir) => [
      'chromium',
      ...[
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        `--user-data-dir=${dir}/p`,
        '--dump-dom',
        'data:text/html,<p>x',
      ],
    ],
  },
];

/** Each program three times: how often it was stopped, what was refused, how it ended. */
export async function honestRows() {
  const lines = [];
  for (const { name, tool, prepare, command } of programs) {
    if (!has(tool)) {
      lines.push(`${name}: NOT MEASURED, ${tool} is not installed`);
      continue;
    }
    const said = [];
    for (let round = 0; round < 3; round += 1) said.push(await once(prepare, command));
    const trips = said.reduce((sum, { trips }) => sum + trips, 0);
    const refused = said.reduce((sum, { refused }) => sum + refused, 0);
    lines.push(
      `${name}: ${trips} trips, ${refused} refused in 3 runs; exits ${said.map(({ code }) => code).join(' ')}, peak ${Math.max(...said.map(({ peak }) => peak))} tasks`,
    );
  }
  return lines;
}

async function once(prepare, command) {
  const dir = mkdtempSync(join(tmpdir(), 'tgbench-'));
  mkdirSync(join(dir, 'incidents'));
  try {
    prepare?.(dir);
    const { code, events } = await inBox(
      (start) =>
        start([GUARD, 'run', '--log-format', 'json', '--incident-dir', join(dir, 'incidents'), '--', ...command(dir)], {
          cwd: dir,
        }).ended,
    );
    const exit = events.at(-1);
    const trips = events.filter(({ event }) => event === 'trip').length + readdirSync(join(dir, 'incidents')).length;
    return { code, trips, refused: exit.refused, peak: exit.peakTasks };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
