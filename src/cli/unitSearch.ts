import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { errnoOf, GuardError } from '../errors.ts';
import { DROP_IN } from '../service/unitFile.ts';

/** Directories of units (systemd.unit(5)). A later one wins. */
const UNIT_DIRS = ['/usr/lib/systemd/system', '/lib/systemd/system', '/run/systemd/system', '/etc/systemd/system'];

/** The name of a unit without `.service`. systemd.unit(5) allows letters, digits and `: - _ . \ @`. */
export function unitName(word: string): string {
  const name = word.replace(/\.service$/, '');
  if (/^[\w:.\\@-]{1,240}$/.test(name) && !name.startsWith('-')) return name;
  throw unitRefusal(
    `${JSON.stringify(word)} is no name for a unit`,
    'letters, digits, and : - _ . \\ @, for example broker',
  );
}

/**
 * The texts of a service's unit and of its drop-ins, the one that counts most last. A drop-in that `unit --drop-in` made
 * before is left out. `searchPath` is `$SYSTEMD_UNIT_PATH`, where the first directory wins.
 */
export function unitTexts(name: string, searchPath: string | undefined): string[] {
  const dirs = searchPath === undefined || searchPath === '' ? UNIT_DIRS : searchPath.split(delimiter).reverse();
  const file = `${name}.service`;
  const main = dirs.map((dir) => join(dir, file)).findLast((path) => existsSync(path));
  if (main === undefined) {
    throw unitRefusal(
      `there is no ${file} in ${dirs.toReversed().join(', ')}`,
      'systemctl list-unit-files lists the units of this machine',
    );
  }
  return [main, ...dropIns(dirs, file)].map((path) => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      throw unitRefusal(`cannot read ${basename(path)} of ${name} (${errnoOf(error)})`, `look at ${path}`);
    }
  });
}

/** Drop-ins count in the order of their names, whatever directory they are in. */
function dropIns(dirs: readonly string[], file: string): string[] {
  const paths = new Map<string, string>();
  for (const dir of dirs) {
    const where = join(dir, `${file}.d`);
    // A drop-in replaces one of the same name in a directory that counts less.
    for (const name of existsSync(where) ? readdirSync(where) : [])
      if (name.endsWith('.conf')) paths.set(name, join(where, name));
  }
  paths.delete(DROP_IN);
  return [...paths].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
}

/** A command that only prints exits with 1 when something is wrong. */
export function unitRefusal(message: string, hint: string): GuardError {
  return new GuardError('bad-unit', message, { hint, exitCode: 1 });
}
