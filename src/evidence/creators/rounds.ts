import type { CreationSample } from '../../core/creators.ts';
import type { JvmAnswer } from '../jvm/attachListener.ts';
import { type CreatorSearch, NOT_SAMPLED, type Sampled } from './creatorSource.ts';

const MOST_ROUNDS = 20;
const BETWEEN_MS = 1;

/**
 * Asks a runtime that tells all of its threads or none, as often as there is time. The threads that make others are among
 * them each time. A round that would take longer than is left, by the one before it, is not begun.
 */
export function sampleByAsking(ask: ((endMs: number) => JvmAnswer) | undefined, search: CreatorSearch): Sampled {
  const { endMs, now, wait } = search;
  const samples: CreationSample[] = [];
  let lastMs = 0;
  for (let round = 0; ask !== undefined && round < MOST_ROUNDS && now() + lastMs < endMs; round += 1) {
    const startMs = now();
    const answer = ask(endMs);
    if (answer.kind === 'none') break;
    for (const { frames } of answer.dump.threads) samples.push({ runtime: 'jvm', frames });
    lastMs = now() - startMs;
    wait(BETWEEN_MS);
  }
  return { ...NOT_SAMPLED, samples };
}
