import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openFreezer } from '../../src/cgroup/freeze.ts';
import { makeTree } from '../fixtures/tree.ts';

const trees: ReturnType<typeof makeTree>[] = [];
afterEach(() => {
  for (const tree of trees.splice(0)) tree.remove();
});

function cgroup(files: Record<string, string>) {
  const tree = makeTree(files);
  trees.push(tree);
  return tree;
}

/** A clock that goes on by what is waited, and a kernel that needs so long. */
function kernel(freezesAfterMs: number, freeze: () => void) {
  let nowMs = 0;
  const pause = (ms: number): void => {
    nowMs += ms;
    if (nowMs >= freezesAfterMs) freeze();
  };
  return { now: () => nowMs, pause, waited: () => nowMs };
}

describe('a v2 cgroup', () => {
  it('is frozen when its events say so, and thawed on request', () => {
    const tree = cgroup({ 'cgroup.freeze': '0\n', 'cgroup.events': 'populated 1\nfrozen 0\n' });
    const clock = kernel(8, () => tree.write('cgroup.events', 'populated 1\nfrozen 1\n'));
    const freezer = openFreezer(tree.dir, 'v2', clock);
    const thaw = freezer?.freeze();
    expect([typeof thaw, clock.waited(), control(tree.dir)]).toEqual(['function', 8, '1']);
    thaw?.();
    // A kernel file takes each write as a whole; a plain one appends them.
    expect(control(tree.dir)).toBe('10');
    freezer?.close();
  });
  it('that does not freeze within 200 ms is thawed again', () => {
    const tree = cgroup({ 'cgroup.freeze': '0\n', 'cgroup.events': 'populated 1\nfrozen 0\n' });
    const clock = kernel(Number.POSITIVE_INFINITY, () => {});
    const freezer = openFreezer(tree.dir, 'v2', clock);
    expect(freezer?.freeze()).toBeUndefined();
    expect([clock.waited(), control(tree.dir)]).toEqual([200, '10']);
    freezer?.close();
  });
  it('begin waits for nobody', () => {
    const tree = cgroup({ 'cgroup.freeze': '0\n', 'cgroup.events': 'frozen 0\n' });
    const clock = kernel(0, () => {});
    const freezer = openFreezer(tree.dir, 'v2', clock);
    expect([typeof freezer?.begin(), clock.waited()]).toEqual(['function', 0]);
    freezer?.close();
  });
  it('of an old kernel has no freezer', () => {
    expect(openFreezer(cgroup({ 'cgroup.events': 'populated 1\n' }).dir)).toBeUndefined();
  });
});

describe('a v1 freezer', () => {
  it('is frozen when its state has left FREEZING', () => {
    const tree = cgroup({ 'freezer.state': 'THAWED\n' });
    const clock = kernel(3, () => tree.write('freezer.state', 'FROZEN\n'));
    const freezer = openFreezer(tree.dir, 'v1', {
      ...clock,
      now: () => {
        // What the kernel shows while some threads still run.
        if (clock.waited() === 0) tree.write('freezer.state', 'FREEZING\n');
        return clock.now();
      },
    });
    expect(typeof freezer?.freeze()).toBe('function');
    expect(clock.waited()).toBe(3);
    freezer?.close();
  });
});

const control = (dir: string): string => readFileSync(join(dir, 'cgroup.freeze'), 'latin1').trim();
