import type { Target } from './contracts.ts';

/** The two numbers that are read of a cold target. At most six descriptors are kept for it. */
export interface ColdMeter {
  /** `gone` when the target is no more. Throws where it cannot be read. */
  tasks(nowMs: number): number | 'gone';
  refused(): number | undefined;
  close(): void;
}

/** Something that could be guarded, before anything of it is opened but its cold meter. */
export interface Candidate {
  /** `command:redis`, `unit:foo.service`, `pid:42`. */
  readonly id: string;
  /** Where it would trip, as far as that is known before its ceilings are read. */
  readonly line: number | undefined;
  readonly meter: ColdMeter;
  /** Opens all of it. Throws a GuardError when it is gone or may not be touched. */
  open(): Target;
}

/** Where targets come from: a child of the guard, what runs already, a whole host. */
export interface TargetSource {
  /** Tells of every target now, and of each change from now on; returns what ends that. */
  start(changes: Changes): () => void;
}

export interface Changes {
  appeared(candidate: Candidate): void;
  vanished(id: string): void;
}
