import { describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/engine.ts';
import { Fleet } from '../../src/engine/fleet.ts';
import { Track } from '../../src/engine/track.ts';
import type { GuardEvent } from '../../src/policy/event.ts';
import type { Candidate, Changes } from '../../src/targets/source.ts';
import { FakeClock, fakeTarget, newWorld, partsOf, type World } from './fakes.ts';

/** A host of fakes: worlds by name, each of which may be gone, unreadable or closed to us. */
function host() {
  const clock = new FakeClock();
  const engine = new Engine(clock, ({ id }) => fleet.drop(id));
  const events: GuardEvent[] = [];
  const worlds = new Map<string, World>();
  const opened: string[] = [];
  const closed: string[] = [];
  let changes: Changes | undefined;
  const fleet = new Fleet({
    engine,
    clock,
    report: (event) => void events.push(event),
    track: (id, target) => {
      const track = new Track({ ...partsOf({ clock, world: worlds.get(id) as World, id }), target });
      track.rehearse();
      return track;
    },
  });
  fleet.start({
    start: (on) => {
      changes = on;
      return () => {
        changes = undefined;
      };
    },
  });
  const appear = (id: string, over: Partial<World> & { line?: number; refuses?: true } = {}) => {
    const { line = 1_000, refuses, ...rest } = over;
    const world = newWorld(rest);
    worlds.set(id, world);
    const candidate: Candidate = {
      id,
      line,
      meter: {
        tasks: () => {
          if (world.broken.has('tasks')) throw Object.assign(new Error('EMFILE'), { code: 'EMFILE' });
          return world.isEmpty ? 'gone' : world.tasks;
        },
        refused: () => world.refused,
        close: () => void closed.push(`meter of ${id}`),
      },
      open: () => {
        if (refuses) throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
        opened.push(id);
        return { ...fakeTarget(world), close: async () => void closed.push(id) };
      },
    };
    changes?.appeared(candidate);
    return world;
  };
  return { appear, clock, closed, engine, events, fleet, opened, vanish: (id: string) => changes?.vanished(id) };
}
const errors = (events: readonly GuardEvent[]) =>
  events.flatMap((event) => (event.event === 'error' ? [event.problem] : []));

describe('cold and warm', () => {
  it.each<[string, (world: World) => void, boolean]>([
    ['one that stands still stays cold', () => {}, false],
    ['a little growth too', (world) => Object.assign(world, { tasks: 150 }), false],
    ['growth wakes it', (world) => Object.assign(world, { tasks: 180 }), true],
    ['a refusal wakes it', (world) => Object.assign(world, { refused: 1 }), true],
    ['half of its line wakes it, however slowly it came', (world) => Object.assign(world, { tasks: 500 }), true],
  ])('%s', (_, change, isWarm) => {
    const it = host();
    const world = it.appear('unit:a', { tasks: 100 });
    it.clock.advance(10_000);
    change(world);
    it.clock.advance(10_000);
    expect([it.fleet.warm, it.opened]).toEqual(isWarm ? [['unit:a'], ['unit:a']] : [[], []]);
  });
  it('a slow leak is measured from where it began', () => {
    const it = host();
    const world = it.appear('unit:leak', { tasks: 100 });
    for (let minute = 0; minute < 20 && it.fleet.warm.length === 0; minute += 1) {
      world.tasks += 10;
      it.clock.advance(60_000);
    }
    expect([it.fleet.warm, world.tasks < 250]).toEqual([['unit:leak'], true]);
  });
  it('what was refused to it before it was looked at is an old story', () => {
    const it = host();
    it.appear('unit:a', { tasks: 10, refused: 500 });
    it.clock.advance(60_000);
    expect(it.fleet.warm).toEqual([]);
  });
  it('a warm one is guarded like any other, and goes cold when it has long been calm', () => {
    const it = host();
    const world = it.appear('unit:a', { tasks: 10 });
    it.clock.advance(1_000);
    Object.assign(world, { tasks: 850 });
    it.clock.advance(5_000);
    expect([it.fleet.warm, world.events.map(({ event }) => event)]).toEqual([
      ['unit:a'],
      expect.arrayContaining(['warn']),
    ]);
    Object.assign(world, { tasks: 20 });
    it.clock.advance(200_000);
    expect([it.fleet.warm, it.fleet.ids, it.closed]).toEqual([[], ['unit:a'], ['unit:a']]);
    world.tasks = 900;
    it.clock.advance(10_000);
    expect(it.fleet.warm).toEqual(['unit:a']);
  });
});

describe('what goes wrong with one', () => {
  it('one that vanishes between two reads is dropped; the others go on', () => {
    const it = host();
    const [gone] = [it.appear('unit:gone', { tasks: 5 }), it.appear('unit:stays', { tasks: 5 })];
    it.clock.advance(1_000);
    gone.isEmpty = true;
    it.clock.advance(10_000);
    expect([it.fleet.ids, it.closed, it.engine.size]).toEqual([['unit:stays'], ['meter of unit:gone'], 1]);
  });
  it('one that cannot be read is said once, with the name of the error', () => {
    const it = host();
    const world = it.appear('unit:a', { tasks: 5 });
    it.clock.advance(1_000);
    world.broken.add('tasks');
    it.clock.advance(60_000);
    expect(errors(it.events)).toEqual(['unit:a could not be looked at (EMFILE); it is tried again']);
  });
  it('one that cannot be opened is said, stays cold, and is tried again later', () => {
    const it = host();
    const world = it.appear('unit:a', { tasks: 5, refuses: true });
    it.clock.advance(1_000);
    world.tasks = 700;
    it.clock.advance(9_000);
    expect([errors(it.events), it.fleet.warm]).toEqual([['unit:a grows and cannot be opened (EACCES)'], []]);
    it.clock.advance(20_000);
    expect(errors(it.events).length).toBeGreaterThan(1);
  });
  it('the same name again is another target: the old one is let go', () => {
    const it = host();
    it.appear('unit:a', { tasks: 600 });
    it.clock.advance(100);
    it.appear('unit:a', { tasks: 5 });
    it.clock.advance(10_000);
    expect([it.fleet.ids, it.fleet.warm, it.closed]).toEqual([['unit:a'], [], ['unit:a', 'meter of unit:a']]);
  });
  it('what vanished, and all at a stop, is closed', () => {
    const it = host();
    it.appear('unit:a');
    it.appear('unit:b');
    it.vanish('unit:a');
    it.vanish('unit:nobody');
    it.fleet.stop();
    it.clock.advance(10_000);
    expect([it.closed, it.engine.size]).toEqual([['meter of unit:a', 'meter of unit:b'], 0]);
  });
});

it('5,000 cold targets: every one is looked at in time', () => {
  const it = host();
  const looks = new Map<string, number>();
  for (let i = 0; i < 5_000; i += 1) {
    const world = it.appear(`unit:${i}`, { tasks: 10 });
    Object.defineProperty(world, 'tasks', {
      get: () => {
        looks.set(`unit:${i}`, (looks.get(`unit:${i}`) ?? 0) + 1);
        return 10;
      },
    });
  }
  it.clock.advance(2_000);
  expect(it.engine.size).toBe(5_000);
  expect(Math.min(...Array.from({ length: 5_000 }, (_, i) => looks.get(`unit:${i}`) ?? 0))).toBeGreaterThanOrEqual(2);
});
