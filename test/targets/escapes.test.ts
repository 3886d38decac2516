import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Escapes } from '../../src/targets/escapes.ts';
import type { Member, Tree } from '../../src/targets/tree.ts';

const dir = mkdtempSync(join(tmpdir(), 'escapes-'));
afterAll(() => rmSync(dir, { recursive: true }));
const member = (pid: number, over: Partial<Member> = {}): Member => ({
  pid,
  startTime: pid,
  ppid: 1,
  threads: 1,
  isZombie: false,
  ...over,
});

/** These processes descend from the guard; those are inside the cgroup. */
function scene(members: readonly Member[], inside: readonly number[], moveFiles = [join(dir, 'cgroup.procs')]) {
  const state = { members, inside, nowMs: 0, walks: 0, mayLive: true };
  const tree = {
    mayLive: () => state.mayLive,
    walk: () => {
      state.walks += 1;
      state.nowMs += 4;
      return { members: state.members, tasks: 0, uidTasks: 0 };
    },
  } as unknown as Tree;
  const escapes = new Escapes({ tree, inside: () => state.inside, moveFiles, now: () => state.nowMs });
  return { state, escapes };
}

describe('who has left the cgroup', () => {
  it('is whoever descends from the guard, lives, and is not inside', () => {
    const { escapes } = scene([member(5), member(6), member(7, { isZombie: true })], [5]);
    expect(escapes.find().map(({ pid }) => pid)).toEqual([6]);
  });
  it('is not looked for where the guard has no child left', () => {
    const { escapes, state } = scene([member(6)], []);
    state.mayLive = false;
    expect([escapes.find(), state.walks]).toEqual([[], 0]);
  });
  it('is looked for seldom, and never for over a hundredth of a core', () => {
    const { escapes, state } = scene([member(5)], [5]);
    for (let ms = 0; ms <= 60_000; ms += 1_000) {
      state.nowMs = ms;
      escapes.look(ms);
    }
    expect(state.walks).toBe(6);
  });
  it('is brought back', () => {
    const file = join(dir, 'cgroup.procs');
    writeFileSync(file, '');
    const { escapes } = scene([member(5), member(6)], [5], [file]);
    expect(escapes.look(20_000)).toEqual({ pids: [6], returned: 1 });
    expect(readFileSync(file, 'utf8')).toBe('6');
  });
  it('is said, where that is refused', () => {
    const { escapes } = scene([member(5), member(6)], [5], [join(dir, 'no', 'such', 'file')]);
    expect(escapes.look(20_000)).toEqual({ pids: [6], returned: 0 });
  });
  it('nobody is nobody', () => {
    const { escapes } = scene([member(5)], [5]);
    expect(escapes.look(20_000)).toBeUndefined();
  });
});
