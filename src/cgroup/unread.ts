import { errnoOf, GuardError } from '../errors.ts';

/**
 * A part of a cgroup exists but could not be read. This is an error and not an empty list: a guard that has no free
 * descriptor would else report "0 processes, all gone" while hundreds live.
 */
export class UnreadError extends GuardError {
  readonly path: string;
  /** `EMFILE`, `EACCES`, …; `E2BIG` when there are more cgroups than are read. */
  readonly errno: string;
  /** The processes that were found in the other parts. A kill may go on with them, but they are not all. */
  readonly found: readonly number[];

  constructor(path: string, errno: string, found: readonly number[] = []) {
    super('unread', `cannot read ${path} (${errno})`, { hint: hintFor(errno) });
    this.path = path;
    this.errno = errno;
    this.found = found;
  }
}

/** Whether an error only says that the cgroup was removed meanwhile (ENODEV: removed while its file was open). */
export function isGone(error: unknown): boolean {
  return GONE.has(errnoOf(error));
}

const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENODEV', 'ENOTDIR', 'ESRCH']);

function hintFor(errno: string): string {
  switch (errno) {
    case 'EMFILE':
    case 'ENFILE':
      return 'raise the limit on open files: LimitNOFILE= of the unit, or ulimit -n';
    case 'EACCES':
    case 'EPERM':
      return 'run the guard as root, or as the user that owns the cgroup';
    case 'E2BIG':
      return 'name a cgroup further down: too many cgroups lie below this one';
    default:
      return 'check that the cgroup file system is still mounted';
  }
}
