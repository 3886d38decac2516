import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { locate } from '../../src/cgroup/locate.ts';
import { kernelRoot } from '../../src/procfs/root.ts';
import { makeOwnDir } from '../fixtures/ownDir.ts';
import { BUILD_DIR } from '../setup/tools.ts';

export const THREADGUARD: string = fileURLToPath(new URL('../../bin/threadguard', import.meta.url));
export const MISBEHAVE: string = join(BUILD_DIR, 'misbehave');
export const CEILING: string = join(BUILD_DIR, 'ceiling');
export const PROBE: string = join(BUILD_DIR, 'probe');

/** Everything started here lives in a pids cgroup of its own, so that a bug in a test cannot eat the machine. */
export interface Box {
  readonly dir: string;
  /** Scratch folder; also where incidents go. */
  readonly scratch: string;
  /** A folder where only this user can put files, for configurations. */
  own(): string;
  /** Starts a command inside; stdout and stderr are collected. */
  start(command: readonly string[], options?: StartOptions): Running;
  /** Tasks inside now. */
  tasks(): number;
  /** Most tasks ever inside, as the kernel saw it. */
  peak(): number;
  /** Directories of cgroups made inside. */
  inner(): string[];
  remove(): Promise<void>;
}

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly stdio?: ('pipe' | 'ignore' | 'inherit' | number)[];
}

export interface Running {
  readonly child: ChildProcess;
  /** Output so far. */
  out(): string;
  err(): string;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; out: string; err: string }>;
}

const pids = locate(kernelRoot()).pids;
let count = 0;

export function makeBox(cap = 4000): Box {
  if (pids === undefined || pids.version !== 1)
    throw new Error('these tests need a v1 pids hierarchy; v2 is tested in the lab');
  count += 1;
  const dir = join(pids.dir, `tgtest-${process.pid}-${count}`);
  mkdirSync(dir);
  writeFileSync(join(dir, 'pids.max'), String(cap));
  const scratch = mkdtempSync(join(tmpdir(), 'tgtest-'));
  const owned: string[] = [];
  const list = (file: string) => readFileSync(join(dir, file), 'utf8').trim();
  const below = (top: string): string[] =>
    readdirSync(top, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .flatMap(({ name }) => [...below(join(top, name)), join(top, name)]);
  // The pen of all guards is no cgroup of a target.
  const inner = () => below(dir).filter((at) => basename(at) !== 'threadguard');
  const processes = () =>
    [dir, ...below(dir)].flatMap((at) =>
      readFileSync(join(at, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number),
    );
  return {
    dir,
    scratch,
    own: () => {
      const made = makeOwnDir();
      owned.push(made);
      return made;
    },
    start: (command, options = {}) => {
      // The thread that forks steps in and out again; a shell in between would touch the environment.
      writeFileSync(join(dir, 'tasks'), '0');
      try {
        return run(command, options);
      } finally {
        writeFileSync(join(pids.dir, 'tasks'), '0');
      }
    },
    tasks: () => Number(list('pids.current')),
    peak: () => Number(list('pids.peak')),
    inner,
    remove: async () => {
      writeFileSync(join(dir, 'pids.max'), '0');
      for (let round = 0; round < 200; round += 1) {
        for (const pid of processes())
          try {
            process.kill(pid, 'SIGKILL');
          } catch {}
        try {
          for (const at of [...below(dir), dir]) rmdirSync(at);
          break;
        } catch {
          await sleep(25);
        }
      }
      for (const path of [scratch, ...owned]) rmSync(path, { recursive: true, force: true });
    },
  };
}

function run(command: readonly string[], options: StartOptions): Running {
  const child = spawn(command[0] as string, command.slice(1), {
    env: options.env ?? process.env,
    cwd: options.cwd,
    stdio: options.stdio ?? ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout?.on('data', (data) => (out += data));
  child.stderr?.on('data', (data) => (err += data));
  // 'exit', not 'close': what a target leaves behind may hold the pipes.
  const ended = new Promise<Awaited<Running['ended']>>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => setTimeout(() => resolve({ code, signal, out, err }), 30));
  });
  return { child, out: () => out, err: () => err, ended };
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What the programs of the tests print once they stand as they are wanted. A whole line: a runtime may write words one by one. */
export const READY: RegExp = /ready(?: (\d+).*)?\n/;

/** Waits until a condition holds; fails with what was waited for. */
export async function until(what: string, condition: () => boolean, timeoutMs = 20_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(10);
  }
}

/** Events of `--log-format json` on stderr, one a line. Of a guard that runs the last line may be half there. */
export function events(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** What promtool has to say of an exposition; nothing is good. */
export function lintMetrics(text: string): string {
  return execFileSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** Whether a prediction holds: within a share of the fact, or three tasks. */
export function near(predicted: number, actual: number, tolerance: number): boolean {
  return Math.abs(predicted - actual) <= Math.max(3, tolerance * actual);
}

/** A row of the table that `npm run bench -- ceilings` prints. */
export function noteRow(name: string, predicted: number, actual: number, binding: string): void {
  const file = process.env['CEILINGS_TABLE'];
  const error = ((100 * (predicted - actual)) / actual).toFixed(2);
  if (file !== undefined) appendFileSync(file, `| ${name} | ${binding} | ${predicted} | ${actual} | ${error} % |\n`);
}
