import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { explainProcess } from '../../src/explain/explainProcess.ts';
import { kernelRoot } from '../../src/procfs/root.ts';
import { fakeClock } from '../fixtures/clock.ts';
import { fullHost } from '../fixtures/fullHost.ts';
import { addProcess } from '../fixtures/processes.ts';
import { makeTree } from '../fixtures/tree.ts';

let tree: ReturnType<typeof makeTree>;
beforeEach(() => {
  tree = makeTree({ ...fullHost(499), 'log.txt': 'hello\n' });
  addProcess(tree, 42, { name: 'orders', cgroup: '0::/a\n' });
  tree.link('proc/42/fd/2', `${tree.dir}/log.txt`);
});
afterEach(() => tree.remove());

function explain(forMs: number, happen: Readonly<Record<number, () => void>> = {}, stop = new AbortController()) {
  const done = new Set<string>();
  const clock = fakeClock((nowMs) => {
    for (const [at, act] of Object.entries(happen)) {
      if (nowMs < Number(at) || done.has(at)) continue;
      done.add(at);
      act();
    }
  });
  const notes: string[] = [];
  return explainProcess(
    { pid: 42, forMs, trace: false },
    {
      root: kernelRoot(tree.dir),
      libc: undefined,
      clock,
      stop: stop.signal,
      onNote: (note) => void notes.push(note),
    },
  ).then((found) => ({ ...found, tookMs: clock.now(), notes }));
}

describe('a process that runs', () => {
  it('one look, and nothing was refused', async () => {
    const { explanation, label, notes, tookMs } = await explain(0);
    expect([label, explanation.verdict, tookMs, notes]).toEqual(['pid 42 (orders)', 'none', 0, []]);
  });
  it('a counter that moves ends the watch and names its cgroup', async () => {
    const refuse = (): void => {
      tree.write('cg/a/pids.current', '500\n');
      tree.write('cg/a/pids.events', 'max 2\n');
    };
    const { explanation, tookMs } = await explain(60_000, { 1000: refuse });
    expect([explanation.verdict, explanation.ceiling?.path, tookMs]).toEqual(['proved', '/a', 1_005]);
    expect(explanation.evidence[0]).toBe('pids.events of /a rose by 2');
  });
  it('what it prints to a file is read, and its end too', async () => {
    const print = (): void => {
      tree.write('log.txt', 'pthread_create: Resource temporarily unavailable\n');
      tree.rm('proc/42');
    };
    const { explanation, tookMs } = await explain(60_000, { 500: print });
    expect(tookMs).toBe(505);
    expect(explanation.evidence[0]).toMatch(/^it printed \(native\): pthread_create/);
  });
  it('a signal ends the watch, and what was seen is told', async () => {
    const stop = new AbortController();
    const { explanation, tookMs } = await explain(3_600_000, { 2000: () => stop.abort() }, stop);
    expect([explanation.verdict, tookMs]).toEqual(['none', 2_000]);
  });
  it('what was refused before, and what the kernel log says, are facts about the past', async () => {
    tree.write('cg/a/pids.events', 'max 9\n');
    tree.write(
      'dev/kmsg',
      '4,881,12,-;cgroup: fork rejected by pids controller in /a\n4,882,13,-;cgroup: fork rejected by pids controller in /b\n',
    );
    const { explanation } = await explain(0);
    expect(explanation).toMatchObject({
      verdict: 'none',
      evidence: [
        'pids.events of /a: 9 refused before this watch began',
        'the kernel log once said that a fork in /a was refused (by it or an ancestor)',
      ],
    });
  });
  it('a process that is not there is refused', async () => {
    tree.rm('proc/42');
    await expect(explain(0)).rejects.toThrow('there is no process 42');
  });
});
