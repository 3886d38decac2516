import type { EventName } from '../policy/event.ts';
import type { TellerParts, Tellers } from '../service/tell/tellers.ts';
import type { TellingOptions } from './runOptions.ts';

/** Without `--tell` nothing of it is loaded. */
export async function openTelling({ destinations, events }: TellingOptions, parts: TellerParts): Promise<Tellers> {
  if (destinations.length === 0) {
    return { tell: () => {}, undelivered: () => 0, flush: async () => {}, close: () => {} };
  }
  const { openTellers } = await import('../service/tell/tellers.ts');
  const { parseDestination } = await import('../service/tell/destination.ts');
  return openTellers(destinations.map(parseDestination), events as readonly EventName[] | undefined, parts);
}
