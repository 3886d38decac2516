import { type Libc, RLIM_INFINITY } from './libc.ts';

/** Limits without which the guard cannot act: getrlimit(2). The words are those of `/proc/PID/limits`. */
const KEPT = [
  { resource: 0, name: 'CPU time' },
  { resource: 1, name: 'file size' },
  { resource: 2, name: 'data size' },
  { resource: 7, name: 'open files' },
  { resource: 9, name: 'address space' },
] as const;

/**
 * The limits of the guard itself. A target of the same user may lower them with prlimit(2): with 3 open files a guard found
 * nobody any more, and left 299 processes. Whoever may raise a hard limit (CAP_SYS_RESOURCE) puts them back.
 */
export class OwnLimits {
  readonly #libc: Libc | undefined;
  readonly #before: readonly { resource: number; name: string; soft: bigint; hard: bigint }[];
  readonly #said = new Set<string>();

  /** Notes them as they are now. Without libc nothing is kept. */
  constructor(libc: Libc | undefined) {
    this.#libc = libc;
    this.#before = KEPT.flatMap((one) => {
      const limit = libc?.getLimit(0, one.resource);
      return limit === undefined ? [] : [{ ...one, ...limit }];
    });
  }

  /** Puts back what was lowered; one call a limit, 1 µs each. Returns what has to be said, each sentence once. */
  keep(): readonly string[] {
    return this.#before.flatMap(({ hard, name, resource, soft }) => {
      const now = this.#libc?.getLimit(0, resource);
      if (now === undefined || (now.soft >= soft && now.hard >= hard)) return [];
      const isBack =
        this.#libc?.setLimit(0, resource, soft, hard) === true ||
        this.#libc?.setLimit(0, resource, now.hard < soft ? now.hard : soft, now.hard) === true;
      const isWhole = isBack && (this.#libc?.getLimit(0, resource)?.soft ?? 0n) >= soft;
      const end = isWhole ? `it is ${textOf(soft)} again` : 'the guard may not raise it again';
      return this.#once(`somebody lowered the limit on ${name} of the guard to ${textOf(now.soft)}: ${end}`);
    });
  }

  #once(problem: string): readonly string[] {
    if (this.#said.has(problem)) return [];
    this.#said.add(problem);
    return [problem];
  }
}

function textOf(limit: bigint): string {
  return limit === RLIM_INFINITY ? 'unlimited' : String(limit);
}
