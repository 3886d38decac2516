import { spawn } from 'node:child_process';

/** Makes one process that does nothing, and waits for its end. False when the kernel refused it. */
export function forkTrue(file: string, own: Set<number>): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(file, [], { stdio: 'ignore' });
    const { pid } = child;
    if (pid !== undefined) own.add(pid);
    child.once('error', () => resolve(false));
    child.once('exit', (code) => {
      if (pid !== undefined) own.delete(pid);
      resolve(code === 0);
    });
  });
}
