import { writeFileSync } from 'node:fs';
import { mayRepeat } from '../core/gate.ts';
import type { Member, Tree } from './tree.ts';

/** Processes of the target that were found outside of its cgroup, and how many of them are inside again. */
export interface Escaped {
  readonly pids: readonly number[];
  readonly returned: number;
}

/** A pass over `/proc` costs 4 ms with 200 processes: at rest it is made this seldom. */
const LOOK_EVERY_MS = 10_000;

interface EscapesParts {
  readonly tree: Tree;
  /** Processes inside, in whatever hierarchy. */
  readonly inside: () => readonly number[];
  /** Files that put a process in. */
  readonly moveFiles: readonly string[];
  readonly now: () => number;
}

/**
 * A target may leave its cgroup: root writes itself into another (cgroup.procs), or makes children elsewhere
 * (CLONE_INTO_CGROUP). They are found by descent (orphans come to the guard as their subreaper), and brought back.
 */
export class Escapes {
  readonly #parts: EscapesParts;
  #lookedMs: number;
  #costMs = 0;

  constructor(parts: EscapesParts) {
    this.#parts = parts;
    this.#lookedMs = parts.now();
  }

  /** Now and then; `undefined` when nobody is outside, or it is not time to look. */
  look(nowMs: number): Escaped | undefined {
    if (!mayRepeat(nowMs, this.#lookedMs, this.#costMs, LOOK_EVERY_MS)) return undefined;
    const beforeMs = this.#parts.now();
    const outside = this.find();
    this.#lookedMs = beforeMs;
    this.#costMs = this.#parts.now() - beforeMs;
    if (outside.length === 0) return undefined;
    const returned = outside.filter(({ pid }) => this.#parts.moveFiles.every((file) => move(file, pid))).length;
    return { pids: outside.map(({ pid }) => pid), returned };
  }

  /** All that live outside now. A kill asks, and whoever says that a target is gone. */
  find(): readonly Member[] {
    if (!this.#parts.tree.mayLive()) return [];
    const inside = new Set(this.#parts.inside());
    const { members } = this.#parts.tree.walk() ?? { members: [] };
    return members.filter(({ isZombie, pid }) => !isZombie && !inside.has(pid));
  }
}

/** A process that is just ending cannot be moved, and need not be. */
export function move(file: string, pid: number): boolean {
  try {
    writeFileSync(file, String(pid));
    return true;
  } catch {
    return false;
  }
}
