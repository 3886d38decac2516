import { existsSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { type FlagsOf, readSlice } from '../flags/flag.ts';
import { text, yes } from '../flags/words.ts';
import { findExecutable } from '../launch/launchPlan.ts';
import { dropInText, readSettings, type UnitFacts, unitText } from '../service/unitFile.ts';
import { addFlags } from './flagOption.ts';
import { launcherPath } from './launcher.ts';
import { parseRunWords } from './runCommand.ts';
import { unitName, unitRefusal, unitTexts } from './unitSearch.ts';

export interface UnitFlags {
  readonly dropIn: boolean;
  readonly user: string | undefined;
}

const FLAGS: FlagsOf<UnitFlags> = {
  dropIn: { name: 'drop-in', kind: yes, default: false, help: 'wrap the service NAME as it is' },
  user: { name: 'user', kind: text, value: '<user>', help: 'user that the service runs as' },
};

/** Where systemd looks for commands when a unit sets no PATH. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** `threadguard unit NAME [FLAGS of run] -- COMMAND`: a systemd unit, or a drop-in for one that there is. */
export function unitCommand(): Command {
  return addFlags(new Command('unit'), Object.values(FLAGS))
    .description('a systemd unit for a guarded command, or a drop-in that guards a service')
    .usage(
      '[options] NAME [options of run] -- COMMAND [ARG...]\n       threadguard unit --drop-in NAME [options of run]',
    )
    .argument('<name>', 'the name of the service')
    .argument('[words...]', 'options of run, and after -- the command')
    .passThroughOptions()
    .action(async (name: string, words: string[], given: Record<string, unknown>) => {
      const flags = readSlice<UnitFlags>(FLAGS, given);
      process.stdout.write(await unitAnswer(name, words, flags, { env: process.env, guard: launcherPath }));
    });
}

/** The text of the unit or drop-in. Throws for what `run` would refuse at the start of the service. */
export async function unitAnswer(
  word: string,
  words: readonly string[],
  { dropIn, user }: UnitFlags,
  { env, guard }: { readonly env: NodeJS.ProcessEnv; readonly guard: () => string },
): Promise<string> {
  const name = unitName(word);
  const end = words.indexOf('--');
  const flags = words.slice(0, end < 0 ? undefined : end);
  const command = end < 0 ? [] : words.slice(end + 1);
  if (dropIn && command.length > 0) {
    throw unitRefusal(`${name}.service has a command already`, 'leave out what comes after --, or --drop-in');
  }
  if (!dropIn && command.length === 0) {
    throw unitRefusal('no COMMAND was given', 'threadguard unit NAME -- COMMAND');
  }
  await parseRunWords([...flags, '--', ...command]);
  const facts = (): Omit<UnitFacts, 'command' | 'user'> => ({ name, guard: guard(), flags, path: pathForNode() });
  if (dropIn) {
    const made = dropInText(facts(), readSettings(unitTexts(name, env['SYSTEMD_UNIT_PATH']), 'Service'));
    if ('why' in made) throw unitRefusal(made.why, made.hint);
    return made.text;
  }
  const [file, ...args] = command as [string, ...string[]];
  const executable = resolve(findExecutable(file, env['PATH']));
  return unitText({ ...facts(), command: [executable, ...args], user });
}

/** The launcher finds `node` through the PATH; `undefined` where the PATH of systemd is enough. */
function pathForNode(): string | undefined {
  const isFound = DEFAULT_PATH.split(delimiter).some((dir) => existsSync(join(dir, 'node')));
  return isFound ? undefined : `${dirname(process.execPath)}:${DEFAULT_PATH}`;
}
