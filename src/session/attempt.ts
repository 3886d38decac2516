import { redactWords } from '../core/redact.ts';
import { escapeText } from '../core/units.ts';
import { Guard } from '../engine/guard.ts';
import { MapsWatch } from '../engine/mapsWatch.ts';
import { GuardError } from '../errors.ts';
import { type IncidentDir, openIncidentDir, unkeptIncident } from '../evidence/incidentDir.ts';
import { ThreadStartRecording } from '../evidence/jfr/recording.ts';
import { watchProcess } from '../launch/adopted.ts';
import { type Child, type Ending, startChild } from '../launch/child.ts';
import { injectOptions } from '../launch/inject.ts';
import type { LaunchPlan } from '../launch/launchPlan.ts';
import { StderrTail } from '../launch/stderrTail.ts';
import { readStat } from '../procfs/stat.ts';
import { bannerLines } from '../reporters/banner.ts';
import { statusText } from '../service/notification.ts';
import { lowerNiceness, restoreNiceness } from '../sys/priority.ts';
import { contain } from '../targets/contain.ts';
import { goProcesses, lastWordsOfGo } from '../targets/goProcess.ts';
import type { Holder } from '../targets/holder.ts';
import type { TargetView } from './expose.ts';
import { describe, sayFarewell } from './farewell.ts';
import { evidenceWriter } from './incidentWriter.ts';
import { startProgress } from './progress.ts';
import type { Session } from './session.ts';

/** How one run of the command went. */
export interface Outcome {
  readonly ending: Ending;
  readonly wasStopped: boolean;
  /** Whether the guard was at ease when it ended. */
  readonly wasCalm: boolean;
  readonly uptimeMs: number;
  /** Why it tripped, and where the evidence is. */
  readonly reason: string | undefined;
  readonly incident: string | undefined;
}

/** Beyond what a stop is known to take. */
const STOP_SLACK_MS = 5_000;

/** Guards one run of the command, from its containment to its farewell. */
export async function runOnce(session: Session, attempt: number): Promise<Outcome> {
  const { current, libc, manager, now, options, root, settings, surroundings, voice } = session;
  current.pid = undefined;
  current.maps = new MapsWatch(root, now);
  const maps = current.maps;
  const incident = openIncident(session, attempt);
  let holder: Holder | undefined;
  try {
    const contained = contain(settings, root, surroundings, libc, now, session.own, session.sidecar !== undefined);
    holder = contained.holder;
    const held = holder;
    const recording = options.evidence.jvmThreadEvents ? new ThreadStartRecording(incident.scratch('jfr')) : undefined;
    const tail = options.evidence.captureStderr ? new StderrTail() : undefined;
    const evidence = evidenceWriter({
      root,
      incident,
      command: options.command,
      pid: () => current.pid,
      processes: () => held.processes(),
      libc,
      pause: (_, until) => held.pause(until),
      now,
      keep: options.evidence.keep,
      recording,
      jvmOutput: options.evidence.jvmOutput,
      stderr: tail === undefined ? undefined : () => tail.text,
    });
    let reason: string | undefined;
    current.record = (event) => {
      if (event.event === 'trip') reason = event.message;
      evidence.record(event);
      if (incident.isUsed()) current.incident = incident.path;
      if (event.event === 'sample') manager?.status(statusText(guard.view()));
      if (event.event === 'terminate' || event.event === 'kill') {
        if (options.restart.mode === 'no') manager?.stopping();
        manager?.extend(settings.graceMs + STOP_SLACK_MS);
      }
    };
    const { report } = session;
    const guard = new Guard({
      settings,
      holder,
      surroundings,
      maps,
      report,
      dump: (facts, timeoutMs) => {
        manager?.extend(timeoutMs + STOP_SLACK_MS);
        return evidence.dump(facts, timeoutMs);
      },
      diesOfRefusal: () => goProcesses(root, held.processes()).length > 0,
      lastWords: async () => {
        if (tail === undefined) return;
        await lastWordsOfGo(root, held.processes(), { now, timeoutMs: settings.dumpTimeoutMs });
      },
      reap: session.reaper.reap,
      beat: () => manager?.beat(),
      looked: session.exposed.looked,
      heartbeatMs: manager?.heartbeatMs,
      now,
    });
    const plan = guard.rehearse();
    const words = redactWords(options.command);
    const banner = bannerLines({
      settings,
      command: words.map(escapeText).join(' '),
      holder,
      ...plan,
      leash: plan.cap,
      fallbacks: contained.fallbacks,
      losses: session.losses,
      metrics: session.exposed.address,
    });
    report({
      event: 'start',
      message: banner[0] as string,
      fields: { command: words, scheduling: session.scheduling, ceilings: plan.ceilings, attempt },
    });
    report({
      event: 'contained',
      message: attempt === 1 ? banner.join('\n') : (banner.find((line) => line.startsWith('held by')) ?? ''),
      fields: {
        by: holder.kind,
        cap: plan.cap,
        cannot: [...holder.cannot, ...session.losses],
        fallbacks: contained.fallbacks,
        intervalMs: plan.intervalMs,
      },
    });

    const newSession = (readStat(root, 'self')?.ttyNr ?? 0) === 0;
    const given = manager?.env ?? session.notes.env;
    const env = options.launch.inject ? injectOptions(options.command, given, recording?.options()) : given;
    // Niceness is inherited; where real time was refused, a run before this one has lowered the guard's own.
    if (attempt > 1 && session.scheduling !== 'realtime') restoreNiceness();
    const child =
      session.sidecar === undefined
        ? await fork(holder, plan.cap, session.launch, {
            env,
            passFds: session.passFds,
            newSession,
            captureStderr: tail !== undefined,
          })
        : adopt(session, session.sidecar, holder, plan.cap);
    const startedMs = now();
    current.pid = child.pid;
    if (child.stderr !== undefined) tail?.attach(child.stderr);
    if (session.sidecar === undefined) session.relay.attach(child.pid, !newSession);
    current.onContinue = () => guard.resume();
    if (session.scheduling !== 'realtime') lowerNiceness();
    const stopWatching = holder.onRefusal(() => guard.wake());
    const baselineTimer = setTimeout(evidence.takeBaseline, settings.startGraceMs);
    const stopProgress =
      voice.status === undefined || session.usage === undefined
        ? undefined
        : startProgress(guard, voice.status, session.usage, child.pid);
    session.exposed.follow(() => viewOf(guard, held));
    guard.start();
    if (attempt === 1) manager?.started(statusText(guard.view()));

    const ending = await child.ended;
    session.relay.detach();
    await guard.settled();
    await tail?.settled();
    guard.stop();
    clearTimeout(baselineTimer);
    stopProgress?.();
    stopWatching();
    session.exposed.follow(undefined);
    session.reaper.reap();
    const uptimeMs = now() - startedMs;
    const wasCalm = guard.view().stage === 'calm';
    const { dryRun } = settings;
    const refused = isCrash(ending) && !guard.wasStopped ? guard.refusedFacts(describe(ending)) : undefined;
    const told = refused === undefined ? undefined : evidence.postMortem(refused);
    if (told !== undefined) report({ event: 'dump', message: told, fields: { ...refused?.verdict } });
    // Nobody follows a service that outlives its sidecar: it is let go.
    const cap = session.sidecar === undefined ? plan.cap : 'max';
    await sayFarewell({ guard, holder, ending, cap, dryRun, incident, report, voice, now });
    for (const message of await evidence.finish()) voice.report({ event: 'error', message, fields: {} });
    incident.settle();
    current.pid = undefined;
    current.record = () => {};
    current.onContinue = () => {};
    return {
      ending,
      wasStopped: guard.wasStopped,
      wasCalm,
      uptimeMs,
      reason,
      incident: incident.isUsed() ? incident.path : undefined,
    };
  } catch (error) {
    holder?.remove();
    incident.settle();
    throw error;
  }
}

/** The service runs beside the guard; whoever wants the guard to end does not mean the service. */
function adopt({ current, root }: Session, pid: number, holder: Holder, cap: number | 'max'): Child {
  const child = watchProcess(root, pid);
  holder.adopt(pid, cap);
  current.onSignal = (signal) => {
    if (signal === 'SIGTERM' || signal === 'SIGINT') child.release();
  };
  return child;
}

/** A service that is to be started again is: a full disk may cost it its evidence, not its life. */
function openIncident({ notes, options, report }: Session, attempt: number): IncidentDir {
  try {
    return openIncidentDir(
      options.evidence.incidentDir,
      notes.env,
      new Date().toISOString().replace(/[:.]/g, '-'),
      process.pid,
    );
  } catch (error) {
    if (attempt === 1 || !(error instanceof GuardError)) throw error;
    report({ event: 'error', message: `${error.message}: this run leaves no evidence`, fields: {} });
    return unkeptIncident(error);
  }
}

function viewOf(guard: Guard, holder: Holder): TargetView {
  const { growth, line, maps, stage, tasks } = guard.view();
  const { lateness, refused } = guard.summary();
  return {
    tasks,
    processes: holder.processes().length,
    maps,
    growth,
    stage,
    line,
    refused,
    ceilings: guard.ceilings,
    sampledAtMs: Date.now() - guard.sinceSampleMs,
    lateness,
  };
}

/** Signals that somebody sends who wants it to end. */
const ASKED_TO_END: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGKILL', 'SIGPIPE'];

function isCrash(ending: Ending): boolean {
  if (ending.by === 'gone') return false;
  return ending.by === 'exit' ? ending.code !== 0 : !ASKED_TO_END.includes(ending.signal);
}

/** Forks inside the containment; the guard is out of it again before anything else happens. */
async function fork(
  holder: Holder,
  cap: number | 'max',
  launch: LaunchPlan,
  options: Parameters<typeof startChild>[1],
): Promise<Child> {
  holder.beforeFork(cap);
  let child: Child | undefined;
  try {
    child = startChild(launch, options);
  } finally {
    holder.afterFork(child?.pid === 0 ? undefined : child?.pid, cap);
  }
  if (child.pid === 0) await child.ended;
  return child;
}
