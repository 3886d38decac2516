// What a service pays for its guard: its stop, scrapes while a bomb runs, receivers that do not answer, and the time in between.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BOMB, GUARD, inBox, median, sleep } from './box.mjs';

const PAIRS = 15;
const at = (events, name) => Date.parse(events.find(({ event }) => event === name)?.time);

/** From SIGTERM to the end, of a service that ends at once, bare and guarded; and how many SIGTERMs it got. */
export async function stop() {
  const count = mkdtempSync(join(tmpdir(), 'tgbench-'));
  const service = [
    'python3',
    '-c',
    `import signal,sys,time\ndef end(*_):\n  open('${count}/terms','a').write('x'); time.sleep(0.05); sys.exit(0)\nsignal.signal(15,end); print('ready',flush=True)\nwhile True: time.sleep(1)`,
  ];
  const once = (command) =>
    inBox(async (start) => {
      const running = start(command, { stdio: ['ignore', 'pipe', 'ignore'] });
      let out = '';
      running.child.stdout.on('data', (data) => (out += data));
      while (!out.includes('ready')) await sleep(10);
      await sleep(200);
      const before = performance.now();
      running.child.kill('SIGTERM');
      await new Promise((resolve) => running.child.on('exit', resolve));
      return performance.now() - before;
    });
  const more = [];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const bare = await once(service);
    more.push((await once([GUARD, 'run', '--quiet', '--', ...service])) - bare);
  }
  const terms = readFileSync(join(count, 'terms'), 'utf8').length;
  rmSync(count, { recursive: true });
  return [
    `guarded over bare, ${PAIRS} pairs: median ${median(more).toFixed(1)} ms, worst ${Math.max(...more).toFixed(1)} ms; SIGTERMs received ${terms} of ${2 * PAIRS} stops`,
  ];
}

/** Fifty scrapers at once, again and again, while a bomb presses against its cap. */
export async function scrapes() {
  const flags = ['--metrics', '127.0.0.1:0', '--max-tasks', '1500', '--until', 'clamp'];
  const once = (scrapers) =>
    inBox(async (start) => {
      const guard = start([GUARD, 'run', '--log-format', 'json', ...flags, '--', BOMB, 'thread', '100000', '8']);
      let err = '';
      guard.child.stderr.on('data', (data) => (err += data));
      while (!/metrics on (\S+)/.test(err)) await sleep(10);
      const [url] = /http:[^"\\\s]+/.exec(err);
      const counts = { answered: 0, refused: 0 };
      let isOver = false;
      const work = Array.from({ length: scrapers }, async () => {
        while (!isOver) counts[(await scrape(url)) ? 'answered' : 'refused'] += 1;
      });
      const { events } = await guard.ended;
      isOver = true;
      await Promise.all(work);
      return { ...counts, ...events.at(-1).lateness };
    });
  const [none, fifty] = [await once(0), await once(50)];
  return [
    `lateness p99 ${none.p99Ms} ms with no scraper, ${fifty.p99Ms} ms with 50 (worst ${none.worstMs}, ${fifty.worstMs} ms); ${fifty.answered} scrapes answered, ${fifty.refused} refused`,
  ];
}

function scrape(url) {
  return new Promise((resolve) => {
    get(url, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode === 200));
    }).on('error', () => setTimeout(() => resolve(false), 20));
  });
}

/** From the trip to the kill and to the end, with receivers of every bad kind. */
export async function receivers() {
  const slow = createServer(() => {});
  const garbage = createServer((request) => request.socket.end('\0 no HTTP\r\n\r\n'));
  for (const server of [slow, garbage]) await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = (server) => `http://127.0.0.1:${server.address().port}/`;
  const kinds = { none: undefined, dead: 'http://127.0.0.1:9/', slow: url(slow), garbage: url(garbage) };
  const lines = [];
  for (const [name, receiver] of Object.entries(kinds)) {
    const toKill = [];
    const toExit = [];
    let undelivered = 0;
    for (let run = 0; run < 9; run += 1) {
      const { events } = await inBox(
        (start) =>
          start([
            GUARD,
            'run',
            '--log-format',
            'json',
            '--max-tasks',
            '1000',
            '--grace',
            '0',
            ...(receiver === undefined ? [] : ['--tell', receiver]),
            '--',
            BOMB,
            'thread',
            '100000',
            '10',
          ]).ended,
      );
      toKill.push(at(events, 'kill') - at(events, 'trip'));
      toExit.push(at(events, 'exit') - at(events, 'trip'));
      undelivered += events.find((event) => event.undelivered !== undefined)?.undelivered ?? 0;
    }
    lines.push(
      `receiver ${name}: trip to kill ${median(toKill)} ms, to the end of the tree ${median(toExit)} ms (medians of 9); ${undelivered} messages counted as not delivered`,
    );
  }
  slow.close();
  slow.closeAllConnections();
  garbage.close();
  return lines;
}

/** Metrics served and written, the watchdog of a service manager beaten, nothing happening. */
export async function atRestAsService() {
  const seconds = 120;
  const dir = mkdtempSync(join(tmpdir(), 'tgbench-'));
  try {
    return await inBox(async (start) => {
      const listener = start([
        'python3',
        '-c',
        `import socket\ns=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM); s.bind('${dir}/notify'); n=0\nwhile True:\n  n+=b'WATCHDOG=1' in s.recv(4096); open('${dir}/beats','w').write(str(n))`,
      ]);
      await sleep(500);
      const guard = start(
        [
          GUARD,
          'run',
          '--quiet',
          '--metrics',
          '127.0.0.1:0',
          '--metrics-file',
          join(dir, 'x.prom'),
          '--',
          'sleep',
          String(seconds + 60),
        ],
        {
          env: { ...process.env, NOTIFY_SOCKET: `${dir}/notify`, WATCHDOG_USEC: '30000000' },
        },
      );
      const { pid } = guard.child;
      const cpu = () =>
        readFileSync(`/proc/${pid}/stat`, 'utf8')
          .split(') ')[1]
          .split(' ')
          .slice(11, 13)
          .reduce((sum, ticks) => sum + Number(ticks), 0) * 10;
      await sleep(15_000);
      const before = cpu();
      await sleep(seconds * 1_000);
      const share = (cpu() - before) / (seconds * 1_000);
      const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
      const beats = readFileSync(join(dir, 'beats'), 'utf8');
      guard.child.kill('SIGTERM');
      await guard.ended;
      listener.child.kill('SIGKILL');
      return [
        `${(share * 100).toFixed(3)} % of a core, ${rss.toFixed(1)} MiB RSS over ${seconds} s; ${beats} beats of the watchdog`,
      ];
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
