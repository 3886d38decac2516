import { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import { jsonSchema } from '../config/schema.ts';
import { GuardError } from '../errors.ts';
import { type Effective, effectiveOptions } from './effective.ts';
import { runCommand } from './options.ts';

/** `threadguard config check|show|schema`: a configuration without a start. */
export function configCommand(): Command {
  const config = new Command('config')
    .description('check, show or describe a configuration of run')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  config
    .command('check')
    .description('say everything that is wrong with a file')
    .requiredOption('--config <file>', 'the file')
    .action(({ config: path }: { config: string }) => check(path));
  config
    .command('show')
    .description('every setting as run would have it, from flags, environment and file')
    .usage('[--origin] [options of run]')
    .option('--origin', 'say where each comes from')
    .allowUnknownOption()
    .argument('[words...]')
    .passThroughOptions()
    .action((words: string[], { origin }: { origin?: true }) => show(words, origin ?? false));
  config
    .command('schema')
    .description('the JSON Schema for editors')
    .action(() => {
      process.stdout.write(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
    });
  return config;
}

async function check(path: string): Promise<void> {
  const { rules, values } = failing(() => loadConfig(path));
  // What the file says must also be taken by the flags.
  await runCommandOf(['--config', path]);
  process.stdout.write(
    `${path} is good: ${values.size} ${values.size === 1 ? 'setting' : 'settings'}, ${rules.length} ${rules.length === 1 ? 'policy' : 'policies'}\n`,
  );
}

async function show(words: readonly string[], hasOrigin: boolean): Promise<void> {
  const { rules, settings } = await runCommandOf(words);
  const lines = settings.map(({ attribute, origin, text }) => {
    const line = `${text === undefined ? '# ' : ''}${attribute}: ${text ?? 'not set'}`;
    return hasOrigin && text !== undefined ? `${line.padEnd(40)} # ${origin}` : line;
  });
  if (rules.length > 0) lines.push(`# policies: ${rules.map(({ name }) => name).join(', ')}`);
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Flags as `run` takes them; a command is not needed. */
async function runCommandOf(words: readonly string[]): Promise<Effective> {
  let found: Effective | undefined;
  const command = runCommand(async (options) => {
    const lines = options.config === undefined ? undefined : loadConfig(options.config);
    found = effectiveOptions(command, options, (attribute) => lines?.lineOf(attribute));
  });
  await command
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .parseAsync([...words, ...(words.includes('--') ? [] : ['--', 'true'])], { from: 'user' })
    .catch((error: unknown) => {
      failing(() => {
        throw error;
      });
    });
  return found as unknown as Effective;
}

/** Not a start: what is wrong is exit 1, as with every command that only looks. */
function failing<T>(step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof GuardError)) throw error;
    throw new GuardError(error.code, error.message, { hint: error.hint, exitCode: 1, cause: error });
  }
}
