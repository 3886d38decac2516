// Twins of real programs, watched from their first second: what the judge makes of warm-ups and pools. None of them leaks.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSource } from '../dist/lib/canary/live.js';
import { watchCanary } from '../dist/lib/canary/watchCanary.js';
import { DEFAULT_RULE } from '../dist/lib/core/growth/judge.js';
import { kernelRoot } from '../dist/lib/procfs/root.js';
import { BROKERS } from '../examples/mq-broker/brokers.mjs';
import { inBox, sleep } from './box.mjs';

const FOR_MS = 40_000;
const EVERY_MS = 250;
const rabbit = fileURLToPath(new URL('../examples/mq-broker/rabbitmq.sh', import.meta.url));

const POOL = `
import concurrent.futures as f, random, time
pool = f.ThreadPoolExecutor(64)
while True:
  for _ in range(random.randrange(40)): pool.submit(time.sleep, random.random() / 4)
  time.sleep(0.2)`;
const SERVER = `
import http.server, random, threading, time, urllib.request
class H(http.server.BaseHTTPRequestHandler):
  def do_GET(self): time.sleep(random.random() / 5); self.send_response(200); self.end_headers()
  def log_message(self, *_): pass
s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), H)
threading.Thread(target=s.serve_forever, daemon=True).start()
def client():
  while True: urllib.request.urlopen(f'http://127.0.0.1:{s.server_port}/').read()
for _ in range(20): threading.Thread(target=client, daemon=True).start()
time.sleep(600)`;
const CLUSTER = `const c=require('cluster');if(c.isPrimary){for(let i=0;i<8;i++)c.fork()}else require('http').createServer((_,r)=>r.end()).listen(0,'127.0.0.1')`;

const PROGRAMS = {
  'a pool of 64 threads under load': async () => ['python3', '-c', POOL],
  'a server of Python, 20 clients': async () => ['python3', '-c', SERVER],
  'a cluster of 8 Nodes': async (dir) => {
    writeFileSync(join(dir, 'cluster.cjs'), CLUSTER);
    return ['node', join(dir, 'cluster.cjs')];
  },
  'a JVM from its start (ActiveMQ)': async () =>
    existsSync('/usr/share/activemq') ? (await BROKERS.activemq()).command : undefined,
  'RabbitMQ from its start': async (dir, index) =>
    existsSync('/usr/lib/rabbitmq')
      ? [rabbit, join(dir, String(index)), String(46_000 + 10 * index), '--quiet']
      : undefined,
};

export async function traces(only = '') {
  const lines = ['| twins of | verdict | tasks | maps | memory |', '|---|---|---|---|---|'];
  for (const [name, commandOf] of Object.entries(PROGRAMS).filter(([one]) => one.includes(only))) {
    const dir = mkdtempSync(join(tmpdir(), 'tgbench-'));
    try {
      await inBox(async (start) => {
        const commands = [await commandOf(dir, 0), await commandOf(dir, 1)];
        if (commands.includes(undefined)) {
          lines.push(`| ${name} | not installed here | | | |`);
          return;
        }
        const [baseline, candidate] = commands.map((command) =>
          openSource(kernelRoot(), `pid:${start(command, { stdio: 'ignore' }).child.pid}`),
        );
        const { judgement } = await watchCanary(
          baseline,
          candidate,
          { forMs: FOR_MS, everyMs: EVERY_MS, rule: DEFAULT_RULE, loadField: undefined },
          {
            clock: { now: () => performance.now(), sleep },
            remaining: () => undefined,
            onSample: () => {},
            onJudgement: () => {},
          },
        );
        const shape = (metric) => judgement.metrics.find((one) => one.name === metric)?.candidate?.shape ?? '–';
        lines.push(
          `| ${name} | ${judgement.verdict} ${judgement.score}${judgement.verdict === 'pass' ? '' : ` (${judgement.sentence})`} | ${shape('tasks')} | ${shape('maps')} | ${shape('memoryBytes')} |`,
        );
      });
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }
  return lines;
}
