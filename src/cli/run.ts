import { basename } from 'node:path';
import { redactWords } from '../core/redact.ts';
import { escapeText } from '../core/units.ts';
import { EXIT, errnoOf, GuardError } from '../errors.ts';
import { openIncidentDir } from '../evidence/incident.ts';
import { ThreadStartRecording } from '../evidence/jfr/recording.ts';
import { type Child, type Ending, startChild } from '../guard/child.ts';
import { contain } from '../guard/contain.ts';
import { findExecutable, type LaunchPlan, planLaunch } from '../guard/exec.ts';
import { goProcesses, lastWordsOfGo } from '../guard/goProcess.ts';
import { Guard } from '../guard/guard.ts';
import type { Holder } from '../guard/holder.ts';
import { injectOptions, isJava } from '../guard/inject.ts';
import { parseLaunchNotes } from '../guard/launchNotes.ts';
import { leave, leaveAs } from '../guard/leave.ts';
import { MapsWatch } from '../guard/mapsWatch.ts';
import { openReaper } from '../guard/reaper.ts';
import { openRelay } from '../guard/relay.ts';
import { StderrTail } from '../guard/stderrTail.ts';
import { openSurroundings } from '../guard/surroundings.ts';
import { countMaps } from '../procfs/maps.ts';
import { kernelRoot } from '../procfs/root.ts';
import { readStat } from '../procfs/stat.ts';
import { bannerLines } from '../reporters/banner.ts';
import type { Reporter } from '../reporters/event.ts';
import { statusText } from '../service/notification.ts';
import { openServiceManager } from '../service/systemd.ts';
import { loadLibc } from '../sys/libc.ts';
import { lowerNiceness, raisePriority } from '../sys/priority.ts';
import { evidenceWriter } from './evidence.ts';
import { describe, sayFarewell } from './farewell.ts';
import type { RunOptions } from './options.ts';
import { activationFds, checkDescriptors, findTool, refuseWhenFull, restoreOpenFiles } from './preflight.ts';
import { openUsage, startProgress } from './progress.ts';
import { openVoice } from './voice.ts';

const FLUSH_MS = 250;
/** Beyond what a stop is known to take. */
const STOP_SLACK_MS = 5_000;

const root = kernelRoot();
const now = (): number => performance.now();

/** `threadguard run`: everything is opened, loaded and rehearsed before the child starts. */
export async function run(options: RunOptions): Promise<void> {
  const { settings } = options;
  const notes = parseLaunchNotes(process.env);
  const [file] = options.command as [string];
  findExecutable(file, notes.env['PATH']);
  const sockets = activationFds(notes.env);
  const passFds = [...new Set([...options.passFds, ...sockets])];
  checkDescriptors(options.passFds);
  if (options.jvmThreadEvents) checkJvm(options);

  const libc = loadLibc();
  const isReaper = libc?.becomeSubreaper() ?? false;
  const manager = openServiceManager(notes.env, options.notify, { libc, pid: process.pid, now });
  let childPid: number | undefined;
  const voice = openVoice(options, `command:${basename(file)}`, () => childPid, notes.env);
  const incident = openIncidentDir(
    options.incidentDir,
    notes.env,
    new Date().toISOString().replace(/[:.]/g, '-'),
    process.pid,
  );
  const maps = new MapsWatch(root, now);
  const surroundings = openSurroundings(
    root,
    { heaviest: () => maps.heaviest, perThread: () => maps.perThread, libc, now },
    (name, error) =>
      voice.report({
        event: 'error',
        message: `cannot read ${name} (${errnoOf(error)}); going on without it`,
        fields: { ceiling: name },
      }),
  );
  const reaper = openReaper(root, isReaper ? libc : undefined, () => childPid);
  let holder: Holder | undefined;
  try {
    const contained = contain(settings, root, surroundings, libc, now);
    holder = contained.holder;
    const held = holder;
    const recording = options.jvmThreadEvents ? new ThreadStartRecording(incident.scratch('jfr')) : undefined;
    const tail = options.captureStderr ? new StderrTail() : undefined;
    const evidence = evidenceWriter({
      root,
      incident,
      command: options.command,
      pid: () => childPid,
      processes: () => held.processes(),
      libc,
      pause: (_, until) => held.pause(until),
      now,
      keep: options.keep,
      recording,
      jvmOutput: options.jvmOutput,
      stderr: tail === undefined ? undefined : () => tail.text,
    });
    const report: Reporter = (event) => {
      evidence.record(event);
      voice.report(event);
      if (event.event === 'sample') manager?.status(statusText(guard.view()));
      if (event.event === 'terminate' || event.event === 'kill') {
        manager?.stopping();
        manager?.extend(settings.graceMs + STOP_SLACK_MS);
      }
    };
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
      reap: reaper.reap,
      beat: () => manager?.beat(),
      heartbeatMs: manager?.heartbeatMs,
      now,
    });
    const plan = guard.rehearse();
    refuseWhenFull(plan.ceilings);
    const relay = openRelay(root, {
      onContinue: () => guard.resume(),
      onSignal: (signal) => {
        if (signal === 'SIGTERM') manager?.stopping();
      },
    });
    const usage = voice.status === undefined ? undefined : await openUsage();
    // The first asynchronous read makes the threads of the pool: now, not when there is no room for them.
    await countMaps(root, process.pid);
    restoreOpenFiles(libc, notes);
    const scheduling = raisePriority(libc);
    const launch = planLaunch(options.command as [string, ...string[]], {
      ignoredSignals: notes.ignoredSignals,
      dieWithGuard: settings.onGuardDeath === 'kill',
      ownPid: [...(sockets.length > 0 ? ['LISTEN_PID'] : []), ...(manager?.ownPid ?? [])],
      limits: libc === undefined && notes.openFiles !== undefined ? [`--nofile=${notes.openFiles}:`] : [],
    });
    if (settings.onGuardDeath === 'kill') findTool('setpriv', notes.env);
    const losses = [
      ...(libc === undefined ? ['koffi could not be loaded: no real-time priority, no subreaper'] : []),
      ...(manager?.problem === undefined ? [] : [manager.problem]),
      ...(isReaper ? [] : ['orphans that leave the session are followed by their start time only']),
    ];
    const words = redactWords(options.command);
    const banner = bannerLines({
      settings,
      command: words.map(escapeText).join(' '),
      holder,
      ...plan,
      leash: plan.cap,
      fallbacks: contained.fallbacks,
      losses,
    });
    voice.report({
      event: 'start',
      message: banner[0] as string,
      fields: { command: words, scheduling, ceilings: plan.ceilings },
    });
    voice.report({
      event: 'contained',
      message: banner.join('\n'),
      fields: {
        by: holder.kind,
        cap: plan.cap,
        cannot: [...holder.cannot, ...losses],
        fallbacks: contained.fallbacks,
        intervalMs: plan.intervalMs,
      },
    });

    const newSession = (readStat(root, 'self')?.ttyNr ?? 0) === 0;
    const given = manager?.env ?? notes.env;
    const env = options.inject ? injectOptions(options.command, given, recording?.options()) : given;
    const child = await fork(holder, plan.cap, launch, { env, passFds, newSession, captureStderr: tail !== undefined });
    childPid = child.pid;
    if (child.stderr !== undefined) tail?.attach(child.stderr);
    relay.attach(child.pid, !newSession);
    // Not before the fork: niceness is inherited. Where real time was refused, this is all there is.
    if (scheduling !== 'realtime') lowerNiceness();
    const stopWatching = holder.onRefusal(() => guard.wake());
    const baselineTimer = setTimeout(evidence.takeBaseline, settings.startGraceMs);
    const stopProgress =
      voice.status === undefined || usage === undefined
        ? undefined
        : startProgress(guard, voice.status, usage, child.pid);
    guard.start();
    manager?.started(statusText(guard.view()));

    const ending = await child.ended;
    await guard.settled();
    await tail?.settled();
    guard.stop();
    clearTimeout(baselineTimer);
    stopProgress?.();
    stopWatching();
    reaper.close();
    reaper.reap();
    const { dryRun } = settings;
    const refused = isCrash(ending) && !guard.wasStopped ? guard.refusedFacts(describe(ending)) : undefined;
    const told = refused === undefined ? undefined : evidence.postMortem(refused);
    if (told !== undefined) report({ event: 'dump', message: told, fields: { ...refused?.verdict } });
    await sayFarewell({ guard, holder, ending, cap: plan.cap, dryRun, incident, voice: { ...voice, report }, now });
    for (const message of await evidence.finish()) voice.report({ event: 'error', message, fields: {} });
    incident.settle();
    await voice.flush(FLUSH_MS);
    relay.close();
    manager?.close();
    if (guard.wasStopped) leave(EXIT.stopped, libc);
    else leaveAs(ending, libc);
  } catch (error) {
    holder?.remove();
    incident.settle();
    throw error;
  }
}

function checkJvm({ command, inject }: RunOptions): void {
  const why = inject ? 'reaches commands called java only' : 'does nothing with --no-inject';
  if (inject && isJava(command)) return;
  throw new GuardError('no-jvm', `--jvm-thread-events ${why}`, {
    hint: 'leave it out, or give a JVM that is started otherwise the options of docs/evidence.md',
  });
}

/** Signals that somebody sends who wants it to end. */
const ASKED_TO_END: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGKILL', 'SIGPIPE'];

function isCrash(ending: Ending): boolean {
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
