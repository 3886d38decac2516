import { expect, it } from 'vitest';
import type { BombLine } from '../../src/drill/bomb.ts';
import { firstSign } from '../../src/drill/sign.ts';

const line = (bomb: BombLine['bomb'], timeMs: number): BombLine => ({ bomb, pid: 1, made: 0, timeMs });

it.for<[string, readonly BombLine[], number | undefined, object | undefined]>([
  ['a refusal, then the trip', [line('started', 1), line('refused', 20)], 90, { by: 'refusal', timeMs: 20 }],
  ['nothing held: over, then the trip', [line('started', 1), line('over', 30)], 90, { by: 'over', timeMs: 30 }],
  [
    'over, and refused later by what stands around',
    [line('over', 30), line('refused', 40)],
    90,
    { by: 'over', timeMs: 30 },
  ],
  ['a guard that trips early', [line('started', 1), line('over', 95)], 90, { by: 'trip', timeMs: 90 }],
  ['a bomb whose words are lost', [], 90, { by: 'trip', timeMs: 90 }],
  ['a bomb that ended by itself', [line('started', 1), line('ended', 99)], undefined, undefined],
  ['nothing at all', [], undefined, undefined],
])('%s', ([, bomb, tripMs, want]) => {
  expect(firstSign(bomb, tripMs)).toEqual(want);
});
