// The rows, in the order of the issue that set them. Each returns its lines.
import { readdirSync, readFileSync } from 'node:fs';
import { AS_NOBODY, BOMB, GUARD, inBox, inner, median, number, paired, sleep, told } from './box.mjs';
import { activemq, nats } from './broker.mjs';
import { canaryVerdicts, growthClasses } from './canary.mjs';
import { passes, predicted, runtimes, wallOfLimits } from './ceilings.mjs';
import { cost as creatorCost, named } from './creators.mjs';
import { coldTargets } from './engine.mjs';
import { agreement, creators, dumpCost, endToEnd } from './evidence.mjs';
import { honestRows } from './honest.mjs';
import { hostileRows } from './hostile.mjs';
import { matrix } from './matrix.mjs';
import { atRestAsService, receivers, scrapes, stop } from './service.mjs';
import { traces } from './traces.mjs';

const run = (...flags) => [GUARD, 'run', '--log-format', 'json', ...flags, '--'];
const RUNS = 20;
const LIMIT = 5000;

/** A bomb under a cgroup: how far it got, what the host kept, how long from the trip to an empty tree. */
async function bombs(mode, flags, runs, max = '1000000') {
  const over = [];
  const toEmpty = [];
  const killMs = [];
  let stopped = 0;
  for (let i = 0; i < runs; i += 1) {
    const { code, events } = await inBox(
      (start) => start([...run('--max-tasks', String(LIMIT), ...flags), BOMB, mode, max, '20']).ended,
    );
    const at = (name) => Date.parse(events.find(({ event }) => event === name)?.time);
    const exit = events.at(-1);
    stopped += code === 113 ? 1 : 0;
    over.push(exit.peakTasks - LIMIT);
    toEmpty.push(at('exit') - at('trip'));
    const kill = events.find(({ event }) => event === 'kill');
    if (kill !== undefined) killMs.push(kill.emptyMs);
  }
  return `${mode.padEnd(9)} ${stopped}/${runs} stopped; most above ${LIMIT}: ${Math.max(...over)}; trip to exit p50 ${median(toEmpty)} ms; kill to empty p50 ${killMs.length > 0 ? Math.round(median(killMs)) : '–'} ms`;
}

/** With every share allowed only the reserve is left to bind: what the rest of the host kept, at the worst. */
async function reserved(mode) {
  const CAP = 4000;
  const RESERVE = 300;
  let least = CAP;
  let stopped = 0;
  for (let i = 0; i < 5; i += 1) {
    const { code, peak } = await inBox(async (start, dir) => {
      const flags = ['--budget', '100%', '--reserve', String(RESERVE), '--leash', '4000', '--grace', '0'];
      const { code } = await start([...run(...flags), BOMB, mode, '1000000', '20']).ended;
      return { code, peak: number(`${dir}/pids.peak`) };
    }, CAP);
    stopped += code === 113 ? 1 : 0;
    least = Math.min(least, CAP - peak);
  }
  return `${mode.padEnd(9)} ${stopped}/5 stopped; of a reserve of ${RESERVE} in ${CAP} the rest kept at least ${least}`;
}

async function uncontained(mode, flags, prefix) {
  const used = [];
  let stopped = 0;
  for (let i = 0; i < RUNS; i += 1) {
    const { code, peak } = await inBox(async (start, dir) => {
      const { code } = await start([
        ...prefix,
        ...run('--budget', '25%', '--grace', '0', ...flags),
        BOMB,
        mode,
        '1000000',
        '30',
      ]).ended;
      return { code, peak: number(`${dir}/pids.peak`) };
    });
    stopped += code === 113 ? 1 : 0;
    used.push(peak / 6000);
  }
  return `${mode.padEnd(9)} ${stopped}/${RUNS} stopped; share of the room of 6,000 used: p50 ${(median(used) * 100).toFixed(1)} %, worst ${(Math.max(...used) * 100).toFixed(1)} %`;
}

async function guardGone(signal, mode) {
  let held = 0;
  let most = 0;
  for (let i = 0; i < RUNS; i += 1) {
    const peak = await inBox(async (start, dir) => {
      const running = start([...run('--max-tasks', '1500'), BOMB, mode, '1000000', '6']);
      while (inner(dir).length === 0 || number(`${inner(dir)[0]}/pids.current`) < 10) await sleep(5);
      running.child.kill(signal);
      await sleep(1500);
      return number(`${inner(dir)[0]}/pids.peak`);
    });
    most = Math.max(most, peak);
    held += peak <= 1500 ? 1 : 0;
  }
  return `${mode.padEnd(6)} ${signal}: cap held ${held}/${RUNS}, most tasks ${most} of 1,500`;
}

async function lateness(label, prefix) {
  const seen = await inBox(async (start) => {
    const { events } = await start([
      ...prefix,
      // A line so near that the guard looks ten times a second.
      ...run('--max-tasks', '1900', '--leash', '1900', '--until', 'clamp'),
      BOMB,
      'spin-all',
      '1500',
      '30',
    ]).ended;
    return events.at(-1).lateness;
  });
  return `${label}: p99 ${seen.p99Ms} ms, worst ${seen.worstMs} ms (classes; the whole run of 30 s, ten looks a second)`;
}

async function atRest() {
  const SECONDS = Number(process.env.BENCH_REST_SECONDS ?? 60);
  return inBox(async (start) => {
    const { child } = start([GUARD, 'run', '--quiet', '--', 'sleep', String(SECONDS + 10)], { stdio: 'ignore' });
    await sleep(3000);
    const cpuMs = () =>
      readdirSync(`/proc/${child.pid}/task`).reduce(
        (sum, tid) =>
          sum + Number(readFileSync(`/proc/${child.pid}/task/${tid}/schedstat`, 'utf8').split(' ')[0]) / 1e6,
        0,
      );
    const fds = () => readdirSync(`/proc/${child.pid}/fd`).length;
    const [cpu, fdsBefore] = [cpuMs(), fds()];
    await sleep(SECONDS * 1000);
    const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) / 1024;
    const threads = readdirSync(`/proc/${child.pid}/task`).length;
    return [
      `over ${SECONDS} s: ${((cpuMs() - cpu) / SECONDS / 10).toFixed(3)} % of a core, ${rss.toFixed(1)} MiB RSS, ${threads} threads, fds ${fdsBefore} then ${fds()}`,
    ];
  });
}

const compare = async (label, first, second, runs, measure) => {
  const { first: a, second: b, ratio } = await paired(first, second, runs, measure);
  return `${label}: ${a.toFixed(1)} ms bare, ${b.toFixed(1)} ms guarded, ratio ${ratio.toFixed(3)} (${runs} pairs)`;
};

const cost = (label, ...command) =>
  compare(label, [BOMB, ...command], [GUARD, 'run', '--quiet', '--', BOMB, ...command], 15, told);

export const rows = {
  'bombs in a pids cgroup, default ladder': () =>
    Promise.all([]).then(async () => [
      await bombs('thread', [], 5),
      await bombs('fork', [], 5),
      await bombs('setsid', [], 3),
      await bombs('spin', ['--max-tasks', '1500'], 2, '1500'),
    ]),
  'bombs in a pids cgroup, straight to the kill (--grace 0 --dump-timeout 0)': async () => {
    const flags = ['--grace', '0', '--dump-timeout', '0'];
    return [
      await bombs('thread', flags, 5),
      await bombs('stubborn', flags, 5),
      await bombs('fork', flags, 5),
      await bombs('setsid', flags, 5),
    ];
  },
  'what the host keeps (--budget 100%, --reserve 300)': async () => [
    await reserved('thread'),
    await reserved('fork'),
    await reserved('setsid'),
  ],
  'without any cgroup right: RLIMIT_NPROC, plain uid': async () => [
    await uncontained('thread', [], AS_NOBODY),
    await uncontained('fork', [], AS_NOBODY),
    await uncontained('setsid', [], AS_NOBODY),
  ],
  'without any cgroup right: sampling alone': async () => [
    await uncontained('thread', ['--contain', 'none'], []),
    await uncontained('fork', ['--contain', 'none'], []),
    await uncontained('setsid', ['--contain', 'none'], []),
  ],
  'guard stopped or killed': async () => [
    await guardGone('SIGSTOP', 'slow'),
    await guardGone('SIGKILL', 'slow'),
    await guardGone('SIGSTOP', 'thread'),
    await guardGone('SIGKILL', 'thread'),
    await guardGone('SIGKILL', 'fork'),
  ],
  'lateness under 1,500 spinning threads': async () => [
    await lateness('with rights', []),
    await lateness('plain uid', AS_NOBODY),
  ],
  'start against node -e 0': async () => [
    await compare('start', ['node', '-e', '0'], [GUARD, 'run', '--quiet', '--', 'true'], 30),
  ],
  'at rest, one target': atRest,
  'cost to the child': async () => [
    await cost('20,000 pthread create+join', 'churn', '20000'),
    await cost('100,000 mmap/munmap', 'mapchurn', '100000'),
  ],
  'honest programs': honestRows,
  hostile: hostileRows,
  'ceilings: predicted against fact': predicted,
  'ceilings: runtimes': runtimes,
  'ceilings: limits beside 5,000 tasks': wallOfLimits,
  'ceilings: a pass of the guard': passes,
  'engine: 5,000 targets at rest': coldTargets,
  'evidence: cost': dumpCost,
  'evidence: agreement': agreement,
  'evidence: creators': creators,
  'evidence: end to end': endToEnd,
  'recorded creators: named': named,
  'recorded creators: cost': creatorCost,
  'canary: growth classes': growthClasses,
  'canary: verdicts': canaryVerdicts,
  'canary: real programs': () => traces(),
  'broker: ActiveMQ': activemq,
  'broker: NATS': nats,
  'service: stop': stop,
  'service: scrapes': scrapes,
  'service: receivers': receivers,
  'service: at rest': atRestAsService,
  matrix,
};
