import { mkdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Source } from '../../src/canary/live.ts';
import { type RecordWorld, record } from '../../src/canary/record.ts';
import { parseSeries } from '../../src/canary/recording.ts';
import { liveSource, points } from '../fixtures/canary.ts';
import { fakeClock } from '../fixtures/clock.ts';
import { makeTree } from '../fixtures/tree.ts';

let tree: ReturnType<typeof makeTree>;
beforeEach(() => {
  tree = makeTree();
});
afterEach(() => tree.remove());

const world = (source: Source, over: Partial<RecordWorld> = {}): RecordWorld => ({
  clock: fakeClock(),
  stop: new AbortController().signal,
  open: () => source,
  started: () => '2026-01-02T03:04:05.000Z',
  ...over,
});
const flat = () => liveSource('pid 7 (a)', () => 20);
const out = () => `${tree.dir}/a.ndjson`;
const run = (source: Source, over: Partial<RecordWorld> = {}, forMs = 5_000) =>
  record({ target: '7', out: out(), forMs, everyMs: 1_000 }, world(source, over));
const written = () => readFileSync(out(), 'utf8');

describe('a recording', () => {
  it('has a header and a line for each step, and can be read', async () => {
    expect(await run(flat())).toBe(`6 samples of pid 7 (a) in ${out()}\n`);
    expect(written().split('\n')[0]).toBe(
      '{"schema":"threadguard.samples/1","target":"pid 7 (a)","everyMs":1000,"started":"2026-01-02T03:04:05.000Z"}',
    );
    const { label, points: read } = parseSeries(written(), 'f');
    expect([label, read.map(({ timeMs }) => timeMs)]).toEqual(['pid 7 (a)', [0, 1_000, 2_000, 3_000, 4_000, 5_000]]);
  });
  it('ends when its target ends', async () => {
    const mortal = liveSource('pid 7 (a)', (index) => (index < 3 ? 20 : undefined));
    expect(await run(mortal, {}, 3_600_000)).toMatch(/^3 samples/);
  });
  it('ends when it is stopped, and keeps what it has', async () => {
    const controller = new AbortController();
    const clock = fakeClock((nowMs) => {
      if (nowMs >= 60_000) controller.abort();
    });
    expect(await run(flat(), { clock, stop: controller.signal }, 3_600_000)).toMatch(/^61 samples/);
    expect(written().trim().split('\n')).toHaveLength(62);
  });
  it('says how many samples it missed', async () => {
    const clock = fakeClock();
    const slow = liveSource('slow', (index) => {
      if (index === 1) clock.pass(2_500);
      return 20;
    });
    expect(await run(slow, { clock })).toBe(
      `4 samples of slow in ${out()}; 2 were missed, because the machine was busy\n`,
    );
  });
});

describe('what is refused', () => {
  it.for([
    ['no target', { target: undefined, out: 'a' }],
    ['no file', { target: '7', out: undefined }],
  ] as const)('%s', async ([, options]) => {
    await expect(record({ ...options, forMs: 1, everyMs: 1 }, world(flat()))).rejects.toThrow(
      'record needs a --target and a file for --out',
    );
  });
  it('a recording of a recording', async () => {
    const file: Source = { kind: 'file', series: { label: 'f', points: points(1, () => 1) } };
    await expect(run(file)).rejects.toThrow('7 is a recording already');
  });
  it('a file that is there already, and one that cannot be made', async () => {
    tree.write('a.ndjson', 'mine');
    await expect(run(flat())).rejects.toMatchObject({ exitCode: 1, hint: expect.stringMatching(/is there already/) });
    expect(written()).toBe('mine');
    tree.rm('a.ndjson');
    mkdirSync(out());
    await expect(run(flat())).rejects.toMatchObject({ exitCode: 1 });
    await expect(record({ target: '7', out: '/nowhere/a', forMs: 1, everyMs: 1 }, world(flat()))).rejects.toThrow(
      'cannot write /nowhere/a (ENOENT)',
    );
  });
  it('what a sample throws is thrown, and the file is closed', async () => {
    const broken = { ...flat(), sample: () => Promise.reject(new Error('EMFILE')) };
    await expect(run(broken)).rejects.toThrow('EMFILE');
    expect(written().trim().split('\n')).toHaveLength(1);
  });
});
