import { fstatSync } from 'node:fs';
import { bindingCeiling, ceilingLabel } from '../core/ceiling.ts';
import type { Ceiling } from '../core/model.ts';
import { errnoOf, GuardError } from '../errors.ts';
import { type Libc, RLIMIT_NOFILE } from '../sys/libc.ts';
import type { LaunchNotes } from './launchNotes.ts';
import { findExecutable } from './launchPlan.ts';

/** Tasks that must be free although Node runs already: its pool of three, the child, and one to spare. */
const NEEDED_TASKS = 5;

/** A Node on a full machine aborts at its first asynchronous call: say no while it is possible to say anything. */
export function refuseWhenFull(ceilings: readonly Ceiling[]): void {
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
export function activationFds(env: NodeJS.ProcessEnv): number[] {
  const count = Number(env['LISTEN_FDS'] ?? 0);
  if (Number(env['LISTEN_PID']) !== process.pid || !Number.isInteger(count) || count < 1 || count > 1000) return [];
  return Array.from({ length: count }, (_, index) => 3 + index);
}

/** Throws for a descriptor of `--pass-fd` that is not open here. */
export function checkDescriptors(fds: readonly number[]): void {
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

/** Throws when a tool that `--on-guard-death kill` is built on is missing. */
export function findTool(name: string, env: NodeJS.ProcessEnv): void {
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
export function restoreOpenFiles(libc: Libc | undefined, notes: LaunchNotes): void {
  const limit = libc?.getLimit(0, RLIMIT_NOFILE);
  if (libc === undefined || limit === undefined || notes.openFiles === undefined) return;
  libc.setLimit(0, RLIMIT_NOFILE, notes.openFiles, limit.hard);
}
