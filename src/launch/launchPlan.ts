import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { EXIT, errnoOf, GuardError } from '../errors.ts';
import { maskNames } from './forwardedSignals.ts';

/** The command and everything it must be started with. */
export interface LaunchPlan {
  readonly file: string;
  readonly args: readonly string[];
}

/**
 * The command wrapped in the programs that set up what only the process itself can: each execs the
 * next, so the pid stays and the exit status is the command's own. With nothing to set up there is none.
 */
export function planLaunch(
  command: readonly [string, ...string[]],
  needs: {
    readonly ignoredSignals: bigint;
    readonly dieWithGuard: boolean;
    /** Variables that must hold the command's own pid. */
    readonly ownPid: readonly string[];
    /** Soft limits that the guard could not restore itself, as `prlimit` flags. */
    readonly limits?: readonly string[];
  },
): LaunchPlan {
  const chain: string[] = [];
  const own = needs.ownPid.map((name) => `${name}=$$ `);
  if (own.length > 0) chain.push('sh', '-c', `${own.join('')}exec "$@"`, 'sh');
  if (needs.limits !== undefined && needs.limits.length > 0) chain.push('prlimit', ...needs.limits);
  if (needs.dieWithGuard) chain.push('setpriv', '--pdeathsig', 'KILL');
  const ignored = maskNames(needs.ignoredSignals);
  if (ignored.length > 0) chain.push('env', `--ignore-signal=${ignored.join(',')}`);
  const [file, ...args] = [...chain, ...command] as [string, ...string[]];
  return { file, args };
}

/**
 * The file that `execvp` would run, or a refusal with the shell's own status: 127 when there is none,
 * 126 when there is one that cannot be executed.
 */
export function findExecutable(command: string, path: string | undefined): string {
  if (command === '') throw notFound(command);
  const candidates = command.includes('/')
    ? [command]
    : (path ?? '/usr/local/bin:/usr/bin:/bin').split(delimiter).map((dir) => join(dir === '' ? '.' : dir, command));
  let denied: string | undefined;
  for (const candidate of candidates) {
    try {
      if (statSync(candidate).isDirectory()) {
        denied ??= `${candidate} is a directory`;
        continue;
      }
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch (error) {
      if (errnoOf(error) === 'EACCES') denied ??= `${candidate}: permission denied`;
    }
  }
  // A directory on the PATH that happens to have the name is not what was meant.
  if (denied !== undefined && (command.includes('/') || !denied.endsWith('directory'))) {
    throw new GuardError('not-executable', `cannot execute ${denied}`, {
      hint: 'name a file with execute permission (chmod +x)',
      exitCode: EXIT.notExecutable,
    });
  }
  throw notFound(command);
}

function notFound(command: string): GuardError {
  return new GuardError('not-found', `command not found: ${command === '' ? "''" : command}`, {
    hint: 'check the spelling and the PATH',
    exitCode: EXIT.notFound,
  });
}
