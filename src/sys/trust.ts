import { readFileSync, type Stats } from 'node:fs';
import { GuardError } from '../errors.ts';
import type { WalkRules } from './pathWalk.ts';

const STICKY = 0o1000;
/** Groups of the system itself, as `adm` and `syslog` of /var/log (login.defs(5), SYS_GID_MAX). */
const LAST_SYSTEM_GID = 999;
/** What stands for every user that a user namespace does not know (user_namespaces(7)). */
const OVERFLOW_UID = 65_534;

/** Whom the guard trusts with the directories that it writes to. */
export interface Trust {
  readonly uid: number;
  /** The user who called sudo: he is root when he likes. */
  readonly sudoUid: number | undefined;
  /** Whether users of outside cannot be told from each other here. */
  readonly isMapped: boolean;
  /**
   * For what is obeyed, not only written, as sshd does with `authorized_keys` (StrictModes): a sticky directory is no help, because
   * everybody may take a name that is free in it for a moment, and no group but root's counts as trusted.
   */
  readonly isStrict?: boolean;
}

/** Whom this process trusts. A process without a uid (not POSIX) is taken for root. */
export function trustOfProcess(env: NodeJS.ProcessEnv = process.env): Trust {
  const uid = process.geteuid?.() ?? 0;
  const sudo = env['SUDO_UID'] === '' ? Number.NaN : Number(env['SUDO_UID']);
  return { uid, sudoUid: uid === 0 && Number.isInteger(sudo) ? sudo : undefined, isMapped: isMapped() };
}

/** Why a directory on the way cannot be trusted; `undefined` if it can. Pure. */
export function whyUnsafe(stat: Pick<Stats, 'gid' | 'mode' | 'uid'>, trust: Trust): string | undefined {
  if (!isTrusted(stat.uid, trust)) return `belongs to uid ${stat.uid}`;
  // In a sticky directory only its owner renames or removes an entry.
  if ((stat.mode & STICKY) !== 0 && trust.isStrict !== true) return undefined;
  if ((stat.mode & 0o002) !== 0) return 'may be written by everybody';
  // Users have groups of their own, and a guard of a user has no more rights than its target.
  const isForeignGroup = trust.uid === 0 && stat.gid > (trust.isStrict === true ? 0 : LAST_SYSTEM_GID);
  return (stat.mode & 0o020) !== 0 && isForeignGroup ? `may be written by group ${stat.gid}` : undefined;
}

function isTrusted(uid: number, { isMapped, sudoUid, uid: own }: Trust): boolean {
  return uid === 0 || uid === own || uid === sudoUid || (isMapped && uid === OVERFLOW_UID);
}

/** Why an open file is not the guard's own; `undefined` if it is. */
export function whyNotOwn(stat: Pick<Stats, 'gid' | 'mode' | 'nlink' | 'uid'>, trust: Trust): string | undefined {
  const { nlink, uid } = stat;
  if (trust.isStrict === true) return whyUnsafe(stat, trust);
  if (!isTrusted(uid, trust)) return `belongs to uid ${uid}`;
  return nlink > 1 ? 'has a second name (a hard link)' : undefined;
}

/** What a walk to a directory of the guard refuses, with who could bend it and how to mend that. */
export function trustRules(trust: Trust, makeMode: number | undefined): WalkRules {
  return {
    ...(makeMode === undefined ? {} : { makeMode }),
    directory: (stat, path) => {
      const why = whyUnsafe(stat, trust);
      if (why !== undefined) throw new UntrustedPath(path, why, mend(path, trust));
    },
    link: ({ uid }, path) => {
      if (!isTrusted(uid, trust))
        throw new UntrustedPath(path, `is a link of uid ${uid}`, 'remove the link, or name where it leads');
    },
  };
}

function mend(path: string, { uid }: Trust): string {
  const who = uid === 0 ? 'root' : `uid ${uid}`;
  const home = uid === 0 ? '/var/lib/threadguard' : 'one below its home';
  return `name a directory that only ${who} may write, as ${home}; or: chown ${uid} ${path} && chmod go-w ${path}`;
}

/** A path that somebody else could bend: which part of it, and how. */
export class UntrustedPath extends GuardError {
  readonly path: string;
  readonly why: string;

  constructor(path: string, why: string, hint: string) {
    super('untrusted-path', `${path} ${why}: what is written there could be led elsewhere`, { hint });
    this.path = path;
    this.why = why;
  }
}

/** Whether this user namespace knows only some users: the others all look like the overflow uid. */
function isMapped(): boolean {
  try {
    return !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'latin1'));
  } catch {
    return false;
  }
}
