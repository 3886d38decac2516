import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Box, makeBox, sleep, THREADGUARD, until } from './harness.ts';

const GUARDS = 20;
let box: Box;
beforeEach(() => {
  // Little room for twenty, so that they look often.
  box = makeBox(330);
});
afterEach(() => box.remove());

/** Clock ticks that a process has spent on a processor: fields 14 and 15 of its `stat`. */
function ticksOf(pid: number): number {
  const [, rest] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ') as [string, string];
  const fields = rest.split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

// Two guards once took both processors for good: their garbage collector waited for a thread that there was not.
it('a crowd of guards at rest leaves the processors to others', async () => {
  for (let n = 0; n < GUARDS; n += 1) {
    box.start([THREADGUARD, 'run', '--quiet', '--', 'sleep', '60'], { stdio: ['ignore', 'ignore', 'ignore'] });
    await sleep(300);
  }
  await until('all of them hold a command', () => box.inner().length === GUARDS);
  await sleep(3_000);
  const pids = readFileSync(join(box.dir, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  const guards = pids.filter((pid) => readFileSync(`/proc/${pid}/comm`, 'latin1') === 'node\n');
  expect(guards).toHaveLength(GUARDS);
  const before = guards.map(ticksOf);
  const startMs = performance.now();
  await sleep(20_000);
  const seconds = (performance.now() - startMs) / 1_000;
  const shares = guards.map((pid, n) => (ticksOf(pid) - (before[n] as number)) / 100 / seconds);
  expect(Math.max(...shares)).toBeLessThan(0.25);
});
