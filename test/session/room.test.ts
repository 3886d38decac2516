import { expect, it } from 'vitest';
import type { Surroundings } from '../../src/ceilings/surroundings.ts';
import type { Ceiling } from '../../src/core/model.ts';
import { roomNow } from '../../src/session/room.ts';
import { pids } from '../fixtures/events.ts';

const loose: Ceiling = { ...pids, additionalThreads: 900 };
const tight: Ceiling = { ...pids, additionalThreads: 12 };

it.each<[string, readonly Ceiling[], number | undefined]>([
  ['the tightest ceiling says it', [loose, tight], 12],
  ['nothing left is a number too', [loose, { ...pids, additionalThreads: 0 }], 0],
  ['one that only slows down says nothing', [loose, { ...tight, effect: 'throttles' }], 900],
  ['one that is unknown says nothing', [loose, { ...pids, additionalThreads: 'unknown' }], 900],
  ['no limit is no number', [{ ...pids, additionalThreads: 'unlimited' }], undefined],
  ['no ceilings at all', [], undefined],
])('room for more threads: %s', (_, ceilings, want) => {
  const surroundings = { readCeilings: () => ceilings } as unknown as Surroundings;
  expect(roomNow(surroundings)).toBe(want);
});
