import { expect, it } from 'vitest';
import { reapAll } from '../../src/drill/reapAll.ts';
import { fakeClock } from '../fixtures/clock.ts';

it.for([
  ['nobody is left', [[]], true, 0],
  ['the kernel does not list them', [undefined], true, 0],
  ['one takes a moment to end', [[7], [7], []], true, 20],
  ['one that ends makes another one an orphan', [[7], [8], []], true, 20],
  ['one does not end', [[7]], false, 1_000],
] as const)('%s', async ([, lists, isDone, tookMs]) => {
  const clock = fakeClock();
  let looks = 0;
  let reaped = 0;
  const children = (): readonly number[] | undefined => lists[Math.min(looks++, lists.length - 1)];
  expect(await reapAll(children, () => (reaped += 1), clock)).toBe(isDone);
  expect([clock.now(), reaped]).toEqual([tookMs, looks]);
});
