import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { openSurroundings, type Surroundings } from '../ceilings/surroundings.ts';
import { ancestors, locate } from '../cgroup/locate.ts';
import { bindingCeiling, ceilingLabel } from '../core/ceiling.ts';
import { errnoOf, GuardError } from '../errors.ts';
import { DEFAULT_SETTINGS } from '../policy/settings.ts';
import { readLimits } from '../procfs/limits.ts';
import { readNumber } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { isZombie, readStat } from '../procfs/stat.ts';
import { readStatus } from '../procfs/status.ts';
import { listProcesses } from '../procfs/task.ts';
import type { Libc } from '../sys/libc.ts';
import { Standing } from '../sys/standing.ts';
import { contain } from '../targets/contain.ts';
import type { Findings, HoldFindings, KernelFindings, RoomFindings } from './findings.ts';
import { findSight } from './sight.ts';

/** A zombie that is still there after this was not about to be reaped. */
const REAP_MS = 250;

/** Looks at everything once. It makes a cgroup where it can, and removes it again. */
export async function examine(
  root: KernelRoot,
  libc: Libc | undefined,
  env: NodeJS.ProcessEnv,
  sleep: (ms: number) => Promise<void>,
): Promise<Findings> {
  const now = (): number => performance.now();
  const surroundings = openSurroundings(
    root,
    { heaviest: () => undefined, perThread: () => undefined, libc, now },
    () => {},
  );
  return {
    ...findKernel(root),
    ...(await findHold(root, libc, surroundings, now)),
    ...findSight(root, env),
    ...(await findRoom(root, surroundings, sleep)),
  };
}

/** What the kernel offers. */
export function findKernel(root: KernelRoot, version: string = release()): KernelFindings {
  const { pids, unified } = locate(root);
  const has = (dirs: readonly string[], file: string): boolean =>
    dirs.some((dir) => existsSync(root.at(`${dir}/${file}`)));
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNewEnough = major > 5 || (major === 5 && minor >= 14);
  return {
    kernel: version,
    cgroupVersion: pids?.version,
    // The file is in every cgroup but the root, so a process's own cgroup does not always have it.
    hasCgroupKill: unified !== undefined && (has(ancestors(unified), 'cgroup.kill') || isNewEnough),
    hasLocalEvents: pids !== undefined && has(ancestors(pids), 'pids.events.local'),
    hasAutogroup: readNumber(root.proc('sys/kernel/sched_autogroup_enabled')) === 1,
  };
}

async function findHold(
  root: KernelRoot,
  libc: Libc | undefined,
  surroundings: Surroundings,
  now: () => number,
): Promise<HoldFindings> {
  const isRoot = readStatus(root, 'self')?.uid === 0;
  return {
    containment: await tryContaining(root, surroundings, libc, now),
    hasLibc: libc !== undefined,
    isSubreaper: libc?.becomeSubreaper() ?? false,
    priority: new Standing(libc).raise() === 'realtime' ? 'realtime' : isRoot ? 'nice' : 'none',
  };
}

/** What `run` would choose, made for real and taken back. */
async function tryContaining(
  root: KernelRoot,
  surroundings: Surroundings,
  libc: Libc | undefined,
  now: () => number,
): Promise<Findings['containment']> {
  try {
    const { target, fallbacks } = contain(DEFAULT_SETTINGS, { root, surroundings, libc, now });
    const { kind } = target.hold;
    await target.close();
    target.remove();
    return { kind, isCgroup: kind === 'cgroup-v1' || kind === 'cgroup-v2', why: fallbacks };
  } catch (error) {
    return { kind: 'none', isCgroup: false, why: [error instanceof GuardError ? error.message : errnoOf(error)] };
  }
}

/** How much room there is. */
export async function findRoom(
  root: KernelRoot,
  surroundings: Pick<Surroundings, 'readCeilings'>,
  sleep: (ms: number) => Promise<void>,
): Promise<RoomFindings> {
  const binding = bindingCeiling(surroundings.readCeilings().filter(({ unit }) => unit === 'tasks'));
  const limits = readLimits(root, 'self');
  const before = unreapedZombies(root);
  await sleep(REAP_MS);
  const after = new Set(unreapedZombies(root));
  return {
    room: {
      tasks: binding === undefined ? undefined : Number(binding.additionalThreads),
      by: binding === undefined ? '' : ceilingLabel(binding),
    },
    openFiles: limits.get('Max open files')?.hard,
    addressSpaceBytes: limits.get('Max address space')?.soft,
    unreaped: before.filter((pid) => after.has(pid)).length,
    init: readStat(root, 1)?.name ?? 'PID 1',
  };
}

function unreapedZombies(root: KernelRoot): number[] {
  return listProcesses(root).filter((pid) => {
    const stat = readStat(root, pid);
    return stat !== undefined && isZombie(stat) && stat.ppid === 1;
  });
}
