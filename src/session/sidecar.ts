import { closeSync, readdirSync, readlinkSync } from 'node:fs';
import { GuardError } from '../errors.ts';
import type { KernelRoot } from '../procfs/root.ts';
import type { RunOptions } from './runOptions.ts';

/** Set by the launcher, which became the service. */
const SERVICE = '_THREADGUARD_SIDECAR';

/** The pid of the service that the launcher has become. Throws for what a sidecar cannot do. */
export function sidecarOf(options: RunOptions, root: KernelRoot, env: NodeJS.ProcessEnv): number {
  const pid = Number(env[SERVICE]);
  delete env[SERVICE];
  const cannot = [
    ...(options.restart.mode === 'no' ? [] : ['--restart']),
    ...(options.evidence.captureStderr ? ['--capture-stderr'] : []),
    ...(options.evidence.jvmThreadEvents ? ['--jvm-thread-events'] : []),
    ...(options.settings.onGuardDeath === 'kill' ? ['--on-guard-death kill'] : []),
    ...(options.launch.onDaemons === 'kill' ? ['--on-daemons kill'] : []),
    ...(options.launch.passFds.length > 0 ? ['--pass-fd'] : []),
  ];
  if (cannot.length > 0) {
    throw new GuardError('bad-sidecar', `--sidecar does not start the command: ${cannot.join(', ')} cannot be had`, {
      hint: 'leave them out, or leave out --sidecar',
    });
  }
  if (!Number.isInteger(pid) || pid < 1) {
    throw new GuardError('bad-sidecar', '--sidecar needs the launcher, and -- before the command', {
      hint: 'threadguard run --sidecar [options] -- COMMAND; in a file or a variable it has no effect',
    });
  }
  closeInherited(root, pid);
  return pid;
}

/** Descriptors of the service that came along: a socket held open here would outlive the service that listens on it. */
function closeInherited(root: KernelRoot, service: number): void {
  const linkOf = (pid: number | 'self', fd: string): string => {
    try {
      return readlinkSync(root.proc(pid, 'fd', fd));
    } catch {
      return '';
    }
  };
  for (const fd of readdirSync(root.proc('self', 'fd'))) {
    const link = linkOf('self', fd);
    // Node's own have no name that could be the service's.
    if (Number(fd) < 3 || link === '' || link.startsWith('anon_inode:')) continue;
    if (linkOf(service, fd) === link) closeSync(Number(fd));
  }
}
