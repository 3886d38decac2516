import { describe, expect, it } from 'vitest';
import { CapKeeper } from '../../src/engine/capKeeper.ts';
import { Ladder } from '../../src/engine/ladder.ts';
import type { Effect, Stage } from '../../src/policy/escalation.ts';
import type { Settings } from '../../src/policy/settings.ts';
import type { Opinion } from '../../src/policy/verdict.ts';
import { FakeClock, newWorld, partsOf, type World } from './fakes.ts';

const WHY: Opinion = { level: 'trip', cause: 'budget', ceiling: 'pids.max', unit: 'tasks' };
const SAMPLE = { timeMs: 0, tasks: 7, maps: 9, refused: 0 };

function scene(settings: Partial<Settings> = {}, over: Partial<World> = {}, lastWords?: () => Promise<void>) {
  const clock = new FakeClock();
  const world = newWorld({ tasks: 8, ...over });
  const parts = partsOf({ clock, world }, settings);
  const { evidence } = parts;
  const cap = new CapKeeper(parts.settings, parts.target.brake);
  const ladder = new Ladder({
    ...parts,
    cap,
    line: () => 100,
    lastWords: lastWords ?? evidence.lastWords,
    dump: (opinion) =>
      evidence.dump({ opinion, ceilings: [], ceilingsAtStart: [], samples: [], tasks: world.tasks }, 1),
  });
  const carryOut = (...effects: Effect[]) => {
    for (const effect of effects) ladder.carryOut(effect, WHY, SAMPLE, 500);
  };
  return { carryOut, clock, ladder, parts, world };
}
const terminating = (until: 'terminate' | 'kill', graceMs = 100): Stage => ({
  at: 'terminating',
  tasks: 7,
  sinceMs: 0,
  because: WHY,
  reach: { until, graceMs, patienceMs: 0 },
});

describe('each effect', () => {
  it.each<[Effect, string[], object]>([
    ['warn', [], { event: 'warn', about: 'line', opinion: WHY, tasks: 7, maps: 9 }],
    ['trip', [], { event: 'trip', opinion: WHY, tasks: 7, maps: 9 }],
    ['clamp', ['clamp 8'], { event: 'clamp', tasks: 7, cap: 8 }],
    ['release', ['release 100'], { event: 'release', tasks: 7 }],
    ['dump', ['dump'], { event: 'dump', tasks: 7, lost: [] }],
    ['terminate', ['signal SIGTERM'], { event: 'terminate', tasks: 7, graceMs: 500 }],
  ])('%s is done first and said second', (effect, done, event) => {
    const { carryOut, ladder, world } = scene();
    carryOut(effect);
    expect([world.done, ladder.actions]).toEqual([done, { [effect]: 1 }]);
    expect(world.events).toMatchObject([event]);
    expect(world.events[0]).not.toHaveProperty('dryRun');
  });
  it.each<Effect>(['warn', 'trip', 'clamp', 'release', 'dump', 'terminate', 'kill'])(
    '%s is only said in a dry run, and counted',
    (effect) => {
      const { carryOut, ladder, world } = scene({ dryRun: true });
      carryOut(effect);
      expect([world.done, ladder.actions]).toEqual([[], { [effect]: 1 }]);
      expect(world.events).toMatchObject([{ event: effect, dryRun: true }]);
    },
  );
});

describe('what fails is said, and is no end', () => {
  it.each<[Effect, World['broken'], string]>([
    ['clamp', new Set(['clamp']), 'clamp failed: the kernel did not take it'],
    ['clamp', new Set(['tasks']), 'clamp failed: EIO'],
    ['dump', new Set(['dump']), 'dump failed: no evidence'],
    ['terminate', new Set(['signal']), 'terminate failed: EIO'],
  ])('%s', (effect, broken, problem) => {
    const { carryOut, world } = scene({}, { broken });
    carryOut(effect);
    expect(world.events).toEqual([{ event: 'error', about: 'action', problem, details: { action: effect } }]);
  });
});

describe('a kill', () => {
  it('is made once, after the last words, and verified', async () => {
    const { carryOut, ladder, world } = scene();
    carryOut('kill', 'kill');
    const stage: Stage = {
      at: 'killed',
      sinceMs: 0,
      because: WHY,
      reach: { until: 'kill', graceMs: 0, patienceMs: 0 },
    };
    expect(await ladder.settle(stage, SAMPLE)).toBe(stage);
    expect(world.done).toEqual(['last words', 'kill']);
    expect(world.events).toEqual([{ event: 'kill', tasks: 7, emptyMs: 0, survivors: [] }]);
  });
});

describe('the rest of a tree that is told to end', () => {
  it('has its grace, then it is killed', async () => {
    const { clock, ladder, world } = scene();
    let last: Stage | undefined;
    void ladder.settle(terminating('kill'), SAMPLE).then((stage) => {
      last = stage;
    });
    await clock.advanceSlowly(95);
    expect([world.done, last]).toEqual([[], undefined]);
    await clock.advanceSlowly(20);
    expect(world.done).toEqual(['last words', 'kill']);
    expect(last).toMatchObject({ at: 'killed', sinceMs: 100, because: WHY });
  });
  it('one that ends by itself is not', async () => {
    const { clock, ladder, world } = scene();
    const settled = ladder.settle(terminating('kill'), SAMPLE);
    await clock.advanceSlowly(50);
    world.isEmpty = true;
    await clock.advanceSlowly(20);
    expect([(await settled).at, world.done]).toEqual(['terminating', []]);
  });
  it('a kill that a look begins meanwhile is told before all is settled', async () => {
    let speak = (): void => {};
    const words = new Promise<void>((resolve) => {
      speak = resolve;
    });
    const { clock, ladder, world } = scene({}, {}, () => words);
    const settled = ladder.settle(terminating('kill'), SAMPLE).then(() => world.events.map(({ event }) => event));
    await clock.advanceSlowly(50);
    ladder.carryOut('kill', WHY, SAMPLE, 100);
    world.isEmpty = true;
    await clock.advanceSlowly(20);
    speak();
    expect([await settled, ladder.actions]).toEqual([['kill'], { kill: 1 }]);
  });
  it.each<[string, Stage, Partial<Settings>]>([
    ['where the ladder ends before a kill', terminating('terminate', 0), {}],
    ['in a dry run', terminating('kill', 0), { dryRun: true }],
    ['where it was never told to', { at: 'calm' }, {}],
  ])('nothing is waited for %s', async (_, stage, settings) => {
    const { ladder, world } = scene(settings);
    expect([await ladder.settle(stage, SAMPLE), world.done, world.events]).toEqual([stage, [], []]);
  });
});
