import { accessSync, closeSync, constants, mkdirSync, openSync, readSync, rmdirSync, writeFileSync } from 'node:fs';
import { constants as os } from 'node:os';
import type { FailedCall } from '../../core/refusal.ts';
import { parseMountinfo } from '../../procfs/mountinfo.ts';
import { readText } from '../../procfs/read.ts';
import type { KernelRoot } from '../../procfs/root.ts';

/** brk is left out: it answers a refusal with the old break and not with an errno. */
const CALLS = ['clone', 'clone3', 'fork', 'vfork', 'mmap', 'mprotect'];
const ERRNOS: readonly (readonly [name: string, number: number])[] = [
  ['EAGAIN', os.errno.EAGAIN],
  ['ENOMEM', os.errno.ENOMEM],
  ['EPERM', os.errno.EPERM],
];

export interface Instance {
  readonly by: 'tracefs';
  readonly cost: string;
  failed(): boolean;
  call(): FailedCall | undefined;
  close(): void;
}

/**
 * An instance of the kernel's own tracer (Documentation/trace/ftrace.rst). It writes down only calls that failed, of
 * these threads and of what they make. That was measured to cost 5 to 10 % of such a call. `undefined` where tracefs is
 * not mounted or may not be used.
 */
export function openInstance(root: KernelRoot, tids: readonly number[]): Instance | undefined {
  const instances = instancesOf(root);
  if (instances === undefined) return undefined;
  const dir = `${instances}/threadguard-${process.pid}`;
  let pipe: number | undefined;
  let isOurs = false;
  const close = (): void => {
    if (pipe !== undefined) closeSync(pipe);
    pipe = undefined;
    if (isOurs) removeInstance(dir);
    isOurs = false;
  };
  try {
    mkdirSync(dir);
    isOurs = true;
    writeFileSync(`${dir}/set_event_pid`, tids.join(' '));
    writeFileSync(`${dir}/options/event-fork`, '1');
    const events = CALLS.filter((call) => filter(`${dir}/events/syscalls/sys_exit_${call}`));
    if (events.length === 0) throw new Error('no system call events');
    pipe = openSync(`${dir}/trace_pipe`, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    close();
    return undefined;
  }
  const chunk = Buffer.alloc(64 * 1024);
  let found: FailedCall | undefined;
  const call = (): FailedCall | undefined => {
    while (found === undefined && pipe !== undefined) {
      let length: number;
      try {
        length = readSync(pipe, chunk, 0, chunk.length, null);
      } catch {
        break; // EAGAIN: nothing has failed since.
      }
      if (length === 0) break;
      for (const line of chunk.toString('latin1', 0, length).split('\n')) found ??= parseEvent(line);
    }
    return found;
  };
  return {
    by: 'tracefs',
    cost: 'the kernel traces calls that fail (tracefs): 5 to 10 % on calls that make threads and maps',
    call,
    failed: () => call() !== undefined,
    close,
  };
}

/** The kernel removes what is in an instance with it. It refuses while somebody else reads it; then it stays. */
function removeInstance(dir: string): void {
  try {
    rmdirSync(dir);
  } catch {
    // Nothing of ours reads it any more.
  }
}

/** Whether `openInstance` is likely to work. It makes nothing. */
export function canUseTracefs(root: KernelRoot): boolean {
  const instances = instancesOf(root);
  if (instances === undefined) return false;
  try {
    accessSync(instances, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function instancesOf(root: KernelRoot): string | undefined {
  const mounts = parseMountinfo(readText(root.proc('self', 'mountinfo')) ?? '');
  const mount = mounts.find(({ type }) => type === 'tracefs')?.mountPoint;
  return mount === undefined ? undefined : root.at(`${mount}/instances`);
}

/** False where this kernel has no such call. */
function filter(event: string): boolean {
  try {
    writeFileSync(`${event}/filter`, ERRNOS.map(([, number]) => `ret == -${number}`).join(' || '));
    writeFileSync(`${event}/enable`, '1');
    return true;
  } catch {
    return false;
  }
}

/** `          python3-4711    [001] ..... 12.345678: sys_clone3 -> 0xfffffffffffffff5` */
export function parseEvent(line: string): FailedCall | undefined {
  const match = /: sys_(\w+) -> (0x[0-9a-f]+)\s*$/.exec(line);
  if (match === null) return undefined;
  const value = Number(BigInt.asIntN(64, BigInt(match[2] as string)));
  const errno = ERRNOS.find(([, number]) => number === -value)?.[0];
  return errno === undefined ? undefined : { name: match[1] as string, errno };
}
