import pRetry from 'p-retry';
import type { Guard } from '../engine/guard.ts';
import type { IncidentDir } from '../evidence/incidentDir.ts';
import type { Ending } from '../launch/child.ts';
import { summaryLines } from '../reporters/banner.ts';
import type { Reporter } from '../reporters/event.ts';
import type { Holder } from '../targets/holder.ts';
import type { Voice } from './voice.ts';

/** After the child: lets go of what it left running, takes the containment back, says how it went. */
export async function sayFarewell(parts: {
  readonly guard: Guard;
  readonly holder: Holder;
  readonly ending: Ending;
  readonly cap: number | 'max';
  readonly dryRun: boolean;
  readonly incident: IncidentDir;
  readonly report: Reporter;
  readonly voice: Pick<Voice, 'status' | 'dropped'>;
  readonly now: () => number;
}): Promise<void> {
  const { ending, guard, holder, incident, report, voice } = parts;
  const leftTasks = leftBehind(holder, parts.now());
  if (leftTasks > 0) holder.release(parts.cap === 'max' ? 'max' : Math.max(leftTasks, guard.view().line ?? leftTasks));
  const summary = guard.summary();
  const cgroupRemoved = await removeHolder(holder, leftTasks);
  voice.status?.('');
  const dropped = voice.dropped();
  report({
    event: 'exit',
    message: summaryLines({
      ...summary,
      outcome: guard.wasStopped ? 'stopped by threadguard (exit 113)' : describe(ending),
      dryRun: parts.dryRun,
      incident: incident.isUsed() ? incident.path : undefined,
      leftTasks,
      leftWhere: holder.description,
      dropped,
    }).join('\n'),
    fields: {
      ...ending,
      ...summary,
      stoppedByGuard: guard.wasStopped,
      leftTasks,
      cgroupRemoved,
      dropped,
      ...(incident.isUsed() ? { incident: incident.path } : {}),
    },
  });
}

/** Tasks of the tree that outlived the child: daemons it left behind. */
function leftBehind(holder: Holder, nowMs: number): number {
  return holder.isEmpty() ? 0 : Math.max(1, holder.tasks(nowMs));
}

/** Zombies keep a cgroup busy until somebody reaps them: a few tries, then the next guard removes it. */
async function removeHolder(holder: Holder, left: number): Promise<boolean> {
  holder.close();
  if (left > 0) return false;
  try {
    await pRetry(
      () => {
        if (!holder.remove()) throw new Error('busy');
      },
      { retries: 6, minTimeout: 2, factor: 2 },
    );
    return true;
  } catch {
    return false;
  }
}

export function describe(ending: Ending): string {
  if (ending.by === 'gone') return 'ended';
  return ending.by === 'exit' ? `exit ${ending.code}` : `ended by ${ending.signal}`;
}
