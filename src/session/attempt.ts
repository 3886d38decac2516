import type { Ended } from '../core/model.ts';
import { Engine } from '../engine/engine.ts';
import { MapsWatch } from '../engine/mapsWatch.ts';
import { Track } from '../engine/track.ts';
import { viewOf } from '../engine/trackView.ts';
import type { CreationWatch } from '../evidence/creators/creationWatch.ts';
import { watchCreations } from '../evidence/creators/watchCreations.ts';
import type { IncidentDir } from '../evidence/incidentDir.ts';
import { ThreadStartRecording } from '../evidence/jfr/threadStartRecording.ts';
import { StderrTail } from '../launch/stderrTail.ts';
import type { GuardEvent } from '../policy/event.ts';
import type { Opinion } from '../policy/verdict.ts';
import { statusText } from '../service/notification.ts';
import { systemClock } from '../sys/clock.ts';
import { contain } from '../targets/contain.ts';
import type { ChildTarget } from '../targets/contracts.ts';
import { KILL_MS } from '../targets/killTree.ts';
import { announce } from './announce.ts';
import { type Born, bear } from './birth.ts';
import { evidenceSource } from './evidenceSource.ts';
import { targetView } from './expose.ts';
import { sayFarewell } from './farewell.ts';
import { IncidentWriter } from './incidentWriter.ts';
import { openIncident } from './openIncident.ts';
import { whyItDied } from './postMortem.ts';
import { startProgress } from './progress.ts';
import type { Session } from './session.ts';

/** How one run of the command went. */
export interface Outcome {
  readonly ended: Ended;
  /** Whether the guard ended it. */
  readonly wasStopped: boolean;
  /** Why it tripped; also where it ended by itself of what was refused to it. */
  readonly tripped: Opinion | undefined;
  /** Whether it was calm when it ended. */
  readonly wasCalm: boolean;
  readonly uptimeMs: number;
  /** Where the evidence is. */
  readonly incident: string | undefined;
}

/** Beyond the grace, and the longest that a kill may take. */
const STOP_SLACK_MS = KILL_MS + 5_000;

/** Guards one run of the command, from its containment to its farewell. */
export async function runOnce(session: Session, attempt: number): Promise<Outcome> {
  const { current, settings, start, system } = session;
  const { now, root } = system;
  current.pid = undefined;
  current.maps = new MapsWatch(root, now);
  const losses: string[] = [];
  const incident = openIncident(session, attempt, (sentence) => losses.push(sentence));
  let target: ChildTarget | undefined;
  let creations: CreationWatch | undefined;
  try {
    const isSidecar = start.sidecar !== undefined;
    const contained = contain(settings.now, { ...system, isSidecar });
    const { meter } = contained.target;
    target = contained.target;
    creations = recordCreations(system, target, (sentence) => losses.push(sentence));
    current.processes = () => meter.processes();
    const run = prepare(session, target, incident, creations);
    const plan = run.track.rehearse();
    const { ceilings } = run.track.observer.headroom;
    announce(session, { ...contained, plan, attempt, ceilings, losses, recordsCreators: creations !== undefined });
    const born = await bear(session, target, plan.cap, run);
    creations?.follow(born.pid);
    const startedMs = now();
    const finish = follow(session, run, born, attempt);
    const ended = await born.ended;
    start.relay.detach();
    creations?.end();
    await run.track.settled();
    await run.tail?.settled();
    finish();
    const died = whyItDied(session, run, ended);
    const outcome = {
      ended,
      wasStopped: run.track.wasStopped,
      wasCalm: run.track.stage.at === 'calm',
      uptimeMs: now() - startedMs,
    };
    // Nobody follows a service that outlives its sidecar: it is let go.
    await sayFarewell(session, run, { ended, cap: isSidecar ? 'max' : plan.cap, incident });
    for (const problem of await run.evidence.finish())
      session.outlets.voice.report({ event: 'error', about: 'evidence', problem });
    incident.settle();
    const tripped = died ?? run.tripped;
    return { ...outcome, tripped, incident: incident.isUsed() ? incident.path : undefined };
  } catch (error) {
    target?.remove();
    incident.settle();
    throw error;
  } finally {
    creations?.close();
    current.pid = undefined;
    current.processes = () => [];
    current.record = () => {};
    current.onContinue = () => {};
    current.reload = () => {};
  }
}

/** The kernel's record of who makes its tasks; `undefined`, and a sentence, where it may not be had. */
function recordCreations(
  { root, tracing }: Session['system'],
  { meter }: ChildTarget,
  lose: (sentence: string) => void,
): CreationWatch | undefined {
  const watch = watchCreations(root, tracing, {
    processes: () => meter.processes(),
    tasks: () => meter.recount(),
  });
  if (!('why' in watch)) return watch;
  lose(`who makes its tasks is sampled, not recorded by the kernel: ${watch.why}`);
  return undefined;
}

/** What one run of the command is made of. */
export interface Run {
  readonly target: ChildTarget;
  readonly engine: Engine;
  readonly track: Track;
  readonly evidence: IncidentWriter;
  readonly recording: ThreadStartRecording | undefined;
  readonly tail: StderrTail | undefined;
  /** Why it tripped, as it was told. */
  tripped: Opinion | undefined;
}

/** Everything that the loop needs, before the child starts. */
function prepare(
  session: Session,
  target: ChildTarget,
  incident: IncidentDir,
  creations: CreationWatch | undefined,
): Run {
  const { current, options, outlets, settings, start, system } = session;
  const { libc, now, root, surroundings } = system;
  const { manager } = outlets;
  const recording = options.evidence.jvmThreadEvents ? new ThreadStartRecording(incident.scratch('jfr')) : undefined;
  const tail = options.evidence.captureStderr ? new StderrTail() : undefined;
  const evidence = new IncidentWriter({
    root,
    libc,
    now,
    pause: (_, until) => target.brake.pause(until),
    recording,
    creations,
    jvmOutput: options.evidence.jvmOutput,
    incident,
    target: {
      command: options.command,
      pid: () => current.pid,
      processes: () => target.meter.processes(),
      stderr: tail === undefined ? undefined : () => tail.text,
    },
    keep: options.evidence.keep,
  });
  const engine = new Engine(systemClock);
  const track = new Track({
    id: session.target,
    target,
    ceilings: surroundings,
    maps: current.maps,
    settings: settings.now,
    evidence: evidenceSource(session, { evidence, target, tail, extend: (ms) => manager?.extend(ms + STOP_SLACK_MS) }),
    report: session.report,
    reap: start.reaper.reap,
    pulse: {
      begins: () => {
        for (const problem of start.limits.keep()) session.report({ event: 'error', about: 'action', problem });
      },
      beat: () => manager?.beat(),
      looked: outlets.exposed.looked,
      heartbeatMs: manager?.heartbeatMs,
    },
    clock: systemClock,
  });
  const run: Run = { target, engine, track, evidence, recording, tail, tripped: undefined };
  current.record = (event) => record(session, run, incident, event);
  current.reload = (next) => {
    track.reload(next);
    engine.wake(track);
  };
  return run;
}

/** What a run itself does with an event. */
function record({ current, options, outlets }: Session, run: Run, incident: IncidentDir, event: GuardEvent): void {
  const { manager } = outlets;
  if (event.event === 'trip') run.tripped = event.opinion;
  run.evidence.record(event);
  if (incident.isUsed()) current.incident = incident.path;
  if (event.event === 'sample') manager?.status(statusText(viewOf(run.track)));
  if (event.event !== 'terminate' && event.event !== 'kill') return;
  if (options.restart.mode === 'no') manager?.stopping();
  manager?.extend((run.track.stage.at === 'terminating' ? run.track.stage.reach.graceMs : 0) + STOP_SLACK_MS);
}

/** From the birth of the child to its end. Returns what ends the looking. */
function follow(session: Session, run: Run, born: Born, attempt: number): () => void {
  const { current, outlets, settings, start } = session;
  const { exposed, manager, usage, voice } = outlets;
  const { engine, target, track } = run;
  current.onContinue = () => {
    track.resume();
    engine.wake(track);
  };
  const stopWatching = target.meter.onRefusal(() => engine.wake(track));
  current.maps.onMove(() => engine.wake(track));
  const baselineTimer = setTimeout(run.evidence.takeBaseline, settings.now.startGraceMs);
  const stopProgress =
    voice.status === undefined || usage === undefined
      ? undefined
      : startProgress(() => viewOf(track), voice.status, usage, born.pid);
  exposed.follow(() => targetView(track, target));
  track.begin();
  engine.add(track);
  if (attempt === 1) manager?.started(statusText(viewOf(track)));
  return () => {
    engine.stop();
    current.maps.onMove(undefined);
    clearTimeout(baselineTimer);
    stopProgress?.();
    stopWatching();
    exposed.follow(undefined);
    start.reaper.reap();
  };
}
