import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { BUILD_DIR } from '../setup/tools.ts';
import { type Box, events, MISBEHAVE, makeBox, THREADGUARD, until } from './harness.ts';

const HONEST = join(BUILD_DIR, 'honest');
let box: Box;
afterEach(() => box.remove());

const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'env', 'HOME=/nonexistent'];
const guarded = (prefix: readonly string[], ...command: string[]) =>
  box.start([...prefix, THREADGUARD, 'run', '--log-format', 'json', '--', ...command]);

/** The tasks that the command may have before it asks for too much, as the banner says it. */
async function lineOf(prefix: readonly string[]): Promise<number> {
  const { err } = await guarded(prefix, 'true').ended;
  const contained = events(err).find(({ event }) => event === 'contained') as { line: { tripAt: number } };
  return contained.line.tripAt;
}

const PLACES = [
  ['a service of 4,000, as root', 4_000, []],
  ['a container of 1,024, as root', 1_024, []],
  ['a container of 512, as root', 512, []],
  ['a container of 512, as a plain user', 512, NOBODY],
  ['a container of 1,024, as a plain user', 1_024, NOBODY],
] as const;

describe.each(PLACES)('%s', (_, cap, prefix) => {
  it.each(['threads', 'processes'])(
    'a burst of %s up to the line is neither refused nor stopped, nor a trip',
    async (kind) => {
      box = makeBox(cap);
      const line = await lineOf(prefix);
      expect(line).toBeGreaterThan(cap * 0.85 - 40);
      // The command itself is one of them. What trips is one that asks for more than the line.
      const many = line - 1;
      const { code, err, out } = await guarded(prefix, HONEST, kind, String(many), '700').ended;
      expect([code, out], err).toEqual([0, `made ${many} refused 0 interrupted 0 stopped 0\n`]);
      const names = events(err).map(({ event }) => event);
      for (const name of ['trip', 'clamp', 'terminate', 'kill', 'error']) expect(names, err).not.toContain(name);
      expect(box.inner()).toEqual([]);
    },
  );
});

it.each([2, 4])('%i honest bursts in one place that fit together are left alone', async (guards) => {
  box = makeBox(1_200);
  // 5 % stay free; the guards stand beside the pen.
  const each = Math.floor((1_200 * 0.95 - 16 * guards) / guards) - 4;
  const running = Array.from({ length: guards }, () => guarded([], HONEST, 'threads', String(each), '3000'));
  for (const { code, err, out } of await Promise.all(running.map(({ ended }) => ended))) {
    expect([code, out], err).toEqual([0, `made ${each} refused 0 interrupted 0 stopped 0\n`]);
    expect(events(err).map(({ event }) => event)).not.toContain('trip');
  }
});

it('a pool that breathes is not warned of', async () => {
  box = makeBox(1_000);
  const script = `for round in 1 2 3 4 5 6; do ${HONEST} threads 400 300 || exit 9; sleep 0.1; done`;
  const { code, err } = await guarded([], 'sh', '-c', script).ended;
  expect(code, err).toBe(0);
  expect(new Set(events(err).map(({ event }) => event))).toEqual(new Set(['start', 'contained', 'sample', 'exit']));
});

it('a neighbour of the same uid does not make a small command fail', async () => {
  box = makeBox(4_000);
  const script = 'end=$(($(date +%s)+4)); while [ $(date +%s) -lt $end ]; do /bin/true || exit 9; done; echo done';
  const small = guarded(NOBODY, 'sh', '-c', script);
  await until('the guard holds', () => small.err().includes('contained'));
  const neighbour = box.start([...NOBODY, MISBEHAVE, 'hold', '2000', '3']);
  const { code, err, out } = await small.ended;
  expect([code, out], err).toEqual([0, 'done\n']);
  expect(err).not.toContain('Cannot fork');
  await neighbour.ended;
});
