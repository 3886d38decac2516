// A hostile child of a plain user under a guard of root: random traps at once (test/programs/trapper.py), then a bomb.
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BOMB, GUARD, inBox, median, number } from './box.mjs';

const TRAPPER = fileURLToPath(new URL('../test/programs/trapper.py', import.meta.url));
const HOSTILE = BOMB.replace(/misbehave$/, 'hostile');
const UID = 61_238;
const MINUTES = Number(process.env.HOSTILE_MINUTES ?? 10);
const DUMP_MS = 500;

/** One seed: whether it was ended, what is left, and what the guard says of its own loop. */
function attempt(seed, top) {
  return inBox(async (start, dir) => {
    const [theirs, ours] = [join(top, `theirs-${seed}`), join(top, `ours-${seed}`)];
    mkdirSync(theirs);
    chownSync(theirs, UID, UID);
    mkdirSync(ours);
    const precious = join(ours, 'precious');
    writeFileSync(precious, 'precious', { mode: 0o600 });
    const readAt = statSync(precious).atimeMs;
    const log = join(ours, 'log');
    const flags = ['--max-tasks', '150', '--grace', '300ms', '--dump-timeout', `${DUMP_MS}ms`, '--capture-stderr'];
    const places = ['--incident-dir', join(ours, 'incidents'), '--log-file', log, '--log-format', 'json'];
    const plain = ['setpriv', `--reuid=${UID}`, `--regid=${UID}`, '--clear-groups'];
    const command = [...plain, '/usr/bin/python3', TRAPPER, String(seed), theirs, ours, HOSTILE];
    const startMs = performance.now();
    const running = start([GUARD, 'run', ...flags, '--on-daemons', 'kill', ...places, '--', ...command], {
      stdio: 'ignore',
    });
    const timer = setTimeout(() => running.child.kill('SIGKILL'), 60_000);
    const { code } = await running.ended;
    clearTimeout(timer);
    const took = performance.now() - startMs;
    const events = readFileSync(log, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    const timeOf = (name) => Date.parse(events.find(({ event }) => event === name)?.time);
    const isWhole = statSync(precious).atimeMs === readAt && readFileSync(precious, 'utf8') === 'precious';
    const files = readdirSync(ours).filter((name) => !['incidents', 'log', 'precious'].includes(name));
    const dumpMs = coverageOf(join(ours, 'incidents'));
    rmSync(theirs, { recursive: true, force: true });
    rmSync(ours, { recursive: true, force: true });
    return {
      seed,
      isEnded: code === 113 && number(`${dir}/pids.current`) === 0,
      isWhole: isWhole && files.length === 0,
      took,
      dumpMs,
      toEndMs: timeOf('exit') - timeOf('trip'),
    };
  }, 1_500);
}

/** How long the evidence of the one incident took. */
function coverageOf(incidents) {
  const [name] = readdirSync(incidents);
  if (name === undefined) return 0;
  return JSON.parse(readFileSync(join(incidents, name, 'incident.json'), 'utf8')).coverage?.tookMs ?? 0;
}

export async function hostileRows() {
  const top = mkdtempSync(join(tmpdir(), 'tghostile-'));
  chmodSync(top, 0o755);
  const end = performance.now() + MINUTES * 60_000;
  const done = [];
  const bad = [];
  for (let seed = 1000; performance.now() < end; seed += 1) {
    const one = await attempt(seed, top);
    done.push(one);
    if (!one.isEnded || !one.isWhole)
      bad.push(`${seed}${one.isEnded ? '' : ' not ended'}${one.isWhole ? '' : ' root was reached'}`);
  }
  rmSync(top, { recursive: true, force: true });
  for (const name of readdirSync('/tmp')) {
    const path = join('/tmp', name);
    if (name.startsWith('.java_pid') && statSync(path, { throwIfNoEntry: false })?.uid === UID) rmSync(path);
  }
  const most = (field) => {
    const [worst] = [...done].sort((a, b) => b[field] - a[field]);
    return `${Math.round(worst[field])} at most (seed ${worst.seed})`;
  };
  return [
    `${done.length} attempts in ${MINUTES} minutes, each with three to six of 14 traps and a bomb of threads or processes`,
    `ended with nothing left: ${done.filter(({ isEnded }) => isEnded).length}; files of root untouched: ${done.filter(({ isWhole }) => isWhole).length}`,
    `evidence took ${median(done.map(({ dumpMs }) => dumpMs))} ms (median), ${most('dumpMs')}, of ${DUMP_MS}`,
    `trip to the end ${Math.round(median(done.map(({ toEndMs }) => toEndMs)))} ms (median), ${most('toEndMs')}, of them 300 the grace`,
    ...bad.map((text) => `FAILED: seed ${text}`),
  ];
}
