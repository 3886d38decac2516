import { accessSync, constants, existsSync } from 'node:fs';
import { release } from 'node:os';
import { openSurroundings } from '../ceilings/surroundings.ts';
import { ancestors, locate } from '../cgroup/locate.ts';
import { bindingCeiling, ceilingLabel } from '../core/ceiling.ts';
import { errnoOf, GuardError } from '../errors.ts';
import { canUseTracefs } from '../explain/trace/tracefs.ts';
import { findExecutable } from '../launch/launchPlan.ts';
import { DEFAULT_SETTINGS } from '../policy/settings.ts';
import { readLimits } from '../procfs/limits.ts';
import { hidesProcesses } from '../procfs/namespace.ts';
import { readNumber, readText } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { isZombie, readStat } from '../procfs/stat.ts';
import { readStatus } from '../procfs/status.ts';
import { listProcesses } from '../procfs/task.ts';
import type { Libc } from '../sys/libc.ts';
import { raisePriority } from '../sys/priority.ts';
import { contain } from '../targets/contain.ts';
import type { Findings } from './checks.ts';

const CAP_SYS_PTRACE = 19n;
/** A zombie that is still there after this was not about to be reaped. */
const REAP_MS = 250;

/** What each runtime itself offers to say where its threads are. */
const RUNTIMES: readonly (readonly [command: string, channel: string])[] = [
  ['java', 'prints stacks on SIGQUIT; attach socket with -XX:+StartAttachListener'],
  ['go', 'prints goroutines on SIGQUIT, and ends'],
  ['node', 'writes a report on a signal with --report-on-signal'],
  ['python3', 'prints stacks on a signal with faulthandler.register'],
  ['ruby', 'names threads after the line that made them'],
];

/** Looks at everything once; makes a cgroup where it can, and removes it again. */
export async function examine(root: KernelRoot, libc: Libc | undefined, env: NodeJS.ProcessEnv): Promise<Findings> {
  const now = (): number => performance.now();
  const surroundings = openSurroundings(
    root,
    { heaviest: () => undefined, perThread: () => undefined, libc, now },
    () => {},
  );
  const places = locate(root);
  const status = readStatus(root, 'self');
  const limits = readLimits(root, 'self');
  const binding = bindingCeiling(surroundings.readCeilings().filter(({ unit }) => unit === 'tasks'));
  const before = unreapedZombies(root);
  await new Promise((resolve) => setTimeout(resolve, REAP_MS));
  const after = new Set(unreapedZombies(root));
  const treeDirs = places.pids === undefined ? [] : ancestors(places.pids);
  return {
    kernel: release(),
    containment: tryContaining(root, surroundings, libc, now),
    cgroupVersion: places.pids?.version,
    hasCgroupKill: hasCgroupKill(root),
    hasLocalEvents: treeDirs.some((dir) => existsSync(root.at(`${dir}/pids.events.local`))),
    hasLibc: libc !== undefined,
    isSubreaper: libc?.becomeSubreaper() ?? false,
    priority: raisePriority(libc) === 'realtime' ? 'realtime' : status?.uid === 0 ? 'nice' : 'none',
    hasAutogroup: readNumber(root.proc('sys/kernel/sched_autogroup_enabled')) === 1,
    ptraceScope: numberOf(readNumber(root.proc('sys/kernel/yama/ptrace_scope'))),
    canPtrace: (((status?.effectiveCaps ?? 0n) >> CAP_SYS_PTRACE) & 1n) === 1n,
    hidesProcesses: hidesProcesses(root) && status?.uid !== 0,
    canReadSlabs: readText(root.proc('slabinfo')) !== undefined,
    canTrace: canUseTracefs(root) ? 'tracefs' : has('strace', env) ? 'strace' : undefined,
    runtimes: RUNTIMES.filter(([command]) => has(command, env)).map(([name, channel]) => ({ name, channel })),
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

/** What `run` would choose, made for real and taken back. */
function tryContaining(
  root: KernelRoot,
  surroundings: ReturnType<typeof openSurroundings>,
  libc: Libc | undefined,
  now: () => number,
): Findings['containment'] {
  try {
    const { target, fallbacks } = contain(DEFAULT_SETTINGS, { root, surroundings, libc, now });
    const { kind } = target.hold;
    target.close();
    target.remove();
    return { kind, isCgroup: kind === 'cgroup-v1' || kind === 'cgroup-v2', why: fallbacks };
  } catch (error) {
    return { kind: 'none', isCgroup: false, why: [error instanceof GuardError ? error.message : errnoOf(error)] };
  }
}

/** The file is in every cgroup but the root, so a process's own does not always have it. */
function hasCgroupKill(root: KernelRoot): boolean {
  const { unified } = locate(root);
  if (unified === undefined) return false;
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return (
    ancestors(unified).some((dir) => existsSync(root.at(`${dir}/cgroup.kill`))) ||
    major > 5 ||
    (major === 5 && minor >= 14)
  );
}

function unreapedZombies(root: KernelRoot): number[] {
  return listProcesses(root).filter((pid) => {
    const stat = readStat(root, pid);
    return stat !== undefined && isZombie(stat) && stat.ppid === 1;
  });
}

function numberOf(value: number | 'unlimited' | 'unknown'): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function has(command: string, env: NodeJS.ProcessEnv): boolean {
  try {
    accessSync(findExecutable(command, env['PATH']), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
