import { hostname } from 'node:os';
import { basename } from 'node:path';
import { openSurroundings, type Surroundings } from '../ceilings/surroundings.ts';
import { bindingCeiling } from '../core/ceiling.ts';
import { MapsWatch } from '../engine/mapsWatch.ts';
import { errnoOf, GuardError } from '../errors.ts';
import { isJava } from '../launch/inject.ts';
import { type LaunchNotes, parseLaunchNotes } from '../launch/launchNotes.ts';
import { findExecutable, type LaunchPlan, planLaunch } from '../launch/launchPlan.ts';
import { activationFds, checkDescriptors, findTool, refuseWhenFull, restoreOpenFiles } from '../launch/preflight.ts';
import { openReaper, type Reaper } from '../launch/reaper.ts';
import { openRelay, type Relay } from '../launch/relay.ts';
import type { GuardEvent, Reporter } from '../policy/event.ts';
import type { Settings } from '../policy/settings.ts';
import { countMaps } from '../procfs/maps.ts';
import { type KernelRoot, kernelRoot } from '../procfs/root.ts';
import { readStat } from '../procfs/stat.ts';
import { catches } from '../procfs/status.ts';
import { openServiceManager, type ServiceManager } from '../service/systemd.ts';
import type { Tellers } from '../service/tell/tellers.ts';
import { type Libc, loadLibc } from '../sys/libc.ts';
import { raisePriority, type Scheduling } from '../sys/priority.ts';
import { type Exposed, exposeMetrics } from './expose.ts';
import { type LiveSettings, liveSettings } from './liveSettings.ts';
import { AS_IT_WAS, keepReserve, takePlace } from './placement.ts';
import { openUsage, type Usage } from './progress.ts';
import type { Reload, RunOptions } from './runOptions.ts';
import { sidecarOf } from './sidecar.ts';
import { openTelling } from './telling.ts';
import { openVoice, type Voice } from './voice.ts';

/** Everything that lives as long as the guard, over all runs of the command: opened, loaded and warmed before the first. */
export interface Session {
  readonly root: KernelRoot;
  readonly now: () => number;
  readonly options: RunOptions;
  /** The settings in force; SIGHUP swaps the snapshot. */
  readonly settings: LiveSettings;
  readonly notes: LaunchNotes;
  readonly target: string;
  readonly executable: string;
  readonly libc: Libc | undefined;
  readonly manager: ServiceManager | undefined;
  readonly voice: Voice;
  readonly surroundings: Surroundings;
  readonly reaper: Reaper;
  readonly relay: Relay;
  readonly telling: Tellers;
  readonly exposed: Exposed;
  readonly usage: Usage | undefined;
  readonly scheduling: Scheduling;
  readonly launch: LaunchPlan;
  readonly passFds: readonly number[];
  /** The service beside which the guard runs; `undefined` where it starts the command itself. */
  readonly sidecar: number | undefined;
  /** Processes that the guard makes for itself. */
  readonly own: ReadonlySet<number> & Set<number>;
  /** What could not be had, each a sentence. */
  readonly losses: readonly string[];
  /** The run that is under way; what concerns all runs reaches it through here. */
  readonly current: Current;
  /** Says it wherever somebody listens. */
  readonly report: Reporter;
}

/** Of the run that is under way. */
export interface Current {
  pid: number | undefined;
  maps: MapsWatch;
  incident: string | undefined;
  /** What the run itself does with an event. */
  record: Reporter;
  onContinue: () => void;
  /** A new snapshot of settings is in force. */
  reload: (settings: Settings) => void;
  /** Signals that came from outside, since the start. */
  readonly signals: Set<NodeJS.Signals>;
  /** Called for each signal. */
  onSignal: (signal: NodeJS.Signals) => void;
}

/** Throws a GuardError for everything that makes a start pointless. */
export async function openSession(options: RunOptions, reload: Reload): Promise<Session> {
  const root = kernelRoot();
  const now = (): number => performance.now();
  const notes = parseLaunchNotes(process.env);
  const [file, next] = options.command as [string, string | undefined];
  const executable = findExecutable(file, notes.env['PATH']);
  if (basename(file) === 'threadguard' && next === 'run') {
    throw new GuardError('two-guards', 'the command is guarded already: it is threadguard run itself', {
      hint: 'one guard is enough: give its options to one of them',
    });
  }
  const sockets = activationFds(notes.env);
  checkDescriptors(options.launch.passFds);
  if (options.evidence.jvmThreadEvents) checkJvm(options);

  const sidecar = options.launch.sidecar ? sidecarOf(options, root, process.env) : undefined;
  const libc = loadLibc();
  const isReaper = libc?.becomeSubreaper() ?? false;
  const uid = process.getuid?.() ?? 0;
  const placing = { root, libc, uid, env: notes.env, command: options.command, now };
  const placement = sidecar === undefined ? await takePlace(options.settings, placing) : AS_IT_WAS;
  const manager = openServiceManager(notes.env, sidecar === undefined ? options.service.notify : 'off', {
    libc,
    pid: process.pid,
    now,
  });
  const own = new Set<number>();
  const nothing = (): void => {};
  const current: Current = {
    pid: undefined,
    maps: new MapsWatch(root, now),
    incident: undefined,
    record: nothing,
    onContinue: nothing,
    reload: nothing,
    signals: new Set(),
    onSignal: nothing,
  };
  const pid = (): number | undefined => current.pid;
  const target = `command:${options.service.name ?? basename(file)}`;
  const voice = openVoice(options.output, { target, pid, env: notes.env, libc });
  const complain = (problem: string): void => voice.report({ event: 'error', about: 'telling', problem });
  const surroundings = openSurroundings(
    root,
    { heaviest: () => current.maps.heaviest, perThread: () => current.maps.perThread, libc, now },
    (name, error) => {
      const problem = `cannot read ${name} (${errnoOf(error)}); going on without it`;
      voice.report({ event: 'error', about: 'ceiling', problem, details: { ceiling: name } });
    },
  );
  const ceilings = surroundings.readCeilings();
  refuseWhenFull(ceilings);
  await keepReserve(placement, ceilings, options.settings.budget.reserve, placing);
  const telling = await openTelling(options.telling, {
    env: notes.env,
    own,
    host: hostname(),
    target,
    pid,
    incident: () => current.incident,
    onProblem: complain,
  });
  const exposed = await exposeMetrics(options.metrics, target, {
    now,
    onProblem: complain,
    undelivered: () => telling.undelivered(),
  });
  const report = (event: GuardEvent): void => {
    current.record(event);
    voice.report(event);
    exposed.record(event);
    telling.tell(event);
  };
  const settings = liveSettings(options, { read: reload, report, onSwap: (next) => current.reload(next) });
  const relay = openRelay(root, {
    onContinue: () => current.onContinue(),
    onSignal: (signal) => {
      current.signals.add(signal);
      if (signal === 'SIGTERM') manager?.stopping();
      if (signal === 'SIGHUP' && options.service.config !== undefined) void settings.reload();
      current.onSignal(signal);
    },
    // With a configuration SIGHUP is the guard's own; a command that waits for it gets it too, one that would die of it does not.
    mayForward: (signal, child) =>
      signal !== 'SIGHUP' || options.service.config === undefined || catches(root, child, signal),
  });
  const usage = voice.status === undefined ? undefined : await openUsage();
  // The first asynchronous read makes the threads of the pool: now, not when there is no room for them.
  await countMaps(root, process.pid);
  restoreOpenFiles(libc, notes);
  const scheduling = raisePriority(libc);
  if (settings.now.onGuardDeath === 'kill') findTool('setpriv', notes.env);
  const launch = planLaunch(options.command as [string, ...string[]], {
    ignoredSignals: notes.ignoredSignals,
    dieWithGuard: settings.now.onGuardDeath === 'kill',
    ownPid: [...(sockets.length > 0 ? ['LISTEN_PID'] : []), ...(manager?.ownPid ?? [])],
    limits: libc === undefined && notes.openFiles !== undefined ? [`--nofile=${notes.openFiles}:`] : [],
  });
  return {
    root,
    now,
    options,
    settings,
    notes,
    target,
    executable,
    libc,
    manager,
    voice,
    surroundings,
    reaper: openReaper(root, isReaper ? libc : undefined, pid, own),
    relay,
    telling,
    exposed,
    usage,
    scheduling,
    launch,
    sidecar,
    passFds: [...new Set([...options.launch.passFds, ...sockets])],
    own,
    losses: [
      ...(libc === undefined ? ['koffi could not be loaded: no real-time priority, no subreaper'] : []),
      ...(manager?.problem === undefined ? [] : [manager.problem]),
      ...placement.notes,
      ...(isReaper ? [] : ['orphans that leave the session are followed by their start time only']),
    ],
    current,
    report,
  };
}

/** What is open is closed; what is still to be said is said, within bounds. */
export async function closeSession({ exposed, manager, reaper, relay, telling, voice }: Session): Promise<void> {
  await Promise.all([telling.flush(TELLING_MS), exposed.close()]);
  telling.close();
  const undelivered = telling.undelivered();
  if (undelivered > 0) {
    const what = undelivered === 1 ? 'a message to people was' : `${undelivered} messages to people were`;
    const problem = `${what} not delivered`;
    voice.report({ event: 'error', about: 'telling', problem, details: { undelivered } });
  }
  reaper.close();
  await voice.flush(FLUSH_MS);
  relay.close();
  manager?.close();
}

const FLUSH_MS = 250;
/** For the last messages to people elsewhere; the target has ended by then. */
const TELLING_MS = 3_000;

/** Additional threads that the tightest ceiling allows now; `undefined` when none has a number. */
export function roomNow(surroundings: Surroundings): number | undefined {
  const room = bindingCeiling(surroundings.readCeilings())?.additionalThreads;
  return typeof room === 'number' ? room : undefined;
}

/** The identity of this guard. */
export function selfOf(root: KernelRoot): { readonly pid: number; readonly startTime: number } {
  return { pid: process.pid, startTime: readStat(root, process.pid)?.startTime ?? 0 };
}

function checkJvm({ command, launch: { inject } }: RunOptions): void {
  const why = inject ? 'reaches commands called java only' : 'does nothing with --no-inject';
  if (inject && isJava(command)) return;
  throw new GuardError('no-jvm', `--jvm-thread-events ${why}`, {
    hint: 'leave it out, or give a JVM that is started otherwise the options of docs/evidence.md',
  });
}
