import { errnoOf, GuardError } from '../errors.ts';
import { readOwnFile } from '../sys/ownDir.ts';
import { trustOfProcess, UntrustedPath } from '../sys/trust.ts';

/** A larger file is not a configuration, and a device would never end. */
const MOST_BYTES = 1 << 20;

const WORDS: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  EINVAL: ['it is not a regular file', 'name a YAML file with --config'],
  EFBIG: ['it is larger than 1 MiB', 'name the right file with --config'],
};

/**
 * The text of a configuration file. It names commands that the guard runs, so nobody but root and the user of the guard may
 * be able to write it, or to put another one in its place. Throws a GuardError where it cannot be used.
 */
export function readConfigText(path: string): string {
  const trust = { ...trustOfProcess(), isStrict: true };
  try {
    return readOwnFile(path, MOST_BYTES, trust);
  } catch (error) {
    const user = trust.uid === 0 ? 'root' : `uid ${trust.uid}`;
    const [why, hint] =
      error instanceof UntrustedPath
        ? [
            `${error.path} ${error.why}, and ${user} would run what it says`,
            `give it and every directory above it to ${user}, and chmod go-w; /etc is such a place`,
          ]
        : (WORDS[errnoOf(error)] ?? [errnoOf(error), 'name a file that can be read with --config']);
    throw new GuardError('bad-config', `cannot use the configuration ${path}: ${why}`, { hint, cause: error });
  }
}
