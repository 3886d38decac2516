import { expect, it } from 'vitest';
import { CapKeeper } from '../../src/engine/capKeeper.ts';
import { Observer } from '../../src/engine/observer.ts';
import { SampleReporter, toTenth } from '../../src/engine/sampleReport.ts';
import type { GuardEvent } from '../../src/policy/event.ts';
import { FakeClock, newWorld, partsOf } from './fakes.ts';

function scene() {
  const parts = partsOf({ clock: new FakeClock(), world: newWorld({ tasks: 0 }) });
  const cap = new CapKeeper(parts.settings, parts.target.brake);
  const observer = new Observer(parts, cap);
  const events: GuardEvent[] = [];
  const reporter = new SampleReporter((event) => void events.push(event));
  const look = (timeMs: number, dryRun = false) =>
    reporter.look({ timeMs, tasks: 7, maps: undefined, refused: 2 }, observer, dryRun);
  return { cap, events, look, observer };
}

it('says what was seen once a second, the first at once', () => {
  const { events, look } = scene();
  for (const timeMs of [50, 1_049, 1_050, 1_060, 2_050]) look(timeMs);
  expect(events).toHaveLength(3);
});
it('with the ceiling that binds', () => {
  const { cap, events, look, observer } = scene();
  observer.headroom.rehearse();
  cap.rehearse(observer.capLine);
  observer.witness.wokeLate(1.26);
  look(0);
  expect(events).toEqual([
    {
      event: 'sample',
      tasks: 7,
      maps: undefined,
      refused: 2,
      cap: 1_000,
      growthPerSecond: 0,
      binding: 'pids.max of /a',
      additionalThreads: 1_000,
      latenessMs: 1.3,
    },
  ]);
});
it('nothing binds before ceilings were read, and a dry run is called one', () => {
  const { events, look } = scene();
  look(0, true);
  expect(events).toMatchObject([{ cap: 'max', binding: null, additionalThreads: null, dryRun: true }]);
});
it.each([
  [1.25, 1.3],
  [0.04, 0],
  [-2.26, -2.3],
  [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
])('%d is %d to a tenth', (value, want) => {
  expect(toTenth(value)).toBe(want);
});
