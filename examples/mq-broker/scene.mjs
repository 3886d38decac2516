// One scene: a broker, perhaps with a neighbour, looked at from outside for some seconds.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BROKERS, isGreeted } from './brokers.mjs';
import { openMachine, sleep } from './machine.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const NEIGHBOUR = ['python3', here('neighbour.py')];
const NEW_EACH_SECOND = 20;
const MESSAGES_PER_SECOND = 50;
const SETTLE_MS = 3_000;
/** The neighbour comes when the broker has been watched for a moment. */
const NEIGHBOUR_AFTER_S = 2;

/** On a machine that holds so many tasks in all. `quiet`: nobody else. `bare`: the neighbour. `guarded`: the neighbour under threadguard. */
export async function play(broker, kind, { guard, seconds = 60, tasks = 1_000, greetedMs = 900 }) {
  const machine = openMachine(tasks);
  const incidents = mkdtempSync(join(tmpdir(), 'story-incidents-'));
  const facts = await BROKERS[broker]();
  try {
    const server = machine.start('broker', facts.command);
    await greetedOnce(facts, server);
    const traffic = await openTraffic(facts);
    const perSecond = [];
    let neighbour;
    for (let second = 0; second < seconds; second += 1) {
      if (second === NEIGHBOUR_AFTER_S && kind !== 'quiet') {
        const wrapped = [guard, 'run', '--quiet', '--name', 'import', '--incident-dir', incidents, '--', ...NEIGHBOUR];
        neighbour = machine.start('neighbour', kind === 'guarded' ? wrapped : NEIGHBOUR);
      }
      const startMs = performance.now();
      const answers = await Promise.all(Array.from({ length: NEW_EACH_SECOND }, () => isGreeted(facts, greetedMs)));
      perSecond.push({ greeted: answers.filter(Boolean).length, tasks: machine.tasks(), latencyMs: traffic.worstMs() });
      await sleep(Math.max(0, 1_000 - (performance.now() - startMs)));
    }
    const summary = await traffic.close();
    return {
      name: facts.name,
      kind,
      perSecond,
      of: NEW_EACH_SECOND,
      afterNeighbour: perSecond.slice(kind === 'quiet' ? 0 : NEIGHBOUR_AFTER_S),
      ...summary,
      brokerLives: server.isRunning(),
      neighbourEnded: neighbour === undefined || neighbour.isRunning() ? undefined : await neighbour.ended,
      incident: readIncident(incidents),
    };
  } finally {
    await machine.close();
    rmSync(incidents, { recursive: true, force: true });
    if (facts.data !== undefined) rmSync(facts.data, { recursive: true, force: true });
  }
}

async function greetedOnce(facts, server) {
  for (let tries = 0; tries < 150; tries += 1) {
    if (await isGreeted(facts, 1_000)) return;
    if (!server.isRunning()) throw new Error(`${facts.name} did not start: ${facts.command.join(' ')}`);
    await sleep(200);
  }
  throw new Error(`${facts.name} does not greet anybody`);
}

/** Messages at a steady rate over one connection: from publish to consume, and whether what was acknowledged arrives. */
async function openTraffic(facts) {
  const published = new Map();
  const acknowledged = new Set();
  const received = new Set();
  const latencies = [];
  let worst;
  let isCut = false;
  const client = facts.client({
    onAcknowledged: (id) => acknowledged.add(id),
    onMessage: (id) => {
      received.add(id);
      const ms = performance.now() - published.get(id);
      latencies.push(ms);
      worst = Math.max(worst ?? 0, ms);
    },
    onClosed: () => {
      isCut = true;
    },
  });
  await client.isReady;
  for (let id = 1; id <= facts.warmUp; id += 1) {
    published.set(id, performance.now());
    client.publish(id);
    if (id % 10 === 0) await sleep(10);
  }
  let next = facts.warmUp + 1;
  const timer = setInterval(() => {
    if (isCut) return;
    published.set(next, performance.now());
    client.publish(next);
    next += 1;
  }, 1_000 / MESSAGES_PER_SECOND);
  // What a broker does only once (its journal, its compiler) is over when it is looked at.
  await sleep(SETTLE_MS);
  latencies.length = 0;
  worst = undefined;
  return {
    /** The worst since it was last asked; `undefined` when nothing arrived. */
    worstMs: () => {
      const value = worst;
      worst = undefined;
      return value;
    },
    close: async () => {
      clearInterval(timer);
      await sleep(1_500);
      const wasCut = isCut;
      client.close();
      const sorted = [...latencies].sort((a, b) => a - b);
      const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
      return {
        p50Ms: at(0.5),
        p99Ms: at(0.99),
        worstMs: sorted.at(-1),
        published: next - 1,
        lost: [...acknowledged].filter((id) => !received.has(id)).length,
        isCut: wasCut,
      };
    },
  };
}

/** What the guard found out: who made the threads. */
function readIncident(dir) {
  const [name] = readdirSync(dir);
  if (name === undefined) return undefined;
  const { creators, headline, tasks } = JSON.parse(readFileSync(join(dir, name, 'incident.json'), 'utf8'));
  const frame = creators[0]?.frames.find(({ file }) => file?.endsWith('neighbour.py'));
  return { headline, tasks, line: frame === undefined ? undefined : `${frame.function} (neighbour.py:${frame.line})` };
}
