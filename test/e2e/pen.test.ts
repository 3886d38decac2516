import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Box, MISBEHAVE, makeBox, THREADGUARD, until } from './harness.ts';

const LIMIT = 2_000;
let box: Box;
beforeEach(() => {
  box = makeBox(LIMIT);
});
afterEach(() => box.remove());

/** A neighbour that forks 50 times a second until it is told to end, and says how often it could not. */
const NEIGHBOUR = `
import os, signal, sys, time
made = refused = 0
def end(*_):
    print(made, refused, flush=True)
    os._exit(0)
signal.signal(signal.SIGTERM, end)
while True:
    try:
        pid = os.fork()
        if pid == 0: os._exit(0)
        os.waitpid(pid, 0)
        made += 1
    except OSError:
        refused += 1
    time.sleep(0.02)`;

it.each([
  [2, 'fork'],
  [2, 'thread'],
  [4, 'fork'],
])(
  '%i guards in one place, each with a %s bomb: a neighbour can always fork, and every bomb is stopped',
  async (guards, mode) => {
    const go = join(box.scratch, 'go');
    const flags = ['--grace', '1s', '--dump-timeout', '200ms', '--incident-dir', join(box.scratch, 'incidents')];
    const script = 'echo up; while [ ! -e "$0" ]; do sleep 0.1; done; exec "$@"';
    const neighbour = box.start(['python3', '-c', NEIGHBOUR]);
    const running = Array.from({ length: guards }, () =>
      box.start([THREADGUARD, 'run', ...flags, '--', 'sh', '-c', script, go, MISBEHAVE, mode, '100000', '50']),
    );
    // A bomb that begins earlier would leave the others no room to start.
    await until('all commands run', () => running.every(({ out }) => out().includes('up')));
    writeFileSync(go, '');
    const ends = await Promise.all(running.map(({ ended }) => ended));
    neighbour.child.kill('SIGTERM');
    const [made, refused] = (await neighbour.ended).out.split(' ').map(Number);
    const said = ends.map(({ err }) => err).join('\n');
    expect(
      ends.map(({ code }) => code),
      said,
    ).toEqual(Array(guards).fill(113));
    expect(refused, said).toBe(0);
    expect(made).toBeGreaterThan(0);
    // The reserve, 5 %, is for the guards, the neighbour and whoever comes to look.
    expect(box.peak(), said).toBeLessThan(LIMIT - 50);
    await until('the last of them are gone', () => box.tasks() === 0);
    expect(box.inner()).toEqual([]);
  },
);
