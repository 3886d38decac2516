import fs, { rmdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { errnoOf, GuardError } from '../errors.ts';
import { openOwnDir } from '../sys/ownDir.ts';
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
 * Makes the directory. One that the operator named must work. Of the usual places the first that works is taken, those in the
 * temporary directory last, and `onElsewhere` is told where and why, and whether others had a hand in one. Throws a GuardError if
 * none works.
 */
export function openIncidentDir(
  named: string | undefined,
  env: NodeJS.ProcessEnv,
  nowText: string,
  pid: number,
  calls: FileCalls = fs,
  onElsewhere: (sentence: string, isOthers: boolean) => void = () => {},
): IncidentDir {
  const prefix = `${nowText}-${pid}-`;
  const places = named === undefined ? usualPlaces(env, calls) : [{ path: named, open: () => named }];
  const reasons: string[] = [];
  let isOthers = false;
  for (const { open, path } of places) {
    try {
      const parent = open();
      const files = new IncidentFiles(parent, prefix, calls);
      const [usual] = places;
      if (reasons.length > 0)
        onElsewhere(`no evidence is kept in ${usual?.path} (${reasons.join('; ')}): it goes to ${parent}`, isOthers);
      // A new one has a name that no other run will find: it goes with its only incident.
      return parent === path ? files : leavingNothing(files, parent);
    } catch (error) {
      if (named !== undefined && error instanceof GuardError) throw error;
      isOthers ||= error instanceof GuardError;
      reasons.push(error instanceof GuardError ? error.message : errnoOf(error));
    }
  }
  const paths = [...new Set(places.map(({ path }) => path))].join(' or ');
  throw new GuardError('no-incident-dir', `cannot make an incident directory in ${paths} (${reasons.join('; ')})`, {
    hint: 'name a directory that can be written with --incident-dir',
  });
}

/** A directory below which incidents may lie. */
interface Place {
  readonly path: string;
  /** Its path, or that of a new one beside it. */
  open(): string;
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

function usualPlaces(env: NodeJS.ProcessEnv, calls: FileCalls): Place[] {
  const state = ownStateDir(env);
  // Everybody may make a directory of this name: one that somebody else made is not used.
  const temporary = join(tmpdir(), `threadguard-${process.geteuid?.() ?? 0}`);
  return [
    { path: state, open: () => state },
    { path: temporary, open: () => temporary },
    {
      path: temporary,
      open: () => {
        // Refused before something is left behind in it.
        openOwnDir(tmpdir(), undefined).close();
        return calls.mkdtempSync(`${temporary}-`);
      },
    },
  ];
}

function leavingNothing(files: IncidentFiles, parent: string): IncidentDir {
  return {
    path: files.path,
    isUsed: () => files.isUsed(),
    scratch: (name) => files.scratch(name),
    write: (name, text) => files.write(name, text),
    settle: () => {
      files.settle();
      try {
        rmdirSync(parent);
      } catch {
        // It holds an incident.
      }
    },
  };
}
