import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { errnoOf, GuardError } from '../errors.ts';

/** Opened with the directory: at the trip there may be no descriptor or inode left for them. */
const OPENED_EARLY = ['incident.json', 'limits.json', 'samples.ndjson', 'stacks.folded'];

/** A directory for the evidence of one run, there before the child starts and gone again when nothing happened. */
export interface IncidentDir {
  readonly path: string;
  /** True once a whole file was written into it. */
  isUsed(): boolean;
  /** Makes a directory in it for things that are gone at the end. */
  scratch(name: string): string;
  /** Writes a whole file or none; throws a GuardError that names it. */
  write(name: string, text: string | Buffer): void;
  /** Closes what was opened and not written, removes scratch; removes it all when nothing was written. */
  settle(): void;
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

/** For a run that leaves no evidence: every write says why. */
export function unkeptIncident(why: GuardError): IncidentDir {
  const refuse = (): never => {
    throw why;
  };
  return { path: '', isUsed: () => false, scratch: refuse, write: refuse, settle: () => {} };
}

/**
 * Not mkdir's own `recursive`: below /proc, where mkdir says ENOENT, Node 20 loops in it for ever. Others may pass through,
 * not look around: below it are directories of services that run as somebody else. Each incident is its owner's alone.
 */
function makeDirs(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeDirs(parent);
  mkdirSync(path, { mode: 0o711 });
}

/** Where this user keeps what outlives a run: root in /var/lib, others as the XDG base directories say. */
export function ownStateDir(env: NodeJS.ProcessEnv): string {
  if (process.getuid?.() === 0) return '/var/lib/threadguard';
  const state = env['XDG_STATE_HOME'];
  return join(state === undefined || state === '' ? join(homedir(), '.local/state') : state, 'threadguard');
}

function usualPlaces(env: NodeJS.ProcessEnv): string[] {
  return [ownStateDir(env), join(tmpdir(), `threadguard-${process.getuid?.() ?? 0}`)];
}

function incidentDir(path: string): IncidentDir {
  let isUsed = false;
  const scratch: string[] = [];
  const partOf = (name: string): string => join(path, `${name}.part`);
  const opened = new Map(OPENED_EARLY.map((name) => [name, openSync(partOf(name), 'wx', 0o600)]));
  const close = (name: string): void => {
    const fd = opened.get(name);
    opened.delete(name);
    if (fd !== undefined) closeSync(fd);
  };
  return {
    path,
    isUsed: () => isUsed,
    scratch: (name) => {
      const dir = join(path, name);
      mkdirSync(dir, { mode: 0o700 });
      scratch.push(dir);
      return dir;
    },
    write: (name, text) => {
      const file = join(path, name);
      const part = partOf(name);
      const fd = opened.get(name);
      try {
        // Beside it first: on a full disk what was written before must stay.
        if (fd === undefined) writeFileSync(part, text, { mode: 0o600 });
        else {
          ftruncateSync(fd);
          writeFileSync(fd, text);
        }
        renameSync(part, file);
        close(name);
      } catch (error) {
        // Half a document is worse than none, and on a full disk it holds the last free blocks.
        if (fd === undefined) discard(part);
        else empty(fd);
        throw new GuardError('no-evidence', `cannot write ${file} (${errnoOf(error)})`, {
          hint: 'free space there, or name another directory with --incident-dir',
          cause: error,
        });
      }
      isUsed = true;
    },
    settle: () => {
      for (const name of [...opened.keys()]) {
        close(name);
        discard(partOf(name));
      }
      for (const dir of isUsed ? scratch : [path]) rmSync(dir, { recursive: true, force: true });
    },
  };
}

function empty(fd: number): void {
  try {
    ftruncateSync(fd);
  } catch {
    // As below.
  }
}

function discard(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // It is not ours, or the disk is gone: the error that brought us here says more.
  }
}
