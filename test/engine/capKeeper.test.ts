import { describe, expect, it } from 'vitest';
import { CapKeeper } from '../../src/engine/capKeeper.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../src/policy/settings.ts';
import type { Hold } from '../../src/targets/contracts.ts';
import { fakeTarget, newWorld, type World } from './fakes.ts';

/** A keeper that has rehearsed with this line. */
function scene(settings: Partial<Settings> = {}, line: number | undefined = 1_000, kind?: Hold['kind']) {
  const world: World = newWorld();
  const keeper = new CapKeeper({ ...DEFAULT_SETTINGS, ...settings }, fakeTarget(world, kind).brake);
  keeper.rehearse(line);
  return { keeper, world };
}

describe('the cap that the child is born under', () => {
  it.each<[string, Partial<Settings>, number | undefined, number | 'max']>([
    ['the line', {}, 1_000, 1_000],
    ['a line is rounded down', {}, 10.9, 10],
    ['never below one task', {}, 0.2, 1],
    ['none without a line', {}, undefined, 'max'],
    ['none in a dry run', { dryRun: true }, 1_000, 'max'],
    ['none where the guard only warns', { until: 'warn' }, 1_000, 'max'],
    ['the line where it goes as far as a clamp', { until: 'clamp' }, 1_000, 1_000],
    ['the leash, from nothing', { leash: 50 }, 1_000, 50],
    ['the line where the leash is longer', { leash: 5_000 }, 1_000, 1_000],
  ])('%s', (_, settings, line, cap) => {
    const world = newWorld();
    const keeper = new CapKeeper({ ...DEFAULT_SETTINGS, ...settings }, fakeTarget(world).brake);
    expect([keeper.cap, keeper.rehearse(line), keeper.cap, world.done]).toEqual(['max', cap, cap, []]);
  });
});

describe('the cap follows the line', () => {
  it('and is not written where nothing changed', () => {
    const { keeper, world } = scene();
    for (const line of [1_000, 1_000.7, 900, 900]) expect(keeper.follow(5, line)).toBe(true);
    expect(world.done).toEqual(['cap 900']);
  });
  it('with a leash it follows the target, up and down, and stops at the line', () => {
    const { keeper, world } = scene({ leash: 50 });
    for (const tasks of [100, 30, 980]) keeper.follow(tasks, 1_000);
    expect(world.done).toEqual(['cap 150', 'cap 80', 'cap 1000']);
  });
  it('the old one stays when the kernel refuses, and it is tried again', () => {
    const { keeper, world } = scene();
    world.broken.add('cap');
    expect([keeper.follow(5, 900), keeper.cap]).toEqual([false, 1_000]);
    world.broken.delete('cap');
    expect([keeper.follow(5, 900), keeper.cap]).toEqual([true, 900]);
  });
});

describe('whether the cap is the leash', () => {
  it.each<[string, Partial<Settings>, number | undefined, number | undefined, boolean]>([
    ['below the line', { leash: 50 }, 1_000, 1_000, true],
    ['not at the line', { leash: 1_000 }, 1_000, 1_000, false],
    ['not without a leash, wherever the line went', {}, 1_000, 2_000, false],
    ['not without a cap', { leash: 50 }, undefined, 1_000, false],
    ['a line that is gone is above every leash', { leash: 50 }, 1_000, undefined, true],
  ])('%s', (_, settings, before, line, is) => {
    const world = newWorld();
    const keeper = new CapKeeper({ ...DEFAULT_SETTINGS, ...settings }, fakeTarget(world).brake);
    keeper.rehearse(before);
    expect(keeper.isLeash(line)).toBe(is);
  });
});

describe('a clamp', () => {
  it.each([
    ['where the target stands', 400, 400],
    ['never above the cap', 1_700, 1_000],
  ])('%s', (_, tasks, at) => {
    const { keeper, world } = scene();
    expect([keeper.clamp(tasks), keeper.cap, world.done]).toEqual([at, at, [`clamp ${at}`]]);
  });
  it('that the kernel refuses leaves the cap as it was', () => {
    const { keeper, world } = scene();
    world.broken.add('clamp');
    expect([keeper.clamp(400), keeper.cap]).toEqual([undefined, 1_000]);
  });
  it('is taken back to the line of that moment', () => {
    const { keeper, world } = scene();
    keeper.clamp(400);
    keeper.release(300, 800);
    expect([keeper.cap, world.done]).toEqual([800, ['clamp 400', 'release 800']]);
  });
});

describe('a cap that somebody else moved', () => {
  it('is put back, and what stood there is said', () => {
    const { keeper, world } = scene();
    world.cap = 'max';
    expect([keeper.verify(), world.done, keeper.cap]).toEqual([{ moved: 'max' }, ['cap 1000'], 1_000]);
  });
  it.each<[string, Partial<Settings>, World['cap'], Hold['kind']]>([
    ['the right one', {}, 1_000, 'cgroup-v2'],
    ['one that is not known', {}, undefined, 'cgroup-v2'],
    ['any in a dry run', { dryRun: true }, 7, 'cgroup-v2'],
    ['any where nothing holds', {}, 7, 'sampling'],
  ])('%s is left alone', (_, settings, cap, kind) => {
    const { keeper, world } = scene(settings, 1_000, kind);
    world.cap = cap;
    expect([keeper.verify(), world.done]).toEqual([undefined, []]);
  });
});
