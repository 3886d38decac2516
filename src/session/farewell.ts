import pRetry from 'p-retry';
import type { Ended } from '../core/model.ts';
import { pacedLoop } from '../core/pacedLoop.ts';
import { summaryOf } from '../engine/trackView.ts';
import type { IncidentDir } from '../evidence/incidentDir.ts';
import { systemClock } from '../sys/clock.ts';
import type { Cap, Target } from '../targets/contracts.ts';
import { killTree } from '../targets/killTree.ts';
import type { Run } from './attempt.ts';
import type { Session } from './session.ts';

const DAEMONS_LOOK_MS = 20;
/** Two seconds in all. */
const REMOVE_RETRIES = 25;
const MOST_RETRY_MS = 100;

/** After the child: lets go of what it left running, takes the containment back, says how it went. */
export async function sayFarewell(
  session: Session,
  { target, track }: Run,
  end: { readonly ended: Ended; readonly cap: Cap; readonly incident: IncidentDir },
): Promise<void> {
  const { options, outlets, report, settings, system } = session;
  const { voice } = outlets;
  const { cap, ended, incident } = end;
  const outlived = leftBehind(target, system.now());
  if (outlived > 0 && options.launch.onDaemons === 'kill' && !settings.now.dryRun) await endDaemons(session, target);
  const leftTasks = outlived === 0 ? 0 : leftBehind(target, system.now());
  const line = track.observer.capLine ?? leftTasks;
  if (leftTasks > 0) target.brake.release(cap === 'max' ? 'max' : Math.max(leftTasks, line));
  const summary = summaryOf(track, target.meter.refused(), target.meter.peak);
  const cgroupRemoved = await removeTarget(session, target, leftTasks);
  voice.status?.('');
  report({
    event: 'exit',
    ended,
    stoppedByGuard: track.wasStopped,
    dryRun: settings.now.dryRun,
    summary,
    leftTasks,
    leftWhere: target.hold.description,
    endedTasks: Math.max(0, outlived - leftTasks),
    cgroupRemoved,
    dropped: voice.dropped(),
    ...(incident.isUsed() ? { incident: incident.path } : {}),
  });
}

/** Tasks of the tree that outlived the child: daemons it left behind. */
function leftBehind({ end, meter }: Target, nowMs: number): number {
  return end.isEmpty() ? 0 : Math.max(1, meter.tasks(nowMs));
}

/** SIGTERM to all that outlived the command; what is there after the grace is killed. */
async function endDaemons({ settings, start: { reaper } }: Session, target: Target): Promise<void> {
  target.end.signal('SIGTERM');
  await pacedLoop({ everyMs: DAEMONS_LOOK_MS, forMs: settings.now.graceMs }, systemClock, () => {
    reaper.reap();
    return !target.end.isEmpty();
  });
  if (!target.end.isEmpty()) await killTree({ target, reap: reaper.reap, clock: systemClock });
}

/**
 * Zombies keep a cgroup busy until somebody reaps them, and the dead of a loaded machine have to wait for a processor before
 * they are zombies: some tries, then the next guard removes it.
 */
async function removeTarget({ start: { reaper } }: Session, target: Target, left: number): Promise<boolean> {
  await target.close();
  if (left > 0) return false;
  try {
    await pRetry(
      () => {
        reaper.reap();
        if (!target.remove()) throw new Error('busy');
      },
      { retries: REMOVE_RETRIES, minTimeout: 2, maxTimeout: MOST_RETRY_MS, factor: 2 },
    );
    return true;
  } catch {
    return false;
  }
}
