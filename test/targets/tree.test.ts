import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { descendantsOf } from '../../src/targets/descendants.ts';
import { Tree } from '../../src/targets/tree.ts';
import { FIRST_PID, fakeMachine } from './fakeMachine.ts';

const GUARD = FIRST_PID;
const [CHILD, GRANDCHILD, ORPHAN, STRANGER, OWN] = [1, 2, 3, 4, 5].map((n) => FIRST_PID + n) as [
  number,
  number,
  number,
  number,
  number,
];
const uid = process.getuid?.() ?? 0;

/** The guard with its child and grandchild, an orphan that came to it, and somebody else. */
function scene(own: ReadonlySet<number> = new Set()) {
  const machine = fakeMachine();
  machine.put({ pid: GUARD, ppid: 1 }, { pid: STRANGER, ppid: 1 });
  const tree = new Tree(machine.root, GUARD, uid, own);
  machine.put(
    { pid: CHILD, ppid: GUARD, threads: 4 },
    { pid: GRANDCHILD, ppid: CHILD, threads: 2 },
    { pid: ORPHAN, ppid: GUARD },
  );
  return { ...machine, tree };
}
/** A clock that goes on a little at each question. */
const ticking = () => {
  let nowMs = 0;
  return () => (nowMs += 0.1);
};
const pidsOf = (found: { readonly members: readonly { readonly pid: number }[] } | undefined) =>
  found?.members.map(({ pid }) => pid).sort();

describe('a walk', () => {
  it('finds all below the guard, and nobody else', () => {
    const found = scene().tree.walk();
    expect(pidsOf(found)).toEqual([CHILD, GRANDCHILD, ORPHAN]);
    expect(found?.tasks).toBe(7);
  });
  it('counts all tasks of the user, also those of others', () => {
    expect(scene().tree.walk()?.uidTasks).toBe(9);
  });
  it('leaves out what the guard made for itself, and all below that', () => {
    const { put, tree } = scene(new Set([OWN]));
    put({ pid: OWN, ppid: GUARD }, { pid: OWN + 1, ppid: OWN });
    expect(pidsOf(tree.walk())).toEqual([CHILD, GRANDCHILD, ORPHAN]);
  });
  it('knows one again that has lost its parent to somebody else', () => {
    const { put, tree } = scene();
    tree.walk();
    put({ pid: GRANDCHILD, ppid: 1, threads: 2 });
    expect(pidsOf(tree.walk())).toContain(GRANDCHILD);
  });
  it('does not know another process with the same number', () => {
    const { put, tree } = scene();
    tree.walk();
    put({ pid: GRANDCHILD, ppid: 1, startTime: 99 });
    expect(pidsOf(tree.walk())).not.toContain(GRANDCHILD);
  });
  it('ends where parents go in a circle', () => {
    const { put, tree } = scene();
    put({ pid: OWN, ppid: OWN + 1 }, { pid: OWN + 1, ppid: OWN });
    expect(pidsOf(tree.walk())).toEqual([CHILD, GRANDCHILD, ORPHAN]);
  });
  it('has no answer when it was not done in time', () => {
    let asked = 0;
    expect(scene().tree.walk(() => ++asked > 2)).toBeUndefined();
  });
  it('tells the dead from the living', () => {
    const { put, tree } = scene();
    put({ pid: ORPHAN, ppid: GUARD, state: 'Z' }, { pid: CHILD, ppid: GUARD, state: 'Z', threads: 3 });
    const dead = tree.walk()?.members.filter(({ isZombie }) => isZombie);
    expect(dead?.map(({ pid }) => pid)).toEqual([ORPHAN]);
  });
});

describe('whether anything can be alive', () => {
  const alive = (children: string | undefined, isReaper = true, own = new Set<number>()): boolean => {
    const machine = fakeMachine();
    machine.put({ pid: GUARD, ppid: 1 });
    if (children !== undefined) writeFileSync(machine.root.proc(GUARD, 'task', GUARD, 'children'), children);
    return new Tree(machine.root, GUARD, uid, own, isReaper).mayLive();
  };
  it.each<[string, boolean, () => boolean]>([
    ['the child lives', true, () => alive(`${CHILD} `)],
    ['an orphan came to the guard', true, () => alive(`${OWN} ${ORPHAN} `, true, new Set([OWN]))],
    ['only what the guard made for itself', false, () => alive(`${OWN} `, true, new Set([OWN]))],
    ['no child is left', false, () => alive('')],
    ['orphans go elsewhere', true, () => alive('', false)],
    ['a kernel that does not list children', true, () => alive(undefined)],
  ])('%s: %s', (_, want, is) => {
    expect(is()).toBe(want);
  });
});

describe('a tree that is taken over', () => {
  it('is the process that was named, and all below it', () => {
    const { put, tree } = scene();
    put({ pid: STRANGER, ppid: 1 }, { pid: OWN, ppid: STRANGER });
    tree.adopt(STRANGER, STRANGER);
    expect(pidsOf(tree.walk())).toEqual([CHILD, GRANDCHILD, ORPHAN, STRANGER, OWN]);
  });
});

describe('a sweep', () => {
  it('meets each member once', () => {
    const { tree } = scene();
    const met: number[] = [];
    tree.sweep(
      () => ORPHAN,
      ticking(),
      ({ pid }) => met.push(pid),
    );
    expect(met.sort()).toEqual([CHILD, GRANDCHILD, ORPHAN]);
  });
  it('meets what is born meanwhile by its number', () => {
    const { put, tree } = scene();
    const met: number[] = [];
    tree.sweep(
      () => (met.length === 0 ? ORPHAN : OWN),
      ticking(),
      ({ pid }) => {
        met.push(pid);
        if (pid === ORPHAN) put({ pid: OWN, ppid: ORPHAN });
      },
    );
    expect(met).toContain(OWN);
  });
  it('asks again for a number that nobody has yet, and not for ever', () => {
    const { put, tree } = scene();
    let nowMs = 0;
    const met = tree.sweep(
      () => OWN + 1,
      () => {
        nowMs += 0.1;
        if (nowMs > 2) put({ pid: OWN, ppid: CHILD });
        return nowMs;
      },
      () => {},
    );
    expect(met.map(({ pid }) => pid)).toContain(OWN);
  });
  it('leaves alone who was there before the child', () => {
    const { put, tree } = scene();
    // Its number is that of a process which was there: the sweep does not even look.
    put({ pid: STRANGER, ppid: GUARD });
    const met = tree.sweep(
      () => ORPHAN,
      ticking(),
      () => {},
    );
    expect(met.map(({ pid }) => pid)).not.toContain(STRANGER);
  });
  it('returns after its time, whatever is born', () => {
    const { put, tree } = scene();
    let nowMs = 0;
    let last = ORPHAN;
    tree.sweep(
      () => {
        put({ pid: ++last, ppid: CHILD });
        return last;
      },
      () => ++nowMs,
      () => {},
    );
    expect(nowMs).toBeLessThan(1_000);
  });
});

describe('descendants', () => {
  it('are a process and all below it, without the one that is left out', () => {
    const { put, root } = scene();
    put({ pid: OWN, ppid: GRANDCHILD });
    expect(descendantsOf(root, CHILD, GUARD).sort()).toEqual([CHILD, GRANDCHILD, OWN]);
    expect(descendantsOf(root, CHILD, GRANDCHILD)).toEqual([CHILD]);
  });
});
