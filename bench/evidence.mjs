// What a dump costs at 10,000 threads, whether it agrees with a debugger, and whether it names who made them.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BOMB, GUARD, inBox, median, sleep } from './box.mjs';

const BUILD = dirname(BOMB);
const programs = fileURLToPath(new URL('../test/programs/', import.meta.url));
const COMMANDS = {
  C: [join(BUILD, 'spawner-plain')],
  'C, frame pointers': [join(BUILD, 'spawner-frames')],
  'C++': [join(BUILD, 'spawner-cc')],
  CPython: ['/usr/bin/python3', join(programs, 'spawner.py')],
  JVM: ['/usr/bin/java', '-Xss256k', '-XX:+StartAttachListener', '-cp', BUILD, 'Spawner'],
  Go: [join(BUILD, 'spawner-go')],
  Ruby: ['/usr/bin/ruby', join(programs, 'spawner.rb')],
};

/** A program with so many parked threads, while `use` looks at it. */
function parked(command, threads, use) {
  return inBox(async (start) => {
    const { child } = start([...command, String(threads), '120'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    child.stdout.on('data', (data) => (out += data));
    for (let waited = 0; !out.includes('ready'); waited += 50) {
      if (waited > 60_000) throw new Error(`${command[0]} did not get ${threads} threads`);
      await sleep(50);
    }
    await sleep(500);
    return use(Number(/ready (\d+)/.exec(out)[1]));
  }, threads + 300);
}

/** In a process of its own each time: cold code is what a trip meets. */
const MEASURE = `
const { dumpProcesses } = await import(process.argv[1] + '/evidence/dumpProcesses.js');
const { groupStacks } = await import(process.argv[1] + '/core/stackGroups.js');
const { kernelRoot } = await import(process.argv[1] + '/procfs/root.js');
const { loadLibc } = await import(process.argv[1] + '/sys/libc.js');
const libc = loadLibc();
const before = performance.now();
const dump = dumpProcesses(kernelRoot(), [Number(process.argv[2])], { libc, now: () => performance.now(), timeoutMs: 30000 });
const groups = groupStacks(dump.stacks, 'function');
const ms = performance.now() - before;
console.log(JSON.stringify({ ms, covered: dump.covered, found: dump.found, rss: process.memoryUsage().rss, top: groups.slice(0, 3).map(({ count, frames, site }) => [site?.function, count, frames.map((frame) => frame.function)]) }));
`;
const lib = fileURLToPath(new URL('../dist/lib', import.meta.url));
const measure = (pid) =>
  JSON.parse(
    execFileSync(
      process.execPath,
      ['--v8-pool-size=0', '--single-threaded-gc', '--input-type=module', '-e', MEASURE, lib, String(pid)],
      {
        encoding: 'utf8',
      },
    ),
  );

export async function dumpCost() {
  const lines = ['| 10,000 threads of | median ms | worst of 5 | covered | RSS MiB |', '|---|---|---|---|---|'];
  for (const name of ['C', 'C, frame pointers', 'CPython', 'JVM']) {
    await parked(COMMANDS[name], 10_000, async (pid) => {
      const runs = Array.from({ length: 5 }, () => measure(pid));
      const ms = runs.map((run) => run.ms);
      const [{ covered, found, rss }] = runs;
      lines.push(
        `| ${name} | ${median(ms).toFixed(0)} | ${Math.max(...ms).toFixed(0)} | ${covered} of ${found} | ${(rss / 2 ** 20).toFixed(0)} |`,
      );
    });
  }
  return lines;
}

/** The same process through gdb, and through the JVM's own dump: functions of each thread, counted. */
export async function agreement() {
  const lines = [];
  if (existsSync('/usr/bin/gdb')) {
    for (const name of ['C', 'C, frame pointers']) {
      await parked(COMMANDS[name], 1_000, (pid) => {
        const text = execFileSync('gdb', ['-nx', '-batch', '-p', String(pid), '-ex', 'thread apply all bt'], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
          maxBuffer: 1 << 28,
        });
        const counts = new Map();
        for (const part of text.split(/^Thread \d+ /m).slice(1)) {
          const own = [...part.matchAll(/^#\d+ +(?:0x\w+ in )?(\w+)/gm)]
            .map(([, f]) => f)
            .filter((f) => /^(park_|serve|connection|worker|ticker)/.test(f));
          counts.set(own.join(), (counts.get(own.join()) ?? 0) + 1);
        }
        const ours = measure(pid).top.map(([, count, frames]) => [
          frames.filter((f) => /^(park_|serve|connection|worker|ticker)/.test(f)).join(),
          count,
        ]);
        const same = ours.reduce((sum, [key, count]) => sum + Math.min(count, counts.get(key) ?? 0), 0);
        lines.push(
          `${name}: ${same} of 1,000 threads in the same groups as gdb's (${ours.map(([key, count]) => `${count} ${key.split(',')[0]}`).join(', ')})`,
        );
      });
    }
  } else lines.push('gdb is not installed here');
  await parked(COMMANDS.JVM, 1_000, (pid) => {
    const text = execFileSync('/usr/bin/jcmd', [String(pid), 'Thread.print'], { encoding: 'utf8', maxBuffer: 1 << 28 });
    const theirs = (method) => text.split(`Spawner.${method}(`).length - 1;
    const ours = measure(pid).top.map(
      ([site, count]) => `${site} ${count} against ${theirs(site.replace('Spawner.', ''))}`,
    );
    lines.push(`JVM, against jcmd Thread.print: ${ours.join(', ')}`);
  });
  return lines;
}

/** A mix of three spawners, 60, 30 and 10 %, stopped at 1,500 threads: who is named, with what share. */
export async function creators() {
  const lines = ['| 60/30/10 mix in | top site | its share | others | from |', '|---|---|---|---|---|'];
  for (const [name, command] of Object.entries(COMMANDS)) {
    const dir = mkdtempSync(join(tmpdir(), 'tgbench-'));
    await inBox(async (start) => {
      const words = command.filter((word) => !word.startsWith('-XX'));
      const flags = [
        '--max-tasks',
        '1500',
        '--grace',
        '1s',
        '--incident-dir',
        dir,
        ...(name === 'JVM' ? ['--jvm-thread-events'] : []),
        ...(name === 'Go' ? ['--capture-stderr', '--leash', '1500'] : []),
      ];
      await start([GUARD, 'run', '--quiet', ...flags, '--', ...words, '100', '30', 'then'], { stdio: 'ignore' }).ended;
    }, 4_000);
    const [incident] = readdirSync(dir).map((one) => JSON.parse(readFileSync(join(dir, one, 'incident.json'), 'utf8')));
    const who = ({ frames }) =>
      frames.find(({ function: f }) => /spawn_?(connection|worker|ticker)/i.test(f))?.function ??
      `${frames[0]?.file}:${frames[0]?.line}`;
    const shares = new Map();
    for (const creator of incident?.creators ?? [])
      shares.set(who(creator), (shares.get(who(creator)) ?? 0) + creator.share);
    const [top, ...others] = [...shares]
      .sort((a, b) => b[1] - a[1])
      .map(([site, share]) => `${site} ${(share * 100).toFixed(0)} %`);
    lines.push(
      `| ${name} | ${top?.replace(/ \d+ %$/, '') ?? 'nobody'} | ${/\d+ %$/.exec(top ?? '')?.[0] ?? ''} | ${others.join(', ')} | ${incident?.creators[0]?.source ?? ''} |`,
    );
    rmSync(dir, { recursive: true, force: true });
  }
  return lines;
}

/** From the trip to the page on disk, 10,000 threads. */
export async function endToEnd() {
  const dir = mkdtempSync(join(tmpdir(), 'tgbench-'));
  try {
    await inBox(async (start) => {
      const words = `run --quiet --max-tasks 10000 --budget 100% --reserve 0 --grace 0 --incident-dir ${dir}`.split(
        ' ',
      );
      const guard = start([GUARD, ...words, '--', join(BUILD, 'spawner-plain'), '100', '30', 'then']);
      await guard.ended;
    }, 12_000);
    const [name] = readdirSync(dir);
    const { actions, coverage } = JSON.parse(readFileSync(join(dir, name, 'incident.json'), 'utf8'));
    const at = (action) => Date.parse(actions.find((one) => one.action === action)?.time ?? '');
    const page = statSync(join(dir, name, 'report.html')).mtimeMs;
    return [
      `trip to dump ${at('dump') - at('trip')} ms, to kill ${at('kill') - at('trip')} ms, to report.html ${(page - at('trip')).toFixed(0)} ms`,
      `coverage ${coverage.covered} of ${coverage.found}, stopped ${coverage.stops} times for ${coverage.stoppedMs} ms`,
    ];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
