// What people would pick instead, against ways to misbehave: npm run bench -- matrix. It writes docs/matrix.md.
// Every cell is a small machine of its own: a pids cgroup of 2,000 tasks with a neighbour that forks all the time, an honest
// program of 200 threads, the tool, and the culprit under it. Each tool is told the same number, 500 tasks.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AS_NOBODY, BOMB, below, GUARD, inBox, inner, number, sleep } from './box.mjs';

const MACHINE_TASKS = 2_000;
const LIMIT_TASKS = 500;
const CELL_MS = 4_000;
const HONEST_AFTER_MS = 1_500;
const REST_MS = 10_000;
const BUILD = dirname(BOMB);
const PAGE = fileURLToPath(new URL('../docs/matrix.md', import.meta.url));
/**
 * Tool and culprit have PIDs of their own. When monit ran without them in a machine that was full, the shell that had started the
 * bench was killed as well. A kill of process -1 after a fork that failed would do that; it was not looked into.
 */
const APART = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];

const python = `import threading, time
while True:
    try: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    except RuntimeError: time.sleep(0.01)`;
const workers = `const { Worker } = require('node:worker_threads');
const small = { maxOldGenerationSizeMb: 4, maxYoungGenerationSizeMb: 1 };
const make = () => { try { new Worker('setInterval(() => {}, 1e8)', { eval: true, resourceLimits: small }).on('error', () => {}); } catch {} };
setInterval(make, 5);
process.on('uncaughtException', () => {});`;
const SECONDS = String(CELL_MS / 1000 + 6);
const CULPRITS = {
  'threads that are parked': [BOMB, 'thread', '100000', SECONDS],
  'threads that spin': [BOMB, 'spin', '1500', SECONDS],
  'fork bomb': [BOMB, 'fork', '100000', SECONDS],
  'setsid bomb': [BOMB, 'setsid', '100000', SECONDS],
  'double fork (daemons)': [BOMB, 'daemon', '100000', SECONDS],
  'one thread every 2 ms': [BOMB, 'slow', '100000', SECONDS],
  'staircase, 100 threads every 0.1 s': [BOMB, 'staircase', '100000', SECONDS],
  'maps of one process': [BOMB, 'map', '10000000', SECONDS],
  JVM: ['java', '-cp', BUILD, 'Spawner', '100', SECONDS, 'then'],
  Python: ['python3', '-c', python],
  Go: [join(BUILD, 'spawner-go'), '100', SECONDS, 'then'],
  'Node workers': [process.execPath, '-e', workers],
  'churn: threads made and joined (honest)': [BOMB, 'churn', '60000', SECONDS],
};

const hasTool = (name) => {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const shell = (words) => words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
const script = (dir, command) => {
  const path = join(dir, 'run.sh');
  writeFileSync(path, `#!/bin/sh\necho $$ >${dir}/pid\nexec ${shell(command)}\n`, { mode: 0o755 });
  return path;
};

/** How each starts the culprit, with the files that it needs in `dir`; `needs` is what must be installed. */
const TOOLS = {
  nothing: { start: (command) => command },
  '`ulimit -u 500`, plain uid': {
    start: (command) => [...AS_NOBODY, 'bash', '-c', `ulimit -u ${LIMIT_TASKS}; exec "$@"`, 'sh', ...command],
  },
  '`TasksMax=500` alone': {
    start: (command, _, box) => {
      mkdirSync(`${box}/unit`);
      writeFileSync(`${box}/unit/pids.max`, String(LIMIT_TASKS));
      return ['sh', '-c', `echo 0 >${box}/unit/cgroup.procs; exec "$@"`, 'sh', ...command];
    },
  },
  monit: {
    needs: 'monit',
    start: (command, dir) => {
      const run = script(dir, command);
      writeFileSync(
        join(dir, 'monitrc'),
        `set daemon 1
set pidfile ${dir}/monit.pid
set statefile ${dir}/state
set idfile ${dir}/id
set log ${dir}/tool.log
check process culprit with pidfile ${dir}/pid
  start program = "/bin/sh -c 'setsid ${run} >/dev/null 2>&1 &'"
  stop program = "/bin/sh -c 'kill -9 $(cat ${dir}/pid)'"
  if threads > ${LIMIT_TASKS} then stop
  if children > ${LIMIT_TASKS} then stop
`,
        { mode: 0o600 },
      );
      return ['monit', '-I', '-c', join(dir, 'monitrc')];
    },
  },
  earlyoom: {
    needs: 'earlyoom',
    start: (command, dir) => ['sh', '-c', `earlyoom >${dir}/tool.log 2>&1 & exec "$@"`, 'sh', ...command],
  },
  supervisord: {
    needs: 'supervisord',
    start: (command, dir) => {
      const [log, pid] = [`logfile=${dir}/tool.log`, `pidfile=${dir}/supervisord.pid`];
      const program = `[program:culprit]\ncommand=${script(dir, command)}\n`;
      writeFileSync(join(dir, 'supervisord.conf'), `[supervisord]\nnodaemon=true\n${log}\n${pid}\n${program}`);
      return ['supervisord', '-c', join(dir, 'supervisord.conf')];
    },
  },
  pm2: {
    needs: 'pm2',
    start: (command, dir) => [
      ...['env', `PM2_HOME=${dir}/pm2`, 'pm2', 'start', script(dir, command), '--no-daemon'],
      ...['--interpreter', 'none', '--max-memory-restart', '300M'],
    ],
  },
  threadguard: {
    start: (command, dir) => [
      ...[GUARD, 'run', '--max-tasks', String(LIMIT_TASKS), '--grace', '1s', '--incident-dir', dir],
      ...['--log-file', `${dir}/tool.log`, '--', ...command],
    ],
  },
};

const NEIGHBOUR = `import os, signal, time
counts = [0, 0]
def tell(*_):
    print(*counts, flush=True); os._exit(0)
signal.signal(15, tell)
print("ready", flush=True)
while True:
    try:
        pid = os.fork()
        if pid == 0: os._exit(0)
        os.waitpid(pid, 0); counts[0] += 1
    except OSError: counts[1] += 1
    time.sleep(0.02)`;

/** The function or the line that an incident names as the maker, else the place where most of them are. */
function namedBy(dir) {
  for (const name of readdirSync(dir)) {
    const path = join(dir, name, 'incident.json');
    if (!existsSync(path)) continue;
    const { creators, groups } = JSON.parse(readFileSync(path, 'utf8'));
    const site = creators[0]?.frames[0] ?? groups[0]?.site;
    if (site?.function !== undefined) return site.line === undefined ? site.function : `${site.function}:${site.line}`;
  }
  return undefined;
}

/** A folder and a small machine for one use of a tool; both are gone afterwards. */
async function scene(use) {
  const dir = mkdtempSync(join(tmpdir(), 'matrix-'));
  execFileSync('chmod', ['755', dir]);
  try {
    return await inBox((start, box) => use({ start, box, dir }), MACHINE_TASKS);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function begin({ start, box, dir }, tool, command) {
  const { child } = start([...APART, ...tool.start(command, dir, box)], { stdio: 'ignore', cwd: '/' });
  child.on('error', () => {});
}

async function cell(tool, command) {
  return scene(async (place) => {
    const { start, box, dir } = place;
    const neighbour = start(['python3', '-c', NEIGHBOUR], { stdio: ['ignore', 'pipe', 'ignore'] });
    let told = '';
    neighbour.child.stdout.on('data', (data) => (told += data));
    while (!told.includes('ready')) await sleep(10);
    begin(place, tool, command);
    const startMs = performance.now();
    let lastMs = 0;
    let honest;
    let honestCode;
    for (let ms = 0; ms < CELL_MS; ms = performance.now() - startMs) {
      await sleep(20);
      if (number(`${box}/pids.current`) > LIMIT_TASKS) lastMs = ms;
      if (honest !== undefined || ms < HONEST_AFTER_MS) continue;
      honest = start([join(BUILD, 'honest'), 'threads', '200', '1000'], { stdio: 'ignore' });
      // Where no fork works, it cannot even be started.
      honest.child.on('error', () => {});
      void honest.ended.then(({ code }) => (honestCode = code));
    }
    const left = number(`${box}/pids.current`);
    neighbour.child.kill('SIGTERM');
    for (let i = 0; i < 250 && !/\d+ \d+/.test(told); i += 1) await sleep(20);
    const [, good = '0', bad = '0'] = /(\d+) (\d+)/.exec(told) ?? [];
    const log = join(dir, 'tool.log');
    return {
      forks: Number(good) / Math.max(1, Number(good) + Number(bad)),
      isKept: honestCode === 0,
      isGone: left < 60 && !hasManyMaps(box),
      lastMs,
      line: tool === TOOLS.threadguard ? namedBy(dir) : undefined,
      isTold:
        existsSync(log) && /matches resource limit|"event":"trip"|threadguard: trip:/.test(readFileSync(log, 'utf8')),
    };
  });
}

/** Whether a process in the small machine holds more maps than any of the tools does: it is a single task. */
function hasManyMaps(box) {
  const pids = below(box).flatMap((at) => readFileSync(`${at}/cgroup.procs`, 'utf8').split('\n').filter(Boolean));
  return pids.some((pid) => {
    try {
      return readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n').length > 10_000;
    } catch {
      return false;
    }
  });
}

/** Processor time of the tool around a command that sleeps: its share of a core over ten seconds. */
async function atRest(tool) {
  return scene(async (place) => {
    begin(place, tool, ['sleep', '60']);
    await sleep(6_000);
    const spent = () =>
      [place.box, ...inner(place.box)]
        .flatMap((at) => readFileSync(`${at}/cgroup.procs`, 'utf8').split('\n').filter(Boolean))
        .reduce((sum, pid) => sum + runMs(pid), 0);
    const before = spent();
    await sleep(REST_MS);
    return (spent() - before) / REST_MS;
  });
}

function runMs(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`).reduce(
      (sum, tid) => sum + Number(readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8').split(' ')[0]) / 1e6,
      0,
    );
  } catch {
    return 0;
  }
}

function textOf({ forks, isGone, isKept, isTold, lastMs, line }) {
  const end = isGone ? (lastMs > 0 ? `gone after ${(lastMs / 1000).toFixed(1)} s` : 'gone') : '**still there**';
  const said = line === undefined ? (isTold ? 'told' : '–') : `names \`${line}\``;
  return `${Math.floor(forks * 100)} %; ${isKept ? 'kept' : '**lost**'}; ${end}; ${said}`;
}

/** The whole table, written to docs/matrix.md. It takes some twelve minutes. */
export async function matrix() {
  const isHere = ({ needs }) => needs === undefined || hasTool(needs);
  const tools = Object.entries(TOOLS).filter(([, tool]) => isHere(tool));
  const missing = Object.values(TOOLS).flatMap((tool) => (isHere(tool) ? [] : [tool.needs]));
  const head = ['', ...tools.map(([name]) => name)];
  const table = [head, head.map(() => '---')];
  for (const [name, command] of Object.entries(CULPRITS)) {
    const row = [name];
    for (const [, tool] of tools) row.push(textOf(await cell(tool, command)));
    table.push(row);
    console.log(`  ${row.join(' | ')}`);
  }
  const rest = ['at rest, share of a core'];
  for (const [, tool] of tools) rest.push(`${((await atRest(tool)) * 100).toFixed(2)} %`);
  table.push(rest);
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(
    PAGE,
    page(`kernel ${release()}, Node ${process.version}, ${cpus().length} cores, ${date}`, table, missing),
  );
  return [
    `${Object.keys(CULPRITS).length} ways to misbehave, ${tools.length} tools: docs/matrix.md`,
    ...missing.map((name) => `not installed here, left out: ${name}`),
  ];
}

const page = (machine, table, missing) => `# What people would pick instead

One run of \`npm run bench -- matrix\` on ${machine}.

Each cell is a small machine of its own: a pids cgroup of ${MACHINE_TASKS.toLocaleString('en')} tasks. In it are a neighbour that forks every 20 ms, an
honest program that makes 200 threads after 1.5 s, the tool, and under it the culprit. Each tool is told the same number where it can
be told one: ${LIMIT_TASKS} tasks. A cell says, of ${CELL_MS / 1000} seconds:

1. the share of the neighbour's forks that worked;
2. whether the honest program got all of its threads (kept), or not (**lost**);
3. whether the culprit was gone at the end, and when the machine last held more than ${LIMIT_TASKS} tasks;
4. what the operator is told: nothing (–), that a limit was met (told), or which function or line made the threads, else the place
   where most of them are.

${table.map((row) => `| ${row.join(' | ')} |`).join('\n')}

Notes:
- monit looks once a second, and its stop program is a new process: where no fork works, it cannot be started. In a first trial, in which
  the tools had no PIDs of their own, the shell around the bench was killed at that moment; since then they have.
- earlyoom, supervisord and pm2 watch memory, or whether a process lives, and have no number for tasks. They are here because they are
  what many hosts have.
- A limit alone (\`ulimit -u\`, \`TasksMax=\`) holds the culprit and leaves it there for ever, and nobody is told.
- Maps are not tasks, so the neighbour and the honest program lose nothing. Only a tool that counts maps sees them.
- The Node workers do not reach 500 threads in that time, so no tool has to act.
- At rest a guard looks eight times a second here, because 500 tasks are near; the ten seconds begin six seconds after its start.
- Leaks of one thread a second are not in the table: they need half an hour for each cell.
${missing.length === 0 ? '' : `- Not installed on that machine, and so left out: ${missing.join(', ')}.\n`}`;
