import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { errnoOf, GuardError } from '../errors.ts';
import { findExecutable } from '../launch/launchPlan.ts';
import { DROP_IN, dropInText, readSettings, unitText } from '../service/unitFile.ts';
import { launcherPath } from './launcher.ts';
import { runCommand } from './options.ts';

interface Flags {
  readonly dropIn?: true;
  readonly user?: string;
}

/** Where systemd looks for commands, and for units (systemd.unit(5)), the later ones winning here. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const UNIT_DIRS = ['/usr/lib/systemd/system', '/lib/systemd/system', '/run/systemd/system', '/etc/systemd/system'];

/** `threadguard unit NAME [FLAGS of run] -- COMMAND`: a systemd unit, or a drop-in for one that there is. */
export function unitCommand(): Command {
  return new Command('unit')
    .description('a systemd unit for a guarded command, or a drop-in that guards a service')
    .usage(
      '[options] NAME [options of run] -- COMMAND [ARG...]\n       threadguard unit --drop-in NAME [options of run]',
    )
    .argument('<words...>', 'the name, options of run, and after -- the command')
    .option('--drop-in', 'wrap the service NAME as it is')
    .option('--user <user>', 'whom the service runs as')
    .passThroughOptions()
    .showSuggestionAfterError()
    .action(async (words: string[], flags: Flags) => {
      process.stdout.write(await unit(words, flags));
    });
}

async function unit(words: readonly string[], { dropIn, user }: Flags): Promise<string> {
  const name = nameOf(words[0] ?? '');
  const end = words.indexOf('--');
  const flags = words.slice(1, end < 0 ? undefined : end);
  const command = end < 0 ? [] : words.slice(end + 1);
  if (dropIn === true && command.length > 0) {
    throw refusal(`${name}.service has a command already`, 'leave out what comes after --, or --drop-in');
  }
  if (dropIn !== true && command.length === 0)
    throw refusal('no COMMAND was given', 'threadguard unit NAME -- COMMAND');
  // What `run` would refuse at the start of the service is refused now.
  await runCommand(async () => {})
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .parseAsync([...flags, '--', ...(command.length === 0 ? ['true'] : command)], { from: 'user' });
  const facts = { name, guard: launcherPath(), flags, path: pathForNode() };
  if (dropIn === true) {
    const made = dropInText(facts, readSettings(unitFiles(name), 'Service'));
    if ('why' in made) throw refusal(made.why, made.hint);
    return made.text;
  }
  const [file, ...args] = command as [string, ...string[]];
  return unitText({ ...facts, command: [resolve(findExecutable(file, process.env['PATH'])), ...args], user });
}

/** systemd.unit(5): letters, digits and a few signs; a template has its `@`. */
function nameOf(word: string): string {
  const name = word.replace(/\.service$/, '');
  if (/^[\w:.\\@-]{1,240}$/.test(name) && !name.startsWith('-')) return name;
  throw refusal(
    `${JSON.stringify(word)} is no name for a unit`,
    'letters, digits, and : - _ . \\ @, for example broker',
  );
}

/** The launcher looks for `node` on the PATH, and that of systemd is short. */
function pathForNode(): string | undefined {
  const found = DEFAULT_PATH.split(delimiter).some((dir) => existsSync(join(dir, 'node')));
  return found ? undefined : `${dirname(process.execPath)}:${DEFAULT_PATH}`;
}

/** The unit and its drop-ins, in the order in which they count. */
function unitFiles(name: string): string[] {
  const given = process.env['SYSTEMD_UNIT_PATH'];
  const dirs = given === undefined || given === '' ? UNIT_DIRS : given.split(delimiter).reverse();
  const file = `${name}.service`;
  const main = dirs.map((dir) => join(dir, file)).findLast((path) => existsSync(path));
  if (main === undefined) {
    throw refusal(
      `there is no ${file} in ${dirs.toReversed().join(', ')}`,
      'systemctl list-unit-files lists what there is',
    );
  }
  const extra = new Map<string, string>();
  for (const dir of dirs) {
    const where = join(dir, `${file}.d`);
    // One of the same name in a directory that counts more takes its place.
    for (const one of existsSync(where) ? readdirSync(where) : [])
      if (one.endsWith('.conf')) extra.set(one, join(where, one));
  }
  extra.delete(DROP_IN);
  const ordered = [...extra].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
  return [main, ...ordered].map((path) => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      throw refusal(`cannot read ${basename(path)} of ${name} (${errnoOf(error)})`, `look at ${path}`);
    }
  });
}

function refusal(message: string, hint: string): GuardError {
  return new GuardError('bad-unit', message, { hint, exitCode: 1 });
}
