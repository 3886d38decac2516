/** Exit statuses that are the guard's own; all others are the child's. */
export const EXIT = {
  /** The guard stopped the target. */
  stopped: 113,
  /** `--max-restarts` are used up: starting it again would not help. */
  gaveUp: 114,
  /** The guard itself failed, bad flags included. */
  guardFailed: 125,
  /** The command was found but cannot be executed. */
  notExecutable: 126,
  /** The command was not found. */
  notFound: 127,
} as const;

/** A refusal that an operator can act on: what failed, on which object, and what to do. */
export class GuardError extends Error {
  override readonly name = 'GuardError';
  /** For machines: stable, kebab-case. */
  readonly code: string;
  /** What to do about it, one line. */
  readonly hint: string;
  readonly exitCode: number;

  constructor(code: string, message: string, options: { hint: string; exitCode?: number; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? EXIT.guardFailed;
  }
}

/** The errno name of a system error (`ENOENT`), or its message when it has none. */
export function errnoOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code ?? (error instanceof Error ? error.message : String(error));
}
