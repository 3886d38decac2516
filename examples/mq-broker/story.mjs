// node examples/mq-broker/story.mjs [activemq|nats] [--seconds 60] [--tasks 1000] [--greeted-ms 900] [--chart FILE.svg] [--json]
// A broker keeps taking messages while a bad deploy on the same machine explodes: without threadguard, and with it.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BROKERS } from './brokers.mjs';
import { chart } from './chart.mjs';
import { play } from './scene.mjs';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '60' },
    tasks: { type: 'string', default: '1000' },
    // A new connection that is greeted later does not count.
    'greeted-ms': { type: 'string', default: '900' },
    chart: { type: 'string' },
    json: { type: 'boolean' },
  },
});
const [broker = 'activemq'] = positionals;
const seconds = Number(values.seconds);
if (!Object.hasOwn(BROKERS, broker) || !(seconds >= 5)) {
  console.error(`story: give it ${Object.keys(BROKERS).join(' or ')}, and 5 seconds at least`);
  process.exit(2);
}
const guard = fileURLToPath(new URL('../../bin/threadguard', import.meta.url));
const scenes = {};
for (const kind of ['quiet', 'bare', 'guarded']) {
  if (!values.json) console.error(`${kind}: ${seconds} s`);
  scenes[kind] = await play(broker, kind, {
    seconds,
    guard,
    tasks: Number(values.tasks),
    greetedMs: Number(values['greeted-ms']),
  });
}
const { bare, guarded, quiet } = scenes;
if (values.json) console.log(JSON.stringify(scenes));
else for (const line of table()) console.log(line);
if (values.chart !== undefined) writeFileSync(values.chart, chart([bare, guarded]));

function table() {
  const greeted = ({ afterNeighbour, of }) => {
    const counts = afterNeighbour.map((one) => one.greeted);
    return `${(counts.reduce((sum, count) => sum + count, 0) / counts.length).toFixed(1)} of ${of}`;
  };
  const row = (what, value) =>
    `${what.padEnd(42)}${[quiet, bare, guarded].map((scene) => value(scene).padEnd(22)).join('')}`.trimEnd();
  const ms = (value) => (value === undefined ? 'none' : `${value.toFixed(1)} ms`);
  return [
    row(
      `${quiet.name}, ${seconds} s`,
      ({ kind }) => ({ quiet: 'alone', bare: 'beside a bad deploy', guarded: 'the same, guarded' })[kind],
    ),
    row('new connections greeted, on average', greeted),
    row(
      'in the worst second',
      ({ afterNeighbour, of }) => `${Math.min(...afterNeighbour.map((one) => one.greeted))} of ${of}`,
    ),
    row('publish to consume, median', ({ p50Ms }) => ms(p50Ms)),
    row('publish to consume, p99', ({ p99Ms }) => ms(p99Ms)),
    row('acknowledged, not delivered', ({ lost, published }) => `${lost} of ${published}`),
    row('connection of the client', ({ isCut }) => (isCut ? 'cut' : 'kept')),
    row('broker at the end', ({ brokerLives }) => (brokerLives ? 'lives' : 'dead')),
    row('the bad deploy', ({ kind, neighbourEnded }) =>
      kind === 'quiet' ? '' : neighbourEnded === undefined ? 'goes on' : `ended, exit ${neighbourEnded}`,
    ),
    ...(guarded.incident === undefined ? [] : ['', `The incident says: ${guarded.incident.headline}`]),
  ];
}
