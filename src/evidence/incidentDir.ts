import fs from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { errnoOf, GuardError } from '../errors.ts';
import { type FileCalls, IncidentFiles } from './incidentFiles.ts';

/** A directory for the evidence of one run. It is there before the child starts, and gone again if nothing happened. */
export interface IncidentDir {
  readonly path: string;
  /** True once a whole file was written into it. */
  isUsed(): boolean;
  /** Makes a directory in it, for things that are removed at the end. */
  scratch(name: string): string;
  /** Writes a whole file or none. Throws a GuardError that names it. */
  write(name: string, text: string | Buffer): void;
  /** Closes what was opened and not written, and removes the scratch; removes all of it if nothing was written. */
  settle(): void;
}

/**
 * Makes the directory. One that the operator named must work. Of the usual places the first that works is taken, the
 * temporary directory last. Throws a GuardError if none works.
 */
export function openIncidentDir(
  named: string | undefined,
  env: NodeJS.ProcessEnv,
  nowText: string,
  pid: number,
  calls: FileCalls = fs,
): IncidentDir {
  const parents = named === undefined ? usualPlaces(env) : [named];
  let failure: unknown;
  for (const parent of parents) {
    try {
      return new IncidentFiles(parent, `${nowText}-${pid}-`, calls);
    } catch (error) {
      failure = error;
    }
  }
  if (failure instanceof GuardError) throw failure;
  throw new GuardError(
    'no-incident-dir',
    `cannot make an incident directory in ${parents.join(' or ')} (${errnoOf(failure)})`,
    { hint: 'name a directory that can be written with --incident-dir', cause: failure },
  );
}

/** For a run that leaves no evidence: every write says why. */
export function unkeptIncident(why: GuardError): IncidentDir {
  const refuse = (): never => {
    throw why;
  };
  return { path: '', isUsed: () => false, scratch: refuse, write: refuse, settle: () => {} };
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
