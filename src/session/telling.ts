import type { EventName } from '../policy/event.ts';
import type { TellerParts, Tellers } from '../service/tell/tellers.ts';
import type { RunOptions } from './runOptions.ts';

/** Without `--tell` nothing of it is loaded. */
export async function openTelling(
  { tell, tellOn }: Pick<RunOptions, 'tell' | 'tellOn'>,
  parts: TellerParts,
): Promise<Tellers> {
  if (tell.length === 0) {
    return { tell: () => {}, undelivered: () => 0, flush: async () => {}, close: () => {} };
  }
  const { openTellers } = await import('../service/tell/tellers.ts');
  const { parseDestination } = await import('../service/tell/destination.ts');
  return openTellers(tell.map(parseDestination), tellOn as readonly EventName[] | undefined, parts);
}
