import { EXIT } from '../errors.ts';
import { leave, leaveAs } from '../launch/leave.ts';
import { closeSession } from './closeSession.ts';
import { keepRunning } from './keepRunning.ts';
import { openSession } from './openSession.ts';
import type { Reload, RunOptions } from './runOptions.ts';

/** `threadguard run`: everything is opened, loaded and rehearsed before the command starts. */
export async function run(options: RunOptions, reload: Reload): Promise<void> {
  const session = await openSession(options, reload);
  const { libc } = session.system;
  const last = await keepRunning(session);
  await closeSession(session);
  if (last.gaveUp) leave(EXIT.gaveUp, libc);
  else if (last.interruptedBy !== undefined) leaveAs({ by: 'signal', signal: last.interruptedBy }, libc);
  else if (last.wasStopped) leave(EXIT.stopped, libc);
  else leaveAs(last.ended, libc);
}
