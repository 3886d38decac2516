import { statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { errnoOf, GuardError } from '../errors.ts';
import { NO_MEMORY, type RestartMemory } from '../policy/restart.ts';
import { openOwnDir, readOwnFile, replaceIn } from '../sys/ownDir.ts';
import { seldom } from '../sys/seldom.ts';

/** What restarts leave for the next guard: a bad deploy is remembered when the guard itself is started again. */
export interface RestartState {
  readonly memory: RestartMemory;
  /** Why the file could not be read or written; then the guard begins without a memory. */
  readonly problem: string | undefined;
  /** Writes it, whole or not at all. Returns a sentence when that failed. */
  keep(memory: RestartMemory): string | undefined;
  /** No guard keeps the file any more. */
  close(): void;
}

const SCHEMA = 'threadguard.restarts/1';
const FILE_MODE = 0o600;
/** Others may pass through: beside it lie the incidents of services that run as somebody else. */
const DIR_MODE = 0o711;
/** Far more than the times of the restarts that count. */
const MOST_BYTES = 1 << 20;

/** The guard that keeps a file. A pid and a start time mean one process until the next boot. */
export interface Keeper {
  readonly pid: number;
  readonly startTime: number;
  /** Absent in the files of versions before it. */
  readonly bootId?: string | undefined;
}

interface Document {
  readonly schema: typeof SCHEMA;
  readonly deploy: string;
  readonly keeper: Keeper | null;
  readonly crashes: readonly number[];
  readonly trips: readonly number[];
  readonly inARow: number;
  readonly lastDelayMs: number;
}

/**
 * A fingerprint of what is deployed: the words of the command, and the size and time of every file among them. A new
 * deploy begins without a history.
 */
export function deployOf(words: readonly string[], executable: string): string {
  const hash = seldom.crypto().createHash('sha256');
  for (const word of [executable, ...words.slice(1)]) {
    hash.update(`${word}\0`);
    const stat = statSync(word, { throwIfNoEntry: false });
    if (stat?.isFile() === true) hash.update(`${stat.size} ${stat.mtimeMs}\0`);
  }
  return hash.digest('hex').slice(0, 32);
}

/**
 * Opens the memory of a service. A file that cannot be understood is no reason to leave a service down: that is said in
 * `problem`, and the file is replaced. But it throws a GuardError when another guard lives and keeps the file, because
 * two guards would restart the same service, and when somebody else could lead what is written there to another file. `isGuard`
 * says whether that process is one: anything else that is named there, such as pid 1, keeps nothing.
 */
export function openRestartState(
  path: string,
  deploy: string,
  self: Keeper,
  isGuard: (keeper: Keeper) => boolean,
): RestartState {
  const found = read(path);
  const document = typeof found === 'string' ? undefined : found;
  const keeper = document?.keeper;
  if (keeper != null && keeper.pid !== self.pid && isGuard(keeper)) {
    throw new GuardError('two-guards', `another threadguard (pid ${keeper.pid}) keeps ${path}`, {
      hint: 'stop that one first, or give this one a --name or a --state-file of its own',
    });
  }
  let memory: RestartMemory = NO_MEMORY;
  if (document !== undefined && document.deploy === deploy) {
    const { crashes, inARow, lastDelayMs, trips } = document;
    memory = { crashes, trips, inARow, lastDelayMs };
  }
  const write = (next: RestartMemory, by: Keeper | null): string | undefined => {
    try {
      const text = `${JSON.stringify({ schema: SCHEMA, deploy, keeper: by, ...next } satisfies Document)}\n`;
      const dir = openOwnDir(dirname(path), DIR_MODE);
      try {
        replaceIn(dir, basename(path), text, FILE_MODE);
      } finally {
        dir.close();
      }
      memory = next;
      return undefined;
    } catch (error) {
      if (error instanceof GuardError) throw error;
      return `restarts are not remembered: cannot write ${path} (${errnoOf(error)})`;
    }
  };
  const problem = write(memory, self) ?? (typeof found === 'string' && found !== 'ENOENT' ? found : undefined);
  return {
    memory,
    problem,
    keep: (next) => write(next, self),
    close: () => void write(memory, null),
  };
}

/** The document, or why there is none. */
function read(path: string): Document | string {
  let text: string;
  try {
    text = readOwnFile(path, MOST_BYTES);
  } catch (error) {
    if (error instanceof GuardError) return `${error.message}: beginning without a memory`;
    return errnoOf(error) === 'ENOENT'
      ? 'ENOENT'
      : `cannot read ${path} (${errnoOf(error)}): beginning without a memory`;
  }
  const damaged = `${path} is damaged (cut short?): beginning without a memory of earlier restarts`;
  try {
    const value = JSON.parse(text) as Partial<Document> | null;
    const isTimes = (list: unknown): boolean => Array.isArray(list) && list.every((one) => Number.isFinite(one));
    const isGood =
      value?.schema === SCHEMA &&
      isKeeper(value.keeper) &&
      typeof value.deploy === 'string' &&
      isTimes(value.crashes) &&
      isTimes(value.trips) &&
      Number.isFinite(value.inARow) &&
      Number.isFinite(value.lastDelayMs);
    return isGood ? (value as Document) : damaged;
  } catch {
    return damaged;
  }
}

function isKeeper(keeper: Partial<Keeper> | null | undefined): boolean {
  if (keeper == null) return true;
  const { bootId, pid, startTime } = keeper;
  return (
    Number.isSafeInteger(pid) &&
    Number(pid) > 0 &&
    Number.isSafeInteger(startTime) &&
    /^(string|undefined)$/.test(typeof bootId)
  );
}
