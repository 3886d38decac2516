// The "machine" of the story: a pids cgroup with so many tasks and no more. What happens in it cannot reach the rest.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A machine that holds `cap` tasks in all. Needs the right to make a pids cgroup (root, or a delegated one on v2). */
export function openMachine(cap) {
  const dir = join(ownCgroup(), `threadguard-story-${process.pid}`);
  mkdirSync(dir);
  writeFileSync(join(dir, 'pids.max'), String(cap));
  if (existsSync(join(dir, 'cgroup.subtree_control'))) writeFileSync(join(dir, 'cgroup.subtree_control'), '+pids');
  const running = [];
  return {
    /** Starts a command as one tenant of the machine. */
    start(tenant, command, options = {}) {
      const place = join(dir, tenant);
      mkdirSync(place, { recursive: true });
      const enter = 'echo $$ >"$0/cgroup.procs" && exec "$@"';
      const child = spawn('sh', ['-c', enter, place, ...command], { stdio: 'ignore', ...options });
      const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code)));
      running.push(child);
      return { child, ended, isRunning: () => child.exitCode === null && child.signalCode === null };
    },
    tasks: () => Number(readFileSync(join(dir, 'pids.current'), 'utf8')),
    /** Ends every tenant and takes the cgroup back. */
    async close() {
      for (let round = 0; round < 400; round += 1) {
        for (const place of below(dir)) {
          for (const pid of readFileSync(join(place, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean)) {
            try {
              process.kill(Number(pid), 'SIGKILL');
            } catch {
              // It has ended by itself.
            }
          }
        }
        try {
          for (const place of below(dir)) rmdirSync(place);
          return;
        } catch {
          await sleep(25);
        }
      }
    },
  };
}

function ownCgroup() {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').split('\n');
  const v1 = lines.map((line) => line.split(':')).find(([, controllers]) => controllers?.split(',').includes('pids'));
  if (v1 !== undefined) return join('/sys/fs/cgroup/pids', v1[2]);
  return join('/sys/fs/cgroup', lines.find((line) => line.startsWith('0::'))?.slice(3) ?? '/');
}

/** The innermost first. */
function below(dir) {
  const inner = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...inner.flatMap(({ name }) => below(join(dir, name))), dir];
}
