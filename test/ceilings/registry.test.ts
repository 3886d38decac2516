import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { CEILINGS } from '../../src/ceilings/registry.ts';
import { ceilingDocument, makeCeiling } from '../../src/core/ceiling.ts';
import { BUDGET_NAMES, CEILING_KINDS, ceilingKind } from '../../src/core/ceilingTable.ts';
import { ceilingContext } from '../fixtures/ceilingContext.ts';
import { makeTree } from '../fixtures/tree.ts';

describe('the table of ceilings', () => {
  it('has every reader once, in the order of the kernel’s checks', () => {
    expect(CEILINGS.map(({ name }) => name)).toEqual(CEILING_KINDS.map(({ name }) => name));
    expect(CEILINGS.map(({ order }) => order)).toEqual(CEILINGS.map((_, index) => index));
    expect(new Set(CEILINGS.map(({ name }) => name)).size).toBe(CEILINGS.length);
  });
  it('a row makes ceilings of its own name, class and place', () => {
    const tree = makeTree({ 'proc/sys/vm/overcommit_memory': '2\n' });
    afterAll(() => tree.remove());
    const place = { version: 2 as const, mountPoint: '/cg', dir: '/cg', path: '/' };
    for (const file of ['pids.max', 'memory.max', 'memory.high']) tree.write(`cg/${file}`, '5\n');
    const places = { pids: place, unified: place, memory: place, freezer: undefined, systemd: undefined };
    for (const row of CEILINGS) {
      const look = row.open(ceilingContext(tree.dir, { places }));
      for (const made of look()) {
        expect([made.name, made.class, made.order]).toEqual([row.name, row.class, row.order]);
        expect(made.source, row.name).not.toBe('');
        expect(made.raise, row.name).not.toBe('');
      }
    }
  });
  it('is the table of docs/ceilings.md, in the same order', () => {
    const page = readFileSync(new URL('../../docs/ceilings.md', import.meta.url), 'utf8');
    const named = [...page.matchAll(/^\| `([^`]+)`[^|]*\| (?:each|process|host|real|pid)/gm)].map(([, name]) => name);
    expect(named).toEqual(CEILING_KINDS.map(({ name }) => name));
  });
  it('names that a budget may have are ceilings', () => {
    expect(BUDGET_NAMES.every((name) => ceilingKind(name) !== undefined)).toBe(true);
    expect(BUDGET_NAMES).toContain('pids.max');
    expect(BUDGET_NAMES).not.toContain('memory.high');
  });
});

describe('a ceiling that is not in the table', () => {
  const made = (unit: 'tasks' | 'maps' | 'bytes') =>
    makeCeiling({ name: 'x', scope: 'host', unit, used: 0, limit: 1, source: '', raise: '' });
  it.for([
    ['tasks', 'tasks'],
    ['maps', 'maps'],
    ['bytes', 'memory'],
  ] as const)('of %s has a class all the same, and comes last', ([unit, want]) => {
    expect(made(unit)).toMatchObject({ class: want, order: Number.MAX_SAFE_INTEGER });
    expect(ceilingKind('x')).toBeUndefined();
  });
  it('a document does not show what the program decides by', () => {
    const { class: own, order, ...rest } = made('tasks');
    expect([own, order]).toEqual(['tasks', Number.MAX_SAFE_INTEGER]);
    expect(ceilingDocument(made('tasks'))).toEqual(rest);
  });
});
