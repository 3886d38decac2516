import type { BombLine } from './bomb.ts';
import type { DrillFacts, DrillSign } from './judge.ts';

/** What a line of the bomb is a sign of; the others are none. */
const SIGN_OF: Readonly<Partial<Record<BombLine['bomb'], DrillSign>>> = { refused: 'refusal', over: 'over' };

/** The first sign that the bomb had come to its budget: what it said itself, or the guard's trip. `undefined` for none. */
export function firstSign(bomb: readonly BombLine[], tripMs: number | undefined): DrillFacts['sign'] {
  const told = bomb.map(({ bomb: what, timeMs }) => ({ by: SIGN_OF[what], timeMs }));
  const tripped = tripMs === undefined ? [] : [{ by: 'trip' as const, timeMs: tripMs }];
  return [...told, ...tripped]
    .flatMap(({ by, timeMs }) => (by === undefined ? [] : [{ by, timeMs }]))
    .sort((a, b) => a.timeMs - b.timeMs)[0];
}
