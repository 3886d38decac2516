import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { errnoOf, GuardError } from '../errors.ts';

/** A directory for the evidence of one run, there before the child starts and gone again when nothing happened. */
export interface IncidentDir {
  readonly path: string;
  /** True once a whole file was written into it. */
  isUsed(): boolean;
  /** Writes a whole file or none; throws a GuardError that names it. */
  write(name: string, text: string | Buffer): void;
  /** Removes it unless it was used. */
  discardIfUnused(): void;
}

/**
 * Makes the directory. One that the operator named must work; of the usual places the first that
 * works is taken, the temporary directory last.
 */
export function openIncidentDir(
  named: string | undefined,
  env: NodeJS.ProcessEnv,
  nowText: string,
  pid: number,
): IncidentDir {
  const parents = named === undefined ? usualPlaces(env) : [named];
  let failure: unknown;
  for (const parent of parents) {
    try {
      makeDirs(parent);
      return incidentDir(mkdtempSync(join(parent, `${nowText}-${pid}-`)));
    } catch (error) {
      failure = error;
    }
  }
  throw new GuardError(
    'no-incident-dir',
    `cannot make an incident directory in ${parents.join(' or ')} (${errnoOf(failure)})`,
    {
      hint: 'name a directory that can be written with --incident-dir',
      cause: failure,
    },
  );
}

/** Not mkdir's own `recursive`: below /proc, where mkdir says ENOENT, Node 20 loops in it for ever. */
function makeDirs(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeDirs(parent);
  mkdirSync(path, { mode: 0o700 });
}

function usualPlaces(env: NodeJS.ProcessEnv): string[] {
  const state = env['XDG_STATE_HOME'];
  const own =
    process.getuid?.() === 0
      ? '/var/lib/threadguard'
      : join(state === undefined || state === '' ? join(homedir(), '.local/state') : state, 'threadguard');
  return [own, join(tmpdir(), `threadguard-${process.getuid?.() ?? 0}`)];
}

function incidentDir(path: string): IncidentDir {
  let isUsed = false;
  return {
    path,
    isUsed: () => isUsed,
    write: (name, text) => {
      const file = join(path, name);
      const part = `${file}.part`;
      try {
        // Beside it first: on a full disk what was written before must stay.
        writeFileSync(part, text, { mode: 0o600 });
        renameSync(part, file);
      } catch (error) {
        // Half a document is worse than none, and on a full disk it holds the last free blocks.
        discard(part);
        throw new GuardError('no-evidence', `cannot write ${file} (${errnoOf(error)})`, {
          hint: 'free space there, or name another directory with --incident-dir',
          cause: error,
        });
      }
      isUsed = true;
    },
    discardIfUnused: () => {
      if (!isUsed) rmSync(path, { recursive: true, force: true });
    },
  };
}

function discard(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // It is not ours, or the disk is gone: the error that brought us here says more.
  }
}
