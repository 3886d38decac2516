import { fstatSync } from 'node:fs';
import { basename } from 'node:path';
import pRetry from 'p-retry';
import pidusage from 'pidusage';
import { bindingCeiling, ceilingLabel } from '../core/ceiling.ts';
import { escapeText, formatBytes, formatCount } from '../core/units.ts';
import { EXIT, errnoOf, GuardError } from '../errors.ts';
import { openIncidentDir } from '../evidence/incident.ts';
import { type Child, type Ending, startChild } from '../guard/child.ts';
import { contain } from '../guard/contain.ts';
import { findExecutable, type LaunchPlan, planLaunch } from '../guard/exec.ts';
import { Guard } from '../guard/guard.ts';
import type { Holder } from '../guard/holder.ts';
import { type LaunchNotes, parseLaunchNotes } from '../guard/launchNotes.ts';
import { leave, leaveAs } from '../guard/leave.ts';
import { MapsWatch } from '../guard/mapsWatch.ts';
import { openRelay } from '../guard/relay.ts';
import { openSurroundings } from '../guard/surroundings.ts';
import { kernelRoot } from '../procfs/root.ts';
import { readStat } from '../procfs/stat.ts';
import { listChildren } from '../procfs/task.ts';
import { bannerLines, summaryLines } from '../reporters/banner.ts';
import { statusLine } from '../reporters/statusLine.ts';
import { type Libc, loadLibc, RLIMIT_NOFILE } from '../sys/libc.ts';
import { lowerNiceness, raisePriority } from '../sys/priority.ts';
import { evidenceWriter } from './evidence.ts';
import type { RunOptions } from './options.ts';
import { openVoice } from './voice.ts';

/** Tasks that must be free although Node runs already: its pool of three, the child, and one to spare. */
const NEEDED_TASKS = 5;
const FLUSH_MS = 250;
const USAGE_EVERY_MS = 10_000;
const STATUS_EVERY_MS = 500;

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

  const libc = loadLibc();
  const isReaper = libc?.becomeSubreaper() ?? false;
  let childPid: number | undefined;
  const voice = openVoice(options, `command:${basename(file)}`, () => childPid, notes.env);
  const incident = openIncidentDir(
    options.incidentDir,
    notes.env,
    new Date().toISOString().replace(/[:.]/g, '-'),
    process.pid,
  );
  const maps = new MapsWatch(root, now);
  const surroundings = openSurroundings(root, { heaviestMaps: () => maps.heaviest, now }, (name, error) =>
    voice.report({
      event: 'error',
      message: `cannot read ${name} (${errnoOf(error)}); going on without it`,
      fields: { ceiling: name },
    }),
  );
  let holder: Holder | undefined;
  try {
    const contained = contain(settings, root, surroundings, libc, now);
    holder = contained.holder;
    const held = holder;
    const evidence = evidenceWriter({
      root,
      incident,
      command: options.command,
      pid: () => childPid,
      processes: () => held.processes(),
      timeoutMs: settings.dumpTimeoutMs,
      now,
    });
    const guard = new Guard({
      settings,
      holder,
      surroundings,
      maps,
      report: voice.report,
      dump: evidence.dump,
      reap: () => reapAdopted(libc, childPid),
      now,
    });
    const plan = guard.rehearse();
    refuseWhenFull(plan.ceilings);
    const relay = openRelay(root, { onContinue: () => guard.resume() });
    await warm();
    restoreOpenFiles(libc, notes);
    const scheduling = raisePriority(libc);
    const launch = planLaunch(options.command as [string, ...string[]], {
      ignoredSignals: notes.ignoredSignals,
      dieWithGuard: settings.onGuardDeath === 'kill',
      rewriteListenPid: sockets.length > 0,
      limits: libc === undefined && notes.openFiles !== undefined ? [`--nofile=${notes.openFiles}:`] : [],
    });
    if (settings.onGuardDeath === 'kill') findTool('setpriv', notes.env);
    const losses = [
      ...(libc === undefined ? ['koffi could not be loaded: no real-time priority, no subreaper'] : []),
      ...(isReaper ? [] : ['orphans that leave the session are followed by their start time only']),
    ];
    const banner = bannerLines({
      settings,
      command: options.command.map(escapeText).join(' '),
      holder,
      ...plan,
      leash: plan.cap,
      fallbacks: contained.fallbacks,
      losses,
    });
    voice.report({
      event: 'start',
      message: banner[0] as string,
      fields: { command: options.command, scheduling, ceilings: plan.ceilings },
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
    const child = await fork(holder, plan.cap, launch, { env: notes.env, passFds, newSession });
    childPid = child.pid;
    relay.attach(child.pid, !newSession);
    // Not before the fork: niceness is inherited. Where real time was refused, this is all there is.
    if (scheduling !== 'realtime') lowerNiceness();
    const stopWatching = holder.onRefusal(() => guard.wake());
    if (isReaper) process.on('SIGCHLD', () => reapAdopted(libc, childPid));
    const timers = startTimers(guard, evidence.takeBaseline, settings.startGraceMs, voice.status, child.pid);
    guard.start();

    const ending = await child.ended;
    await guard.settled();
    guard.stop();
    for (const timer of timers) clearInterval(timer);
    stopWatching();
    reapAdopted(libc, childPid);
    const left = leftBehind(holder);
    if (left > 0) holder.release('max' === plan.cap ? 'max' : Math.max(left, guard.view().line ?? left));
    const summary = guard.summary();
    const isRemoved = await removeHolder(holder, left);
    voice.status?.('');
    voice.report({
      event: 'exit',
      message: summaryLines({
        ...summary,
        outcome: guard.wasStopped ? 'stopped by threadguard (exit 113)' : describe(ending),
        dryRun: settings.dryRun,
        incident: incident.isUsed() ? incident.path : undefined,
        leftTasks: left,
        leftWhere: holder.description,
        dropped: voice.dropped(),
      }).join('\n'),
      fields: {
        ...ending,
        ...summary,
        stoppedByGuard: guard.wasStopped,
        leftTasks: left,
        cgroupRemoved: isRemoved,
        dropped: voice.dropped(),
        ...(incident.isUsed() ? { incident: incident.path } : {}),
      },
    });
    incident.discardIfUnused();
    await voice.flush(FLUSH_MS);
    relay.close();
    if (guard.wasStopped) leave(EXIT.stopped, libc);
    else leaveAs(ending, libc);
  } catch (error) {
    holder?.remove();
    incident.discardIfUnused();
    throw error;
  }
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

/** Thread pool, pidusage (which forks getconf the first time) and the timers: nothing is first done when it counts. */
async function warm(): Promise<void> {
  await pidusage(process.pid).catch(() => undefined);
}

function startTimers(
  guard: Guard,
  takeBaseline: () => void,
  startGraceMs: number,
  status: ((text: string) => void) | undefined,
  pid: number,
): NodeJS.Timeout[] {
  let context = '';
  const usage = setInterval(() => {
    pidusage(pid)
      .then(({ cpu, memory }) => {
        context = `${cpu.toFixed(0)}% cpu, ${formatBytes(memory)}`;
      })
      .catch(() => {
        // Context only: a child that has ended has none.
      });
  }, USAGE_EVERY_MS);
  const timers = [usage, setTimeout(takeBaseline, startGraceMs)];
  if (status === undefined) return timers;
  const draw = setInterval(() => {
    const view = guard.view();
    const binding =
      view.binding === undefined
        ? undefined
        : `${formatCount(Number(view.binding.additionalThreads))} left (${ceilingLabel(view.binding)})`;
    status(
      statusLine({ ...view, perSecond: view.growth.shortPerSecond, binding, context }, process.stderr.columns ?? 80),
    );
  }, STATUS_EVERY_MS);
  return [...timers, draw];
}

/** A Node on a full machine aborts at its first asynchronous call: say no while it is possible to say anything. */
function refuseWhenFull(ceilings: Parameters<typeof bindingCeiling>[0]): void {
  const binding = bindingCeiling(ceilings.filter(({ unit }) => unit === 'tasks'));
  if (binding === undefined || Number(binding.additionalThreads) >= NEEDED_TASKS) return;
  throw new GuardError(
    'machine-full',
    `only ${binding.additionalThreads} more tasks fit under ${ceilingLabel(binding)}`,
    {
      hint: `free some (ps -eLf), or raise it: ${binding.raise}`,
    },
  );
}

/** Descriptors of socket activation (sd_listen_fds(3)) that are meant for this very process. */
function activationFds(env: NodeJS.ProcessEnv): number[] {
  const count = Number(env['LISTEN_FDS'] ?? 0);
  if (Number(env['LISTEN_PID']) !== process.pid || !Number.isInteger(count) || count < 1 || count > 1000) return [];
  return Array.from({ length: count }, (_, index) => 3 + index);
}

function checkDescriptors(fds: readonly number[]): void {
  for (const fd of fds) {
    try {
      fstatSync(fd);
    } catch (error) {
      throw new GuardError('bad-fd', `--pass-fd ${fd}: not an open descriptor (${errnoOf(error)})`, {
        hint: `open it before: threadguard run --pass-fd ${fd} … ${fd}<FILE`,
      });
    }
  }
}

function findTool(name: string, env: NodeJS.ProcessEnv): void {
  try {
    findExecutable(name, env['PATH']);
  } catch (cause) {
    throw new GuardError('no-tool', `--on-guard-death kill needs ${name}, which is not on the PATH`, {
      hint: 'install util-linux 2.33 or newer',
      cause,
    });
  }
}

/** Node raised its soft limit of open files at its start; the child must find the old one. */
function restoreOpenFiles(libc: Libc | undefined, notes: LaunchNotes): void {
  const limit = libc?.getLimit(0, RLIMIT_NOFILE);
  if (libc === undefined || limit === undefined || notes.openFiles === undefined) return;
  libc.setLimit(0, RLIMIT_NOFILE, notes.openFiles, limit.hard);
}

/** Reaps dead orphans that came to the guard as their subreaper; Node waits for its own child alone. */
function reapAdopted(libc: Libc | undefined, childPid: number | undefined): void {
  if (libc === undefined || childPid === undefined) return;
  for (const pid of listChildren(root, process.pid) ?? []) if (pid !== childPid) libc.reap(pid);
}

/** Tasks of the tree that outlived the child: daemons it left behind. */
function leftBehind(holder: Holder): number {
  return holder.isEmpty() ? 0 : Math.max(1, holder.tasks(now()));
}

/** Zombies keep a cgroup busy until somebody reaps them: a few tries, then the next guard removes it. */
async function removeHolder(holder: Holder, left: number): Promise<boolean> {
  if (left > 0) return false;
  holder.close();
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

function describe(ending: Ending): string {
  return ending.by === 'exit' ? `exit ${ending.code}` : `ended by ${ending.signal}`;
}
