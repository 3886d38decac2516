// leak.mjs worker|spawn RATE COUNT [HOLD_S]: makes COUNT threads or processes that stay, RATE a second (0: as fast as it
// can), at three places with shares of 60, 30 and 10 in an order that is always the same. Then it holds them (10 seconds).
import { spawn } from 'node:child_process';
import { Worker } from 'node:worker_threads';

const [kind = 'spawn', rate = '10', count = '100', holdSeconds = '10'] = process.argv.slice(2);
const kept = [];

function keep(one) {
  one.on('error', () => {});
  kept.push(one);
}

function handleRequest() {
  const idle = 'setInterval(() => {}, 1e6)';
  const worker = new Worker(idle, { eval: true });
  keep(worker);
}

class Cache {
  refresh() {
    const start = () => {
      const worker = new Worker('setInterval(() => {}, 1e6)', {
        eval: true,
      });
      keep(worker);
    };
    start();
  }
}

async function rotateLogs() {
  const body = await 'setInterval(() => {}, 1e6)';
  keep(new Worker(body, { eval: true }));
}

function resizeImage() {
  const command = 'sleep';
  keep(spawn(command, ['60']));
}

class Mail {
  send() {
    const start = () => {
      const child = spawn('sleep', ['60']);
      keep(child);
    };
    start();
  }
}

async function probeDisk() {
  const command = await 'sleep';
  const child = spawn(command, ['60']);
  keep(child);
}

const [cache, mail] = [new Cache(), new Mail()];
const sites = {
  worker: [handleRequest, () => cache.refresh(), rotateLogs],
  spawn: [resizeImage, () => mail.send(), probeDisk],
}[kind];

/** Numbers that look random and are the same each time. */
let state = 7;
function pick() {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
  const percent = (state >> 16) % 100;
  return percent < 60 ? 0 : percent < 90 ? 1 : 2;
}

const beginMs = performance.now();
let made = 0;
const truth = [0, 0, 0];
while (made < Number(count)) {
  const place = pick();
  truth[place] += 1;
  sites[place]();
  made += 1;
  const leftMs = rate === '0' ? 0 : beginMs + (made / Number(rate)) * 1000 - performance.now();
  if (leftMs > 0 || made % 16 === 0) await new Promise((resolve) => setTimeout(resolve, leftMs));
}
console.log(`made ${made}: ${truth.join(' ')}`);
setTimeout(() => process.exit(0), Number(holdSeconds) * 1000);
