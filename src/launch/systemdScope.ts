import type { DbusCall, DbusReply } from '../sys/dbusMessage.ts';
import { callManager, managerSocket } from '../sys/systemdBus.ts';

/** A scope that systemd made for the guard, below the caller's own slice. */
export interface Scope {
  /** `threadguard-redis-4711.scope`. */
  readonly name: string;
  /** `user-0-threadguard.slice`: all guards of one caller stand in it. */
  readonly slice: string;
}

/** systemd is asked for so long; then the next best is taken, and said. */
const ANSWER_MS = 1_000;
const POLL_MS = 2;
/** What systemd writes for "no limit" (UINT64_MAX). */
const INFINITY = 0xffffffffffffffffn;

export interface ScopeParts {
  /** The command, for the name and the description. */
  readonly command: string;
  readonly pid: number;
  readonly uid: number;
  readonly env: NodeJS.ProcessEnv;
  /** Path of the guard's own cgroup, as `/proc/self/cgroup` has it. */
  readonly readPath: () => string;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * Moves the guard into a scope of its own, in a slice below the caller's own one: accounting, weights and limits of the
 * user stay what they were. The scope is delegated, so the guard may make cgroups in it, and it is gone with its last
 * process. Returns the scope, or why it could not be had. (org.freedesktop.systemd1(5), StartTransientUnit.)
 */
export async function enterScope(parts: ScopeParts): Promise<Scope | { readonly refusal: string }> {
  const { command, now, pid, readPath, uid } = parts;
  const scope: Scope = { name: scopeName(command, pid), slice: sliceBelow(readPath(), uid) };
  const { error } = await ask(parts, startCall(scope, pid, command));
  if (error !== undefined) return { refusal: `systemd did not make a scope: ${error}` };
  // The answer comes when the job is queued; the process is moved when it runs.
  for (const endMs = now() + ANSWER_MS; now() < endMs; await new Promise((resolve) => setTimeout(resolve, POLL_MS))) {
    if (readPath().includes(scope.name)) return scope;
  }
  return { refusal: `systemd did not move the guard into ${scope.name} within ${ANSWER_MS} ms` };
}

/** Sets the most tasks of a slice at run time, so that systemd and the kernel agree. Returns why not. */
export async function limitSlice(
  slice: string,
  tasks: number,
  parts: Pick<ScopeParts, 'env' | 'uid'>,
): Promise<string | undefined> {
  const { error } = await ask(parts, {
    ...MANAGER,
    member: 'SetUnitProperties',
    body: [
      { type: 's', value: slice },
      { type: 'b', value: true },
      { type: 'a(sv)', value: [['TasksMax', { type: 't', value: BigInt(tasks) }]] },
    ],
  });
  return error;
}

/** `threadguard-COMMAND-PID.scope`; what a unit name may not hold becomes `_`. */
export function scopeName(command: string, pid: number): string {
  return `threadguard-${command.replace(/[^A-Za-z0-9:_.]/g, '_').slice(0, 64)}-${pid}.scope`;
}

/**
 * A slice below the innermost one of the path; the dashes of its name say where it is (systemd.slice(5)):
 * `/user.slice/user-0.slice/session-3.scope` → `user-0-threadguard.slice`. A plain user asks a manager of its own, whose
 * slices begin anew below `user@UID.service`.
 */
export function sliceBelow(path: string, uid: number): string {
  const own = uid === 0 ? path : (/\/user@\d+\.service(\/.*)$/.exec(path)?.[1] ?? '/app.slice');
  const innermost = own.split('/').findLast((part) => part.endsWith('.slice') && part !== '-.slice');
  const parent = innermost?.slice(0, -'.slice'.length) ?? '';
  const within = parent.endsWith('threadguard') ? parent : [parent, 'threadguard'].filter(Boolean).join('-');
  return `${within}.slice`;
}

const MANAGER = { path: '/org/freedesktop/systemd1', interface: 'org.freedesktop.systemd1.Manager' } as const;

function startCall({ name, slice }: Scope, pid: number, command: string): DbusCall {
  return {
    ...MANAGER,
    member: 'StartTransientUnit',
    body: [
      { type: 's', value: name },
      { type: 's', value: 'fail' },
      {
        type: 'a(sv)',
        value: [
          ['PIDs', { type: 'au', value: [pid] }],
          ['Delegate', { type: 'b', value: true }],
          ['Slice', { type: 's', value: slice }],
          ['Description', { type: 's', value: `threadguard: ${command}` }],
          ['CollectMode', { type: 's', value: 'inactive-or-failed' }],
          // The guard sets the limit of its target itself; the slice keeps the reserve of what is around it.
          ['TasksMax', { type: 't', value: INFINITY }],
        ],
      },
      { type: 'a(sa(sv))' },
    ],
  };
}

function ask({ env, uid }: Pick<ScopeParts, 'env' | 'uid'>, call: DbusCall): Promise<DbusReply> {
  return callManager(managerSocket(uid, env), uid, call, ANSWER_MS);
}
