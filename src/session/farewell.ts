import pRetry from 'p-retry';
import type { Ended } from '../core/model.ts';
import { summaryOf } from '../engine/trackView.ts';
import type { IncidentDir } from '../evidence/incidentDir.ts';
import type { Cap, Target } from '../targets/contracts.ts';
import type { Run } from './attempt.ts';
import type { Session } from './session.ts';

/** After the child: lets go of what it left running, takes the containment back, says how it went. */
export async function sayFarewell(
  { now, report, settings, voice }: Session,
  { target, track }: Run,
  end: { readonly ended: Ended; readonly cap: Cap; readonly incident: IncidentDir },
): Promise<void> {
  const { cap, ended, incident } = end;
  const leftTasks = leftBehind(target, now());
  const line = track.observer.capLine ?? leftTasks;
  if (leftTasks > 0) target.brake.release(cap === 'max' ? 'max' : Math.max(leftTasks, line));
  const summary = summaryOf(track, target.meter.refused());
  const cgroupRemoved = await removeTarget(target, leftTasks);
  voice.status?.('');
  report({
    event: 'exit',
    ended,
    stoppedByGuard: track.wasStopped,
    dryRun: settings.now.dryRun,
    summary,
    leftTasks,
    leftWhere: target.hold.description,
    cgroupRemoved,
    dropped: voice.dropped(),
    ...(incident.isUsed() ? { incident: incident.path } : {}),
  });
}

/** Tasks of the tree that outlived the child: daemons it left behind. */
function leftBehind({ end, meter }: Target, nowMs: number): number {
  return end.isEmpty() ? 0 : Math.max(1, meter.tasks(nowMs));
}

/** Zombies keep a cgroup busy until somebody reaps them: a few tries, then the next guard removes it. */
async function removeTarget(target: Target, left: number): Promise<boolean> {
  await target.close();
  if (left > 0) return false;
  try {
    await pRetry(
      () => {
        if (!target.remove()) throw new Error('busy');
      },
      { retries: 6, minTimeout: 2, factor: 2 },
    );
    return true;
  } catch {
    return false;
  }
}
