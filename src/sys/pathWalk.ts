import { closeSync, constants, fstatSync, mkdirSync, openSync, readlinkSync, type Stats, statfsSync } from 'node:fs';

/**
 * Opens a name without opening what it stands for: nothing is read, no device is started, no FIFO is waited for
 * (open(2)). Node has no constant for it. The number is the same on every architecture that Node 20 supports.
 */
export const O_PATH = 0x200000;
const { O_DIRECTORY, O_NOFOLLOW } = constants;
/** As many as the kernel follows in one path (path_resolution(7)). */
const MOST_LINKS = 40;
const PROC_SUPER_MAGIC = 0x9fa0;

/** What is decided on the way. Paths are shown as the walk sees them: from its top, without links. */
export interface WalkRules {
  /** Throws for a directory that must not be passed through. */
  readonly directory?: (stat: Stats, path: string) => void;
  /** Throws for a symbolic link that must not be followed. */
  readonly link: (stat: Stats, path: string) => void;
  /** The mode of directories that are made where there are none; without it a missing one is an error. */
  readonly makeMode?: number;
}

/** A directory that is held by a descriptor, and a name in it. Nobody can put another directory in its place. */
export interface PinnedName {
  /** Descriptor of the directory, opened with O_PATH. It belongs to the caller. */
  readonly fd: number;
  /** The last component. It is no link, or one of the kernel's own (`/proc/self/fd/1`). `.` for the directory itself. */
  readonly name: string;
  /** Whether the directory is one of procfs, whose links are the kernel's own. */
  readonly isProc: boolean;
}

/** Where a walk ends: at the directory of the last component, or at the last component, which must be a directory. */
export type WalkEnd = 'parent' | 'directory';

/** The path of a name in a directory that is held by a descriptor: what openat(2) and its kin do. */
export function inside(fd: number, name: string): string {
  return `/proc/self/fd/${fd}/${name}`;
}

/**
 * Walks a path one component at a time, below `top`, and never outside of it: an absolute link begins there again. Each
 * directory is held while the next one is opened, so nothing that happens beside it changes the way. Throws the system
 * error (ENOENT, ENOTDIR, ELOOP), or what a rule throws.
 */
export function walkPath(top: string, path: string, rules: WalkRules, end: WalkEnd = 'parent'): PinnedName {
  const walk = new Walk(top, rules);
  try {
    return walk.to(componentsOf(path), end);
  } catch (error) {
    walk.close();
    throw error;
  }
}

class Walk {
  readonly #top: string;
  readonly #rules: WalkRules;
  #at: number;
  /** The components by which the held directory was reached. */
  #seen: readonly string[] = [];
  #links = 0;

  constructor(top: string, rules: WalkRules) {
    this.#top = top;
    this.#rules = rules;
    this.#at = openSync(top, O_PATH | O_DIRECTORY);
  }

  to(path: readonly string[], end: WalkEnd): PinnedName {
    this.#rules.directory?.(fstatSync(this.#at), '/');
    let rest = path;
    while (rest.length > 0) {
      const [name, ...after] = rest as [string, ...string[]];
      const isLast = end === 'parent' && after.length === 0;
      if (name === '..') {
        rest = this.#again(name, [...this.#seen.slice(0, -1), ...after]);
        continue;
      }
      const next = openNext(this.#at, name, isLast ? undefined : this.#rules.makeMode);
      if (next === undefined && !isLast) throw systemError('ENOENT', this.#shown(name));
      const stat = next === undefined ? undefined : fstatSync(next);
      const isLink = stat?.isSymbolicLink() === true;
      if (next !== undefined && (isLast || isLink)) closeSync(next);
      if (isLast && (!isLink || isProcfs(this.#at))) return this.#result(name);
      if (next === undefined || stat === undefined) continue;
      rest = isLink ? this.#follow(name, stat, after) : this.#enter(next, stat, name, after);
    }
    return this.#result('.');
  }

  close(): void {
    closeSync(this.#at);
  }

  #enter(next: number, stat: Stats, name: string, after: readonly string[]): readonly string[] {
    closeSync(this.#at);
    this.#at = next;
    if (!stat.isDirectory()) throw systemError('ENOTDIR', this.#shown(name));
    this.#rules.directory?.(stat, this.#shown(name));
    this.#seen = [...this.#seen, name];
    return after;
  }

  #follow(name: string, stat: Stats, after: readonly string[]): readonly string[] {
    this.#rules.link(stat, this.#shown(name));
    const to = readlinkSync(inside(this.#at, name));
    return this.#again(name, [...(to.startsWith('/') ? [] : this.#seen), ...componentsOf(to), ...after]);
  }

  /** The walk begins at its top once more. */
  #again(name: string, rest: readonly string[]): readonly string[] {
    if (this.#links >= MOST_LINKS) throw systemError('ELOOP', this.#shown(name));
    this.#links += 1;
    const fresh = openSync(this.#top, O_PATH | O_DIRECTORY);
    closeSync(this.#at);
    this.#at = fresh;
    this.#seen = [];
    return rest;
  }

  #shown(name: string): string {
    return `/${[...this.#seen, name].join('/')}`;
  }

  #result(name: string): PinnedName {
    return { fd: this.#at, name, isProc: isProcfs(this.#at) };
  }
}

/** A system error as Node makes them. */
export function systemError(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${path}`), { code, path });
}

function componentsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

/** `undefined` where there is nothing of that name. */
function openNext(at: number, name: string, makeMode: number | undefined): number | undefined {
  const open = (): number => openSync(inside(at, name), O_PATH | O_NOFOLLOW);
  try {
    return open();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  if (makeMode === undefined) return undefined;
  mkdirSync(inside(at, name), { mode: makeMode });
  return open();
}

function isProcfs(fd: number): boolean {
  return statfsSync(`/proc/self/fd/${fd}`).type === PROC_SUPER_MAGIC;
}
