import { expect, it } from 'vitest';
import { SlicedWork } from '../../src/evidence/slicedWork.ts';
import { FakeClock } from './builders/fakeClock.ts';

it('a long search is done in slices that are apart, and begun again a second after its end', () => {
  const clock = new FakeClock();
  let begun = 0;
  let done = 0;
  const work = new SlicedWork(function* () {
    begun += 1;
    for (let part = 0; part < 10; part += 1) {
      done += 1;
      clock.pass(0.75);
      yield;
    }
  }, clock.now);
  expect([work.goOn(0), done]).toEqual([true, 4]);
  expect([work.goOn(9), done]).toEqual([false, 4]);
  expect([work.goOn(10), done]).toEqual([true, 8]);
  expect([work.goOn(20), done]).toEqual([true, 10]);
  expect([work.goOn(1_000), begun]).toEqual([false, 1]);
  expect([work.goOn(1_020), begun, done]).toEqual([true, 2, 14]);
});
