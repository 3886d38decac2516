import { describe, expect, it } from 'vitest';
import { classifySamples } from '../../src/core/growth/samples.ts';
import type { Sample } from '../../src/core/model.ts';
import { ShapeMemo, unlessDenied, withShape } from '../../src/policy/shape.ts';
import type { Opinion } from '../../src/policy/verdict.ts';

const series = (tasks: (second: number) => number, seconds = 60): Sample[] =>
  Array.from({ length: seconds * 2 }, (_, i) => ({
    timeMs: i * 500,
    tasks: Math.round(tasks(i / 2)),
    maps: undefined,
    refused: 0,
  }));
const leak = series((at) => 100 + 3 * at);
/** Seen just before the pool is as large as it is going to be. */
const deploy = (overS: number) => series((at) => 120 + (120 * Math.max(0, at - (60 - overS))) / overS);
const warning: Opinion = { level: 'warn', cause: 'budget', ceiling: 'pids.max', unit: 'tasks', line: 300, value: 280 };
const forecast: Opinion = { ...warning, cause: 'forecast', inMs: 3_500 };

describe('a warning says what the target has been doing', () => {
  it('in a word and in a sentence', () => {
    expect(withShape(warning, classifySamples(leak))).toMatchObject({
      shape: 'linear',
      shapeText: expect.stringMatching(/^grows steadily from 1\d\d to 2\d\d, [23]\.\d\/s$/),
    });
  });
  it('a trip does not wait for it, and what is not known is not said', () => {
    const trip: Opinion = { ...warning, level: 'trip' };
    expect(withShape(trip, classifySamples(leak))).toEqual(trip);
    expect(withShape(warning, undefined)).toEqual(warning);
  });
});

describe('a forecast that the series itself denies is not given', () => {
  it.each<[string, readonly Sample[], boolean]>([
    ['a leak', leak, true],
    ['up and down', series((at) => 184 + 100 * Math.sin(at)), false],
    ['it stays', series(() => 184), false],
    ['one step', series((at) => (at < 30 ? 100 : 200)), false],
    ['a pool that fills', series((at) => 20 + 180 * (1 - Math.exp(-at / 5))), false],
    ['too short to tell', leak.slice(0, 10), false],
    ['a leak of 29 s', leak.slice(0, 58), false],
    ['a leak that jitters', series((at) => 100 + 3 * at + 8 * Math.sin(at * 7)), true],
    ['a deploy, while it doubles the pool in 1 s', deploy(1), false],
    ['in 3 s', deploy(3), false],
    ['in 10 s', deploy(10), false],
    ['in 20 s', deploy(20), false],
    ['steps without a rate', series((at) => (at < 55 ? 120 : 120 + 20 * Math.floor(at - 54))), false],
  ])('%s', (_, samples, isGiven) => {
    expect(unlessDenied(forecast, samples, () => classifySamples(samples)).level).toBe(isGiven ? 'warn' : 'ok');
  });
  it('anything else is not asked about', () => {
    const asked = () => {
      throw new Error('must not be asked');
    };
    for (const verdict of [warning, { ...forecast, level: 'trip' as const }, { level: 'ok' as const }])
      expect(unlessDenied(verdict, leak, asked)).toBe(verdict);
  });
});

it('a shape is named again after two seconds, not at every look', () => {
  const memo = new ShapeMemo();
  const first = memo.of(leak);
  expect(first?.shape).toBe('linear');
  const flat = series(() => 100);
  const at = (timeMs: number): Sample[] => [...flat, { timeMs, tasks: 100, maps: undefined, refused: 0 }];
  const endMs = leak.at(-1)?.timeMs ?? 0;
  expect(memo.of(at(endMs + 1_999))).toBe(first);
  expect(memo.of(at(endMs + 2_000))?.shape).toBe('flat');
});
