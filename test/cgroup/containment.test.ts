import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createContainment, removeContainment } from '../../src/cgroup/containment.ts';
import type { CgroupPlaces, Place } from '../../src/cgroup/locate.ts';
import { kernelRoot } from '../../src/procfs/root.ts';
import { addProcess } from '../fixtures/processes.ts';
import { makeTree } from '../fixtures/tree.ts';

let tree: ReturnType<typeof makeTree>;
beforeEach(() => {
  tree = makeTree();
  addProcess(tree, GUARD, { startTime: 777 });
});
afterEach(() => tree.remove());

const GUARD = 4711;
const NAME = 'threadguard-4711-777';
/** The cgroup around the targets of all guards of one place. */
const PEN = 'threadguard';

const place = (version: 1 | 2, dir: string): Place => ({ version, mountPoint: '/cg', dir, path: dir });
const at = (path: string) => join(tree.dir, path);
const text = (path: string) => readFileSync(at(path), 'utf8');
const places = (over: Partial<CgroupPlaces>): CgroupPlaces => ({
  pids: undefined,
  unified: undefined,
  memory: undefined,
  freezer: undefined,
  systemd: undefined,
  ...over,
});
const create = (over: Partial<CgroupPlaces>, isSidecar = false) =>
  createContainment(kernelRoot(tree.dir), places(over), GUARD, isSidecar);

describe('v1 and hybrid', () => {
  it('one directory, and a thread goes in and out', () => {
    tree.mkdir('cg/pids/app');
    const made = create({ pids: place(1, '/cg/pids/app') });
    expect(made).toMatchObject({
      version: 1,
      pidsDir: at(`cg/pids/app/${PEN}/${NAME}`),
      unifiedDir: undefined,
      enterFiles: [at(`cg/pids/app/${PEN}/${NAME}/tasks`)],
      leaveFiles: [at('cg/pids/app/tasks')],
      moveFiles: [at(`cg/pids/app/${PEN}/${NAME}/cgroup.procs`)],
    });
    expect(existsSync(made.pidsDir)).toBe(true);
    expect(removeContainment(made)).toBe(true);
    expect(readdirSync(at('cg/pids/app'))).toEqual([]);
  });
  it('beside a v2 tree there is a directory in each, and both are entered', () => {
    tree.mkdir('cg/pids/app');
    tree.mkdir('cg/unified/app');
    const made = create({ pids: place(1, '/cg/pids/app'), unified: place(2, '/cg/unified/app') });
    expect(made.unifiedDir).toBe(at(`cg/unified/app/${NAME}`));
    expect(made.enterFiles).toEqual([
      at(`cg/pids/app/${PEN}/${NAME}/tasks`),
      at(`cg/unified/app/${NAME}/cgroup.procs`),
    ]);
    expect(made.leaveFiles).toEqual([at('cg/pids/app/tasks'), at('cg/unified/app/cgroup.procs')]);
    expect(removeContainment(made)).toBe(true);
    expect(existsSync(made.unifiedDir ?? '')).toBe(false);
  });
  it('a v2 tree that may not be written is done without', () => {
    tree.mkdir('cg/pids/app');
    tree.write('cg/unified/app', 'no directory');
    expect(create({ pids: place(1, '/cg/pids/app'), unified: place(2, '/cg/unified/app') }).unifiedDir).toBeUndefined();
  });
});

describe('v2', () => {
  const app = { pids: place(2, '/cg/app'), unified: place(2, '/cg/app') };
  const parent = (subtree: string, type = 'domain\n', controllers = 'memory pids\n') => {
    tree.write('cg/app/cgroup.controllers', controllers);
    tree.write('cg/app/cgroup.subtree_control', subtree);
    tree.write('cg/app/cgroup.procs', '');
    if (type !== '') tree.write('cg/app/cgroup.type', type);
  };
  it('where pids is on for children the guard stays where it is', () => {
    parent('memory pids\n');
    const made = create(app);
    expect(made).toMatchObject({
      version: 2,
      penDir: at(`cg/app/${PEN}`),
      pidsDir: at(`cg/app/${PEN}/${NAME}`),
      unifiedDir: at(`cg/app/${PEN}/${NAME}`),
      leaveFiles: [at('cg/app/cgroup.procs')],
    });
    expect(text('cg/app/cgroup.subtree_control')).toBe('memory pids\n');
    expect(removeContainment(made)).toBe(true);
  });
  it('the root of the hierarchy may have both, so nobody moves', () => {
    parent('', '');
    const made = create(app);
    expect([text('cg/app/cgroup.subtree_control'), made.leaveFiles]).toEqual(['+pids', [at('cg/app/cgroup.procs')]]);
    expect(removeContainment(made)).toBe(true);
    // The root keeps what was on.
    expect(text('cg/app/cgroup.subtree_control')).toBe('+pids');
  });
  it('else the guard moves into a leaf of its own first, and back at the end', () => {
    parent('');
    const made = create(app);
    const leaf = `cg/app/${NAME}-guard`;
    expect([text(`${leaf}/cgroup.procs`), text('cg/app/cgroup.subtree_control')]).toEqual(['0', '+pids']);
    expect(made.leaveFiles).toEqual([at(`${leaf}/cgroup.procs`)]);
    tree.rm(`${leaf}/cgroup.procs`);
    expect(removeContainment(made)).toBe(true);
    expect([text('cg/app/cgroup.subtree_control'), text('cg/app/cgroup.procs'), existsSync(at(leaf))]).toEqual([
      '-pids',
      '0',
      false,
    ]);
  });
  it('beside a service the service moves straight into its own cgroup', () => {
    parent('');
    tree.write('cg/app/cgroup.procs', '50\n');
    create(app, true);
    expect(text(`cg/app/${PEN}/${NAME}/cgroup.procs`)).toBe('50');
  });
  it('without the controller nothing is made, and that is said', () => {
    parent('', 'domain\n', 'memory\n');
    expect(() => create(app)).toThrow(/the pids controller is not available in .*\/cg\/app/);
    expect(readdirSync(at('cg/app')).filter((name) => name.startsWith('threadguard'))).toEqual([]);
  });
});

describe('what is there already', () => {
  const v1 = { pids: place(1, '/cg/pids/app') };
  it('a run before this one left daemons: the next has a name of its own', () => {
    tree.mkdir(`cg/pids/app/${NAME}`);
    expect(create(v1).pidsDir).toBe(at(`cg/pids/app/${PEN}/${NAME}-2`));
    expect(create(v1).pidsDir).toBe(at(`cg/pids/app/${PEN}/${NAME}-3`));
  });
  it('of guards that are gone it is removed; of one that lives, and what is populated, it is not', () => {
    addProcess(tree, 10, { startTime: 5 });
    for (const name of ['threadguard-9-1', 'threadguard-9-1-guard', 'threadguard-9-1-2', 'threadguard-10-5', 'mine'])
      tree.mkdir(`cg/pids/app/${name}`);
    // The pid lives, but it is another process now.
    tree.mkdir('cg/pids/app/threadguard-10-4');
    tree.write('cg/pids/app/threadguard-8-1/cgroup.procs', '77\n');
    create(v1);
    expect(readdirSync(at('cg/pids/app')).sort()).toEqual(['mine', PEN, 'threadguard-10-5', 'threadguard-8-1']);
    expect(readdirSync(at(`cg/pids/app/${PEN}`))).toEqual([NAME]);
  });
  it('the same in the pen, where other guards stand too', () => {
    addProcess(tree, 10, { startTime: 5 });
    for (const name of ['threadguard-9-1', 'threadguard-10-5']) tree.mkdir(`cg/pids/app/${PEN}/${name}`);
    expect(removeContainment(create(v1))).toBe(true);
    expect(readdirSync(at(`cg/pids/app/${PEN}`))).toEqual(['threadguard-10-5']);
  });
  it('a target whose guard died while it was frozen is thawed', () => {
    tree.write('cg/pids/app/threadguard-8-1/cgroup.freeze', '1\n');
    create(v1);
    expect(text('cg/pids/app/threadguard-8-1/cgroup.freeze')).toBe('0');
  });
});

describe('what is refused', () => {
  it('no pids controller', () => {
    expect(() => create({})).toThrow('no pids controller is mounted here');
  });
  it('a directory that may not be written, with the reason', () => {
    expect(() => create({ pids: place(1, '/cg/nowhere') })).toThrow('cannot make a cgroup in /cg/nowhere (ENOENT)');
  });
  it('what stays is said: a cgroup with a task cannot be removed', () => {
    tree.mkdir('cg/pids/app');
    const made = create({ pids: place(1, '/cg/pids/app') });
    tree.write(`cg/pids/app/${PEN}/${NAME}/cgroup.procs`, '77\n');
    expect(removeContainment(made)).toBe(false);
    // Already removed is no failure.
    tree.rm(`cg/pids/app/${PEN}/${NAME}`);
    expect(removeContainment(made)).toBe(true);
  });
});
