import type { Readable } from 'node:stream';
import type { Ended } from '../core/model.ts';
import type { ThreadStartRecording } from '../evidence/jfr/threadStartRecording.ts';
import { watchProcess } from '../launch/adopted.ts';
import { type Child, startChild } from '../launch/child.ts';
import { injectOptions } from '../launch/inject.ts';
import type { StderrTail } from '../launch/stderrTail.ts';
import { readStat } from '../procfs/stat.ts';
import type { Cap, ChildTarget } from '../targets/contracts.ts';
import type { Session } from './session.ts';

/** A child that runs under the cap. */
export interface Born {
  readonly pid: number;
  readonly ended: Promise<Ended>;
}

/** Forks the command inside its containment, or takes over the service of a sidecar. Throws a GuardError when it cannot start. */
export async function bear(
  session: Session,
  target: ChildTarget,
  cap: Cap,
  run: {
    readonly recording: ThreadStartRecording | undefined;
    readonly tail: StderrTail | undefined;
  },
): Promise<Born> {
  if (session.start.sidecar !== undefined) return adopt(session, session.start.sidecar, target, cap);
  const { options, outlets, start, system } = session;
  const newSession = (readStat(system.root, 'self')?.ttyNr ?? 0) === 0;
  const given = outlets.manager?.env ?? start.notes.env;
  const env = options.launch.inject ? injectOptions(options.command, given, run.recording?.options()) : given;
  const child = await fork(session, target, cap, { env, newSession, captureStderr: run.tail !== undefined });
  session.current.pid = child.pid;
  if (child.stderr !== undefined) run.tail?.attach(child.stderr satisfies Readable);
  start.relay.attach(child.pid, !newSession);
  return child;
}

/** The service runs beside the guard; whoever wants the guard to end does not mean the service. */
function adopt({ current, system: { root } }: Session, pid: number, target: ChildTarget, cap: Cap): Born {
  const child = watchProcess(root, pid);
  target.birth.adopt(pid, cap);
  current.pid = pid;
  current.onSignal = (signal) => {
    if (signal === 'SIGTERM' || signal === 'SIGINT') child.release();
  };
  return child;
}

/** Forks inside the containment; the guard is out of it again before anything else happens. */
async function fork(
  { start: { passFds, plan, standing } }: Session,
  { birth }: ChildTarget,
  cap: Cap,
  options: { readonly env: NodeJS.ProcessEnv; readonly newSession: boolean; readonly captureStderr: boolean },
): Promise<Child> {
  birth.beforeFork(cap);
  let child: Child | undefined;
  try {
    child = standing.asBefore(() => startChild(plan, { ...options, passFds }));
  } finally {
    birth.afterFork(child?.pid === 0 ? undefined : child?.pid, cap);
  }
  // One that could not be started has a rejected end, which says why.
  if (child.pid === 0) await child.ended;
  return child;
}
