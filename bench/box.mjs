// A pids cgroup for one measurement, and the statistics that are printed of it.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const HOME = '/sys/fs/cgroup/pids';
export const GUARD = fileURLToPath(new URL('../bin/threadguard', import.meta.url));
export const BOMB = fileURLToPath(new URL('../node_modules/.cache/threadguard/misbehave', import.meta.url));
export const AS_NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'env', 'HOME=/nonexistent'];

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let count = 0;

/** Runs `use(start, dir)` with a way to start commands inside; ends and removes everything afterwards. */
export async function inBox(use, cap = 6000) {
  if (!existsSync(`${HOME}/pids.current`) && !existsSync(`${HOME}/cgroup.procs`))
    throw new Error(`needs a writable v1 pids hierarchy at ${HOME}`);
  count += 1;
  const dir = `${HOME}/tgbench-${process.pid}-${count}`;
  mkdirSync(dir);
  writeFileSync(`${dir}/pids.max`, String(cap));
  const start = (command, options = {}) => {
    writeFileSync(`${dir}/tasks`, '0');
    try {
      return watch(spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], ...options }));
    } finally {
      writeFileSync(`${HOME}/tasks`, '0');
    }
  };
  try {
    return await use(start, dir);
  } finally {
    await clear(dir);
  }
}

function watch(child) {
  let err = '';
  let out = '';
  child.stderr?.on('data', (data) => (err += data));
  child.stdout?.on('data', (data) => (out += data));
  const ended = new Promise((resolve) =>
    child.on('exit', (code, signal) => setTimeout(() => resolve({ code, signal, err, out, events: parse(err) }), 30)),
  );
  return { child, ended, err: () => err };
}

const parse = (text) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));

export const inner = (dir) =>
  readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `${dir}/${name}`);
/** It and everything below it, each parent before its children: a guard has its own two levels down. */
export const below = (dir) => [dir, ...inner(dir).flatMap(below)];
export const number = (file) => Number(readFileSync(file, 'utf8'));

async function clear(dir) {
  writeFileSync(`${dir}/pids.max`, '0');
  for (let round = 0; round < 400; round += 1) {
    for (const at of below(dir)) {
      for (const pid of readFileSync(`${at}/cgroup.procs`, 'utf8').split('\n').filter(Boolean)) {
        try {
          process.kill(Number(pid), 'SIGKILL');
        } catch {}
      }
    }
    try {
      for (const at of below(dir).reverse()) rmdirSync(at);
      return;
    } catch {
      await sleep(25);
    }
  }
}

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Milliseconds of two commands in turns, as `measure` takes them; the median of each and of the ratios of the pairs. */
export async function paired(first, second, runs, measure = wall) {
  const ratios = [];
  const a = [];
  const b = [];
  for (let i = 0; i < runs; i += 1) {
    a.push(await measure(first));
    b.push(await measure(second));
    ratios.push(b[i] / a[i]);
  }
  return { first: median(a), second: median(b), ratio: median(ratios) };
}

/** From the start to the exit. */
export function wall(command) {
  return inBox(async (start) => {
    const before = performance.now();
    const { child } = start(command, { stdio: 'ignore' });
    await new Promise((resolve) => child.on('exit', resolve));
    return performance.now() - before;
  });
}

/** What the command says of itself on stdout. */
export function told(command) {
  return inBox(async (start) => Number((await start(command).ended).out));
}
