// A broker beside a bad deploy, a minute each: greeted connections, messages, latency against the quiet machine.
import { existsSync } from 'node:fs';
import { play } from '../examples/mq-broker/scene.mjs';
import { GUARD, median } from './box.mjs';

const SECONDS = 60;
const RUNS = 5;
const HOW = { seconds: SECONDS, guard: GUARD };

/** Pairs of runs, quiet and guarded, and one bare: how bad it is without. */
export const activemq = () => beside('activemq', '/usr/share/activemq/bin/activemq.jar');
export const nats = () => beside('nats', '/usr/sbin/nats-server');

async function beside(name, file) {
  if (!existsSync(file)) return [`${name} is not installed here`];
  const runs = [];
  for (let run = 0; run < RUNS; run += 1) {
    const quiet = await play(name, 'quiet', HOW);
    runs.push({ quiet, guarded: await play(name, 'guarded', HOW) });
  }
  const all = ({ guarded: { afterNeighbour, of } }) => afterNeighbour.every(({ greeted }) => greeted === of);
  const ratios = runs.map(({ guarded, quiet }) => guarded.p99Ms / quiet.p99Ms);
  const bare = await play(name, 'bare', HOW);
  const counts = bare.afterNeighbour.map(({ greeted }) => greeted);
  return [
    `${name}, guarded, ${SECONDS} s: everybody greeted in every second in ${runs.filter(all).length} of ${RUNS} runs; acknowledged and not delivered ${runs.map(({ guarded }) => guarded.lost).join(', ')}`,
    `  publish to consume, p99 in ms, guarded/quiet: ${runs.map(({ guarded, quiet }) => `${guarded.p99Ms.toFixed(1)}/${quiet.p99Ms.toFixed(1)}`).join(', ')}; ratio, median ${median(ratios).toFixed(2)}, worst ${Math.max(...ratios).toFixed(2)}`,
    `  the line named: ${runs.map(({ guarded }) => guarded.incident?.line ?? 'none').join(', ')}`,
    `  bare: ${(counts.reduce((sum, count) => sum + count, 0) / counts.length).toFixed(1)} of ${bare.of} greeted, worst second ${Math.min(...counts)}; not delivered ${bare.lost} of ${bare.published}; broker ${bare.brokerLives ? 'lives' : 'dead'}`,
  ];
}
