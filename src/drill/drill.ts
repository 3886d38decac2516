import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { locate } from '../cgroup/locate.ts';
import type { Ceiling } from '../core/model.ts';
import { errnoOf, GuardError } from '../errors.ts';
import { readIncident } from '../evidence/readIncident.ts';
import { findExecutable } from '../launch/launchPlan.ts';
import { openReaper } from '../launch/reaper.ts';
import { readReport } from '../limits/readReport.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { listChildren } from '../procfs/task.ts';
import type { DrillDocument } from '../schemas/drillSchema.ts';
import { systemClock } from '../sys/clock.ts';
import type { Libc } from '../sys/libc.ts';
import type { BombKind } from './bomb.ts';
import { drillDocument } from './drillText.ts';
import { openFence } from './fence.ts';
import { forkTrue } from './forkTrue.ts';
import { countBomb } from './groupTasks.ts';
import { decideHold } from './holds.ts';
import { watchHost } from './hostWatch.ts';
import type { DrillFacts } from './judge.ts';
import { lockDrill } from './lock.ts';
import { type NamedCode, namedCode } from './named.ts';
import { reapAll } from './reapAll.ts';
import { firstSign } from './sign.ts';
import { type DrillSize, decideSize } from './size.ts';
import { type DrilledGuard, startGuard } from './startGuard.ts';
import { watchBomb } from './watchBomb.ts';

/** What somebody wants of a drill. */
export interface DrillWish {
  readonly kind: BombKind;
  /** `undefined`: as many as there is room for, at most 400. */
  readonly budget: number | undefined;
  /** How long the guard may take in all, in milliseconds. */
  readonly limitMs: number;
}

interface DrillParts {
  readonly root: KernelRoot;
  readonly libc: Libc | undefined;
  readonly uid: number;
  readonly env: NodeJS.ProcessEnv;
  /** The threadguard that is on trial. */
  readonly launcher: string;
  /** Somebody asks for the end. */
  readonly stop: AbortSignal;
  /** A sentence for people. */
  readonly onNote: (sentence: string) => void;
}

/**
 * Starts a bomb under a guard of its own, in a place with a second cap, and sees what comes of it. Nothing is left behind,
 * whatever happens. Throws a GuardError where there is no room, another drill is under way, or the guard did not start.
 */
export async function drill(wish: DrillWish, parts: DrillParts): Promise<DrillDocument> {
  const { env, libc, root, stop } = parts;
  if (libc === undefined) {
    throw new GuardError('no-libc', 'the bomb makes its threads through koffi, which could not be loaded', {
      hint: 'npm ci (koffi ships ready-made for glibc)',
    });
  }
  const unlock = await lockDrill();
  try {
    const { ceilings } = readReport(root, { kind: 'here' }, libc);
    const size = decideSize(ceilings, wish.kind, wish.budget);
    const idle = findExecutable('true', env['PATH']);
    const incidentDir = makeScratch();
    try {
      // Orphans of a guard that dies come here, and are found.
      libc.becomeSubreaper();
      const document = await inFence(wish, { parts, size, ceilings, idle, incidentDir });
      if (stop.aborted)
        throw new GuardError('stopped', 'the drill was stopped before its end', { hint: 'start it again' });
      return document;
    } finally {
      rmSync(incidentDir, { recursive: true, force: true });
    }
  } finally {
    await unlock();
  }
}

interface Prepared {
  readonly parts: DrillParts;
  readonly size: DrillSize;
  /** Before anything was begun. */
  readonly ceilings: readonly Ceiling[];
  /** A program that does nothing. */
  readonly idle: string;
  readonly incidentDir: string;
}

async function inFence(wish: DrillWish, prepared: Prepared): Promise<DrillDocument> {
  const { idle, incidentDir, parts, size } = prepared;
  const { env, launcher, libc, onNote, root } = parts;
  const own = new Set<number>();
  const fence = openFence({ root, libc, now: () => performance.now(), own, tasks: size.inAll });
  // The dead that nobody else waits for would be counted as tasks of this place until this process has ended.
  let guard: DrilledGuard | undefined;
  const reaper = openReaper(root, libc, () => guard?.child.pid, own);
  const over = new AbortController();
  const startedMs = performance.now();
  const hosts = watchHost(() => forkTrue(idle, own), systemClock, over.signal);
  try {
    const order = { launcher, kind: wish.kind, size, lifeMs: wish.limitMs, incidentDir, env };
    guard = startGuard(order, fence);
    const seen = await observe(guard, wish, prepared);
    over.abort();
    const host = await hosts;
    refuseWhatNeverBegan(guard);
    const { named, ...facts } = seen;
    return drillDocument({ ...facts, host }, { kind: wish.kind, named, tookMs: performance.now() - startedMs });
  } finally {
    over.abort();
    await hosts;
    guard?.child.kill('SIGKILL');
    if (!(await fence.remove())) onNote('a cgroup of the drill could not be removed: something lives in it');
    await reapAll(() => listChildren(root, process.pid), reaper.reap, systemClock);
    reaper.close();
  }
}

/** Watches until the guard has ended or the time is up. */
async function observe(
  guard: DrilledGuard,
  { kind, limitMs }: DrillWish,
  { ceilings, parts: { root, stop, uid }, size }: Prepared,
): Promise<Omit<DrillFacts, 'host'> & { readonly named: NamedCode | undefined }> {
  let path: string | undefined;
  const sighting = await watchBomb({
    count: () => {
      const pid = guard.bomb[0]?.pid;
      if (pid === undefined) return undefined;
      path ??= locate(root, pid).pids?.path;
      return countBomb(root, pid, kind);
    },
    isOver: () => guard.ended() !== undefined,
    clock: systemClock,
    wall: Date.now,
    forMs: limitMs,
    stop,
  });
  const { cap = size.budget, exit, ...said } = guard.log.facts;
  return {
    hold: decideHold(said, { path, uid, ceilings }),
    budget: Math.min(size.budget, cap),
    peakTasks: Math.max(sighting.peakTasks, exit?.peakTasks ?? 0),
    sign: firstSign(guard.bomb, said.tripMs),
    emptyAtMs: sighting.emptyAtMs,
    leftTasks: Math.max(sighting.leftTasks, exit?.leftTasks ?? 0),
    stoppedByGuard: exit?.stoppedByGuard ?? false,
    guardEnd: guard.ended(),
    limitMs,
    named: exit?.incident === undefined ? undefined : readNamed(exit.incident),
  };
}

function readNamed(incident: string): NamedCode | undefined {
  try {
    return namedCode(readIncident(incident).document);
  } catch {
    // The drill says that nobody was named.
    return undefined;
  }
}

/** A guard that refused to start has said why: that is no verdict on how it holds. */
function refuseWhatNeverBegan(guard: DrilledGuard): void {
  const { by, words } = guard.log.facts;
  const ended = guard.ended();
  if (by !== undefined || ended === undefined) return;
  throw new GuardError('no-guard', `the guard did not start (${ended}): ${words.join(' ')}`, {
    hint: 'threadguard doctor says what is missing here',
  });
}

function makeScratch(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'threadguard-drill-'));
  } catch (error) {
    throw new GuardError('no-scratch', `cannot make a directory in ${tmpdir()} (${errnoOf(error)})`, {
      hint: 'name one that can be written in TMPDIR',
      cause: error,
    });
  }
}
