import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openMetricsFile } from '../../src/service/metricsFile.ts';
import { makeTree } from '../fixtures/tree.ts';

let tree: ReturnType<typeof makeTree>;
let nowMs = 0;
const problems: string[] = [];
beforeEach(() => {
  tree = makeTree();
  nowMs = 0;
  problems.length = 0;
});
afterEach(() => tree.remove());

const path = () => join(tree.dir, 'guard.prom');
const text = () => readFileSync(path(), 'utf8');
const open = (render: () => Promise<string>) =>
  openMetricsFile(
    path(),
    render,
    () => nowMs,
    (message) => problems.push(message),
  );
const written = (want: string) => vi.waitFor(() => expect(text()).toBe(want));

describe('a file of metrics', () => {
  it('is written at once, then every fifteen seconds, and at the end', async () => {
    let renders = 0;
    const file = open(async () => {
      renders += 1;
      return `${renders}\n`;
    });
    expect(readdirSync(tree.dir)).toEqual([]);
    file.refresh();
    await written('1\n');
    nowMs = 14_999;
    file.refresh();
    nowMs = 15_000;
    await vi.waitFor(() => {
      file.refresh();
      expect(renders).toBe(2);
    });
    await written('2\n');
    await file.close();
    expect([text(), readdirSync(tree.dir)]).toEqual(['3\n', ['guard.prom']]);
  });
  it('a write that is under way is not joined by another', async () => {
    let finish = (): void => {};
    let renders = 0;
    const file = open(async () => {
      renders += 1;
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return 'x\n';
    });
    file.refresh();
    nowMs = 60_000;
    file.refresh();
    expect(renders).toBe(1);
    finish();
    await written('x\n');
  });
  it('a failure is told once, and again after one that worked', async () => {
    let isBroken = true;
    const file = open(async () => {
      if (isBroken) throw Object.assign(new Error('no'), { code: 'ENOSPC' });
      return 'ok\n';
    });
    const again = async (settled: () => boolean): Promise<void> => {
      nowMs += 15_000;
      file.refresh();
      await vi.waitFor(() => expect(settled()).toBe(true));
    };
    await again(() => problems.length === 1);
    expect(problems).toEqual([`cannot write metrics to ${path()} (ENOSPC)`]);
    isBroken = false;
    await again(() => existsSync(path()));
    isBroken = true;
    await vi.waitFor(() => {
      nowMs += 15_000;
      file.refresh();
      expect(problems).toHaveLength(2);
    });
    // What stands there is the last one that worked.
    expect(text()).toBe('ok\n');
  });
  it('the last write that fails is told too, and leaves no part behind', async () => {
    const file = open(() => Promise.reject(new Error('gone')));
    await file.close();
    expect([problems, readdirSync(tree.dir)]).toEqual([[`cannot write metrics to ${path()} (gone)`], []]);
  });
  it.for([
    ['another ending', '/tmp/guard.txt', /reads only \*\.prom/],
    ['a folder that is not there', '/nowhere/guard.prom', /cannot write metrics to \/nowhere\/guard\.prom \(ENOENT\)/],
  ] as const)('%s is refused at once', ([, wrong, want]) => {
    expect(() =>
      openMetricsFile(
        wrong,
        async () => '',
        () => 0,
        () => {},
      ),
    ).toThrow(want);
  });
});
