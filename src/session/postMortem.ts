import type { Ended } from '../core/model.ts';
import { refusedToDeath } from '../engine/trackView.ts';
import type { Opinion } from '../policy/verdict.ts';
import { endedText } from '../reporters/summary.ts';
import type { Run } from './attempt.ts';
import type { Session } from './session.ts';

/** Signals that somebody sends who wants it to end. */
const ASKED_TO_END: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGKILL', 'SIGPIPE'];

/** A command that ended by itself of what the kernel had refused it counts as tripped, with its own exit status. */
export function whyItDied(
  { report, system: { now } }: Session,
  { evidence, target, track }: Run,
  ended: Ended,
): Opinion | undefined {
  const isCrash =
    ended.by === 'signal' ? !ASKED_TO_END.includes(ended.signal) : ended.by === 'exit' && ended.code !== 0;
  if (!isCrash || track.because !== undefined) return undefined;
  const refused = target.meter.refused();
  const facts = refusedToDeath(track, { ended: endedText(ended), refused, nowMs: now() });
  if (facts === undefined) return undefined;
  const { opinion, tasks } = facts;
  report({ event: 'trip', opinion, tasks });
  const dumped = evidence.postMortem(facts);
  if (dumped !== undefined) report({ event: 'dump', tasks, ...dumped, postMortem: opinion });
  return opinion;
}
