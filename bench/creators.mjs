// Who makes the tasks, as the kernel records it: named right at every rate, in every language; and what that costs.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BOMB, GUARD, inBox, paired, told, wall } from './box.mjs';

const BUILD = dirname(BOMB);
const leaks = fileURLToPath(new URL('../test/programs/leaks/', import.meta.url));
const LEAK = join(BUILD, 'leak');
const RUNS = 3;
/** The mix of the three sites. */
const MIX = [0.6, 0.3, 0.1];

/** A leak of so many a second (0: as fast as it can), and how many tasks it may have. */
const LANGUAGES = {
  C: (rate) => ({ most: 160, command: [LEAK, rate, '3000', 'thread'] }),
  'C, fork': (rate) => ({ most: 160, command: [LEAK, rate, '3000', 'fork'] }),
  'C, vfork and exec': (rate) => ({ most: 160, command: [LEAK, rate, '3000', 'vfork'] }),
  CPython: (rate) => ({ most: 160, command: ['/usr/bin/python3', join(leaks, 'leak.py'), 'thread', rate, '3000'] }),
  'CPython, pool': (rate) => ({
    most: 160,
    command: ['/usr/bin/python3', join(leaks, 'leak.py'), 'pool', rate, '3000'],
  }),
  Node: (rate) => ({ most: 70, command: [process.execPath, join(leaks, 'leak.mjs'), 'worker', rate, '300'] }),
  'Node, spawn': (rate) => ({ most: 160, command: [process.execPath, join(leaks, 'leak.mjs'), 'spawn', rate, '1000'] }),
  Java: (rate) => ({ most: 160, command: ['/usr/bin/java', '-cp', BUILD, 'Leak', 'thread', rate, '3000'] }),
  'Java, pool': (rate) => ({ most: 160, command: ['/usr/bin/java', '-cp', BUILD, 'Leak', 'pool', rate, '3000'] }),
};

export async function named() {
  const lines = [
    '| leak in | a second | largest site first | shares | exact | recorded | stops |',
    '|---|---|---|---|---|---|---|',
  ];
  for (const [language, of] of Object.entries(LANGUAGES)) {
    for (const rate of ['50', '500', '0']) {
      const runs = [];
      for (let run = 0; run < RUNS; run += 1) runs.push(await leak(of(rate)));
      lines.push(`| ${language} | ${rate === '0' ? 'all it can' : rate} | ${rowOf(runs)} |`);
    }
  }
  return lines;
}

function rowOf(runs) {
  const right = runs.filter(({ sites }) => isOrdered(sites)).length;
  const cell = (of) => runs.map(of).join('; ');
  const exact = cell(({ exact }) => `${(exact * 100).toFixed(1)} %`);
  const shares = cell(({ sites }) => sites.map((share) => (share * 100).toFixed(0)).join(', '));
  return [`${right} of ${RUNS}`, shares, exact, cell(({ source }) => source), cell(({ stops }) => stops)].join(' | ');
}

/** Three sites, and the largest is the one that should be. */
const isOrdered = (sites) =>
  sites.length === MIX.length && sites.every((share, index) => index === 0 || share < sites[index - 1]);

/** The shares of the three sites among what is exact, and how much of all that is. */
async function leak({ command, most }) {
  const dir = mkdtempSync(join(tmpdir(), 'tgbench-'));
  try {
    const flags = ['--quiet', '--max-tasks', String(most), '--grace', '1s', '--incident-dir', dir];
    await inBox((start) => start([GUARD, 'run', ...flags, '--', ...command], { stdio: 'ignore' }).ended, 3_000);
    const [name] = readdirSync(dir);
    const { coverage, creators } = JSON.parse(readFileSync(join(dir, name, 'incident.json'), 'utf8'));
    // What a runtime makes for itself is no site of the program.
    const own = creators.filter(({ frames }) => !frames[0]?.function.endsWith(' itself'));
    const exact = own.filter(({ certainty }) => certainty === 'exact');
    const sum = (some) => some.reduce((total, { share }) => total + share, 0);
    const sites = exact.slice(0, MIX.length).map(({ share }) => share / sum(exact));
    return {
      sites,
      exact: sum(exact) / sum(own),
      source: creators[0]?.source.replace('the kernel recorded ', '') ?? 'nobody',
      stops: coverage.stops,
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const guarded = (command) => [GUARD, 'run', '--quiet', '--', ...command];

export async function cost() {
  const join_ = [LEAK, '0', '20000', 'join'];
  const threads = await paired(join_, guarded(join_), 21, told);
  const start = await paired(['/bin/true'], guarded(['/bin/true']), 11, wall);
  return [
    `20,000 threads created and joined: ${threads.first.toFixed(0)} ms bare, ${threads.second.toFixed(0)} ms guarded, ratio of pairs ${threads.ratio.toFixed(3)}`,
    `run -- true: ${start.second.toFixed(0)} ms`,
  ];
}
