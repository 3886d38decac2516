import type { GuardEvent } from '../reporters/event.ts';
import type { Tellers } from '../service/tell/tellers.ts';
import type { RunOptions } from './options.ts';

export type Telling = Tellers;

/** Without `--tell` nothing of it is loaded. */
export async function openTelling(
  { tell, tellOn }: Pick<RunOptions, 'tell' | 'tellOn'>,
  parts: {
    readonly env: NodeJS.ProcessEnv;
    readonly own: Set<number>;
    readonly host: string;
    readonly target: string;
    readonly pid: () => number | undefined;
    readonly incident: () => string | undefined;
    readonly onProblem: (text: string) => void;
  },
): Promise<Telling> {
  if (tell.length === 0) {
    return { tell: () => {}, undelivered: () => 0, flush: async () => {}, close: () => {} };
  }
  const { openTellers } = await import('../service/tell/tellers.ts');
  const { parseDestination } = await import('../service/tell/destination.ts');
  return openTellers(tell.map(parseDestination), tellOn as readonly GuardEvent['event'][] | undefined, parts);
}
