import { spawn } from 'node:child_process';

/** Thaws a cgroup when the guard has died: a guard that is killed inside a stop must not leave its target stopped. */
export interface Thawer {
  readonly pid: number;
  /** The guard ends as it should: nothing has to be undone. Resolves when the shell has ended, or does not end in time. */
  close(): Promise<void>;
}

/** How long the shell may take to end. It outlives the guard otherwise, and PID 1 has to reap it. */
const END_MS = 500;

/**
 * A shell that waits on a pipe from the guard. The kernel closes the pipe however the guard ends; then the shell writes the
 * word that thaws, and ends. It is started before there is need of it. `undefined` when it cannot be started: then nothing
 * may be frozen for longer than a look.
 */
export function openThawer(file: string, word: string, own: Set<number>): Thawer | undefined {
  const shell = spawn('/bin/sh', ['-c', 'read -r end; [ "$end" = end ] || echo "$1" >"$2"', 'sh', word, file], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // A session of its own: a hang-up or a ^C of the terminal does not end it.
    detached: true,
    env: {},
    cwd: '/',
  });
  shell.on('error', () => {});
  const { pid, stdin } = shell;
  if (pid === undefined || stdin === null) return undefined;
  stdin.on('error', () => {});
  own.add(pid);
  shell.once('exit', () => own.delete(pid));
  shell.unref();
  (stdin as unknown as { unref(): void }).unref();
  return {
    pid,
    close: () =>
      new Promise((resolve) => {
        if (shell.exitCode !== null || shell.signalCode !== null) return resolve();
        const timer = setTimeout(resolve, END_MS);
        shell.once('exit', () => {
          clearTimeout(timer);
          resolve();
        });
        stdin.end('end\n');
      }),
  };
}
