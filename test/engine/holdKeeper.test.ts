import { describe, expect, it } from 'vitest';
import { CapKeeper } from '../../src/engine/capKeeper.ts';
import { HoldKeeper } from '../../src/engine/holdKeeper.ts';
import { Observer } from '../../src/engine/observer.ts';
import type { Settings } from '../../src/policy/settings.ts';
import type { Target } from '../../src/targets/contracts.ts';
import { FakeClock, newWorld, partsOf } from './fakes.ts';

/** A rehearsed hold with a leash, so that the cap moves with the target. */
function scene(settings: Partial<Settings> = {}, more: Partial<Target> = {}, tasks = 1) {
  const world = newWorld({ tasks });
  const plain = partsOf({ clock: new FakeClock(), world }, { leash: 50, ...settings });
  const parts = { ...plain, target: { ...plain.target, ...more } };
  const cap = new CapKeeper(parts.settings, parts.target.brake);
  const observer = new Observer(parts, cap);
  observer.rehearse();
  cap.rehearse(observer.capLine);
  return { world, cap, keeper: new HoldKeeper(parts, cap, observer) };
}

describe('the cap', () => {
  it('a refusal is said once, however often it is tried', () => {
    const { keeper, world } = scene();
    world.broken.add('cap');
    for (const tasks of [10, 20, 30]) keeper.follow(tasks);
    expect(world.events).toEqual([
      {
        event: 'error',
        about: 'action',
        problem: 'the kernel refused to move the cap of command:fake; the cap of 50 tasks stays in force',
      },
    ]);
  });
  it('a refusal at another cap is another one', () => {
    const { keeper, world } = scene();
    world.broken.add('cap');
    keeper.follow(10);
    world.broken.delete('cap');
    keeper.follow(20);
    world.broken.add('cap');
    keeper.follow(30);
    expect(world.events.map((event) => ('problem' in event ? event.problem : ''))).toEqual([
      expect.stringContaining('the cap of 50 tasks'),
      expect.stringContaining('the cap of 70 tasks'),
    ]);
  });
});

describe('what a target that runs as root does', () => {
  it('what left its cgroup is said, beside a cap that moved', () => {
    const seen: number[] = [];
    const escapes = {
      look: (nowMs: number) => {
        seen.push(nowMs);
        return { pids: [7, 8], returned: 1 };
      },
    };
    const { keeper, world } = scene({}, { escapes });
    world.cap = 'max';
    keeper.watch(70);
    expect(world.events).toEqual([
      { event: 'warn', about: 'cap', moved: 'max', cap: 50 },
      { event: 'warn', about: 'escape', pids: [7, 8], returned: 1 },
    ]);
    expect(seen).toEqual([70]);
  });
});

describe('the pen', () => {
  const pen = (limits: number[]) => ({
    dir: '/pen',
    read: () => ({ used: 10, limit: 500, refused: 0 }),
    sharers: () => 2,
    setLimit: (tasks: number) => void limits.push(tasks),
    close: () => {},
  });
  it('is moved at every look, before the cap', () => {
    const limits: number[] = [];
    const { keeper, world } = scene({ budget: { shares: {}, reserve: { tasks: 100 } } }, { pen: pen(limits) }, 300);
    world.broken.add('cap');
    keeper.follow(10);
    // 700 are free of the cgroup's 1,000; 100 stay free, and 10 stand in the pen.
    expect(limits).toEqual([610]);
  });
  it.each([
    ['came', 10, 500],
    ['went', 500, 10],
  ])('what %s while its surroundings were read makes no room', (_, before, after) => {
    const limits: number[] = [];
    const numbers = [before, after];
    const changing = { ...pen(limits), read: () => ({ used: numbers.shift() ?? after, limit: 500, refused: 0 }) };
    const { keeper } = scene({ budget: { shares: {}, reserve: { tasks: 100 } } }, { pen: changing }, 300);
    keeper.follow(10);
    expect(limits).toEqual([610]);
  });
  it.each<[string, Partial<Settings>]>([
    ['in a dry run', { dryRun: true }],
    ['where the guard only warns', { until: 'warn' }],
  ])('is left alone %s', (_, settings) => {
    const limits: number[] = [];
    scene(settings, { pen: pen(limits) }).keeper.follow(10);
    expect(limits).toEqual([]);
  });
});
