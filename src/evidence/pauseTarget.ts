/**
 * Stops the target. `'whole'` waits until all of it stands still, `'begun'` returns as soon as the stop has begun. Gives
 * back what lets the target go on; `undefined` if it could not be stopped.
 */
export type Pause = (pid: number, until: 'whole' | 'begun') => (() => void) | undefined;

/** Stops one process by SIGSTOP and lets it go on by SIGCONT: for places without a cgroup freezer. */
export function pauseBySignal(pid: number): (() => void) | undefined {
  try {
    process.kill(pid, 'SIGSTOP');
  } catch {
    return undefined;
  }
  return () => {
    try {
      process.kill(pid, 'SIGCONT');
    } catch {
      // It ended while it was stopped.
    }
  };
}
