import { hostname } from 'node:os';
import { openSurroundings, type Surroundings } from '../ceilings/surroundings.ts';
import { errnoOf } from '../errors.ts';
import { openTracing } from '../evidence/creators/tracing.ts';
import { isOwnCpuLimit } from '../launch/forwardedSignals.ts';
import { type LaunchPlan, planLaunch } from '../launch/launchPlan.ts';
import { findTool, refuseWhenFull, restoreOpenFiles } from '../launch/preflight.ts';
import { openReaper } from '../launch/reaper.ts';
import { openRelay, type Relay } from '../launch/relay.ts';
import type { GuardEvent } from '../policy/event.ts';
import { countMaps } from '../procfs/maps.ts';
import { catches } from '../procfs/status.ts';
import { RLIMIT_CPU, RLIMIT_NOFILE } from '../sys/libc.ts';
import { OwnLimits } from '../sys/ownLimits.ts';
import { exposeMetrics } from './expose.ts';
import { type Ground, openGround } from './ground.ts';
import { liveSettings } from './liveSettings.ts';
import { keepReserve } from './placement.ts';
import { openUsage } from './progress.ts';
import type { Reload, RunOptions } from './runOptions.ts';
import type { Session } from './session.ts';
import { openTelling } from './telling.ts';
import { openVoice, type Voice } from './voice.ts';

/** Everything is opened, loaded and warmed. Throws a GuardError for what makes a start pointless. */
export async function openSession(options: RunOptions, reload: Reload): Promise<Session> {
  const ground = await openGround(options);
  const { current, given, manager, system, target } = ground;
  const { libc, now, own, root } = system;
  const { notes } = given;
  const pid = (): number | undefined => current.pid;
  const voice = openVoice(options.output, { target, pid, env: notes.env, libc });
  const surroundings = await openRoom(options, ground, voice);
  const onProblem = (problem: string): void => voice.report({ event: 'error', about: 'telling', problem });
  manager?.onForeign(onProblem);
  const people = {
    env: notes.env,
    own,
    fork: ground.standing.asBefore,
    host: hostname(),
    target,
    pid,
    incident: () => current.incident,
    onProblem,
  };
  const telling = await openTelling(options.telling, people);
  const undelivered = (): number => telling.undelivered();
  const exposed = await exposeMetrics(options.metrics, target, {
    now,
    onProblem,
    undelivered,
    openFiles: openFilesOf(ground),
  });
  const report = (event: GuardEvent): void => {
    current.record(event);
    voice.report(event);
    exposed.record(event);
    telling.tell(event);
  };
  const settings = liveSettings(options, { read: reload, report, onSwap: (next) => current.reload(next) });
  const relay = openSignals(options, ground, () => settings.reload());
  const usage = voice.status === undefined ? undefined : await openUsage();
  // The first asynchronous read makes the threads of the pool: now, not when there is no room for them.
  await countMaps(root, process.pid);
  restoreOpenFiles(libc, notes);
  ground.standing.raise();
  return {
    options,
    settings,
    target,
    system: { ...system, surroundings, tracing: openTracing(root) },
    start: {
      notes,
      executable: given.executable,
      plan: launchOf(options, ground),
      passFds: [...new Set([...options.launch.passFds, ...given.sockets, ...notes.descriptors])],
      sidecar: given.sidecar,
      standing: ground.standing,
      reaper: openReaper(root, system.isReaper ? libc : undefined, pid, own),
      relay,
      limits: new OwnLimits(libc),
      losses: lossesOf(ground),
    },
    outlets: { voice, manager, telling, exposed, usage },
    current,
    report,
  };
}

/** The soft limit that the guard will work under; Node has raised its own for now. */
function openFilesOf({ given: { notes }, system: { libc } }: Ground): number | undefined {
  const limit = notes.openFiles ?? libc?.getLimit(0, RLIMIT_NOFILE)?.soft;
  return limit === undefined ? undefined : Number(limit);
}

/** The ceilings around the guard, where it stands now. Throws where nothing more fits under one of them. */
async function openRoom(
  { settings }: RunOptions,
  { current, given, placement, system }: Ground,
  voice: Voice,
): Promise<Surroundings> {
  const heaviest = () => current.maps.heaviest;
  const perThread = () => current.maps.perThread;
  const { libc, now, root } = system;
  const surroundings = openSurroundings(root, { heaviest, perThread, libc, now }, (name, error) => {
    const problem = `cannot read ${name} (${errnoOf(error)}); going on without it`;
    voice.report({ event: 'error', about: 'ceiling', problem, details: { ceiling: name } });
  });
  const ceilings = surroundings.readCeilings();
  refuseWhenFull(ceilings);
  const placing = { root, env: given.notes.env, uid: process.getuid?.() ?? 0 };
  await keepReserve(placement, ceilings, settings.budget.reserve, placing);
  return surroundings;
}

function openSignals(
  { service }: RunOptions,
  { current, manager, system: { libc, root } }: Ground,
  reload: () => Promise<void>,
): Relay {
  const hasConfig = service.config !== undefined;
  return openRelay(root, {
    onContinue: () => current.onContinue(),
    onSignal: (signal) => {
      current.signals.add(signal);
      if (signal === 'SIGTERM') manager?.stopping();
      if (signal === 'SIGHUP' && hasConfig) void reload();
      current.onSignal(signal);
    },
    mayForward: (signal, child) => {
      if (signal === 'SIGXCPU') return !isOwnCpuLimit(usedCpuMs(), libc?.getLimit(0, RLIMIT_CPU)?.soft);
      // With a configuration SIGHUP is the guard's own. A command that waits for it gets it too; one that would die of it
      // does not.
      return signal !== 'SIGHUP' || !hasConfig || catches(root, child, signal);
    },
  });
}

function usedCpuMs(): number {
  const { system, user } = process.cpuUsage();
  return (system + user) / 1000;
}

function launchOf(
  { command, settings }: RunOptions,
  { given: { notes, sockets }, manager, system: { libc } }: Ground,
): LaunchPlan {
  const dieWithGuard = settings.onGuardDeath === 'kill';
  if (dieWithGuard) findTool('setpriv', notes.env);
  return planLaunch(command as [string, ...string[]], {
    ignoredSignals: notes.ignoredSignals,
    dieWithGuard,
    ownPid: [...(sockets.length > 0 ? ['LISTEN_PID'] : []), ...(manager?.ownPid ?? [])],
    limits: libc === undefined && notes.openFiles !== undefined ? [`--nofile=${notes.openFiles}:`] : [],
  });
}

/** What could not be had, each a sentence. */
function lossesOf({ manager, placement, system: { isReaper, libc } }: Ground): string[] {
  return [
    ...(libc === undefined ? ['koffi could not be loaded: no real-time priority, no subreaper'] : []),
    ...(manager?.problem === undefined ? [] : [manager.problem]),
    ...placement.notes,
    ...(isReaper ? [] : ['orphans that leave the session are followed by their start time only']),
  ];
}
