import { afterEach, expect, it } from 'vitest';
import { openSource } from '../../src/canary/live.ts';
import { remainingOf } from '../../src/canary/remaining.ts';
import { makeMachine } from '../fixtures/machine.ts';

const made: { remove(): void }[] = [];
afterEach(() => {
  for (const machine of made.splice(0)) machine.remove();
});

it('of what runs it is what its ceilings leave, read once', () => {
  const machine = makeMachine('v2-service');
  made.push(machine);
  const remaining = remainingOf(machine.root, undefined, openSource(machine.root, 'pid:42'));
  expect([remaining('tasks'), remaining('processes'), remaining('memoryBytes')]).toEqual([100, 100, undefined]);
  machine.remove();
  expect(remaining('tasks')).toBe(100);
});

it('of one that has just ended, and of a recording, nothing is known', () => {
  const machine = makeMachine('v2-service');
  made.push(machine);
  const source = openSource(machine.root, 'pid:42');
  machine.remove();
  expect(remainingOf(machine.root, undefined, source)('tasks')).toBeUndefined();
  const file = { kind: 'file', series: { label: 'f', points: [] } } as const;
  expect(remainingOf(machine.root, undefined, file)('tasks')).toBeUndefined();
});
