import type { LoopClock } from '../core/pacedLoop.ts';

const EVERY_MS = 10;
/** What has not ended by then waits for a disk, or is in the hands of a debugger. */
const MOST_MS = 1_000;

/**
 * Waits until this process has no child any more, so that the dead are not counted as tasks of this place after it. False
 * where some do not end. `children` is `undefined` where the kernel does not list them; then nothing is waited for.
 */
export async function reapAll(
  children: () => readonly number[] | undefined,
  reap: () => void,
  clock: LoopClock,
): Promise<boolean> {
  for (const endMs = clock.now() + MOST_MS; ; await clock.sleep(EVERY_MS)) {
    reap();
    if ((children() ?? []).length === 0) return true;
    if (clock.now() >= endMs) return false;
  }
}
