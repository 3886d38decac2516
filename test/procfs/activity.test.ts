import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MapsHints } from '../../src/engine/mapsHints.ts';
import { readActivity } from '../../src/procfs/activity.ts';
import { kernelRoot } from '../../src/procfs/root.ts';

const top = mkdtempSync(join(tmpdir(), 'activity-'));
afterAll(() => rmSync(top, { recursive: true }));
const root = kernelRoot(top);
const put = (pid: number, ranNs: number | undefined, pages: number): void => {
  const dir = join(top, 'proc', String(pid));
  mkdirSync(dir, { recursive: true });
  if (ranNs !== undefined) writeFileSync(join(dir, 'schedstat'), `${ranNs} 7 3\n`);
  writeFileSync(join(dir, 'statm'), `${pages} 20 10 1 0 9 0\n`);
};

describe('what a process did', () => {
  it('is read from two short files', () => {
    put(5, 1_234_567, 800);
    expect(readActivity(root, 5)).toEqual({ ranNs: 1_234_567, pages: 800 });
  });
  it('a kernel without schedstat tells its pages', () => {
    put(6, undefined, 10);
    expect(readActivity(root, 6)).toEqual({ ranNs: 0, pages: 10 });
  });
  it('one that is gone has done nothing', () => {
    expect(readActivity(root, 99)).toBeUndefined();
  });
});

describe('whose maps may have moved', () => {
  it('who ran, or whose address space grew; the busiest first', () => {
    const hints = new MapsHints(root, () => 0);
    const pids = [11, 12, 13, 14];
    for (const pid of pids) put(pid, 0, 1_000);
    expect(hints.look(0, () => pids)).toEqual([]);
    put(11, 50e6, 1_000);
    put(12, 400e6, 1_000);
    put(13, 0, 1_300);
    expect(hints.look(1_000, () => [...pids, 99])).toEqual([12, 11, 13]);
    expect(hints.look(2_000, () => pids)).toEqual([]);
  });
  it('one that has just appeared is only noted', () => {
    const hints = new MapsHints(root, () => 0);
    hints.look(0, () => []);
    expect(hints.look(1_000, () => [12])).toEqual([]);
  });
  it('is not asked more often than it costs', () => {
    let nowMs = 0;
    const hints = new MapsHints(root, () => {
      nowMs += 4;
      return nowMs;
    });
    expect(hints.look(0, () => [])).toEqual([]);
    expect(hints.look(390, () => [])).toBeUndefined();
    expect(hints.look(510, () => [])).toEqual([]);
  });
  it('of a whole tree only the busiest are named', () => {
    const hints = new MapsHints(root, () => 0);
    const pids = Array.from({ length: 40 }, (_, i) => 100 + i);
    for (const pid of pids) put(pid, 0, 1);
    hints.look(0, () => pids);
    for (const pid of pids) put(pid, pid * 1e6, 1);
    expect(hints.look(1_000, () => pids)).toEqual([139, 138, 137, 136, 135, 134, 133, 132]);
  });
});
