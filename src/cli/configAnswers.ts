import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { GuardError } from '../errors.ts';
import { effectiveSettings } from './effective.ts';
import { parseRunWords } from './runCommand.ts';

/** Says that a file is good. Throws a GuardError (exit 1) with every mistake in it. */
export async function checkConfiguration(path: string): Promise<string> {
  const { rules, values } = await looking(async () => loadConfig(path));
  // The flags must take what the file says.
  await looking(() => parseRunWords(['--config', path]));
  return `${path} is good: ${counted(values.size, 'setting', 'settings')}, ${counted(rules.length, 'policy', 'policies')}\n`;
}

/** Every setting that `run` with these words would have, as a configuration file; the ones that are not set as comments. */
export async function showConfiguration(words: readonly string[], hasOrigin: boolean): Promise<string> {
  const { command, options } = await looking(() => parseRunWords(words));
  const path = options.service.config;
  const file: LoadedConfig | undefined = path === undefined ? undefined : await looking(async () => loadConfig(path));
  const lines = effectiveSettings(command, (key) => `${path}:${file?.lineOf(key) ?? 1}`).map(
    ({ isForFile, key, origin, text }) => {
      if (text === undefined) return `# ${key}: not set`;
      const line = `${isForFile ? '' : '# '}${key}: ${text}`;
      return hasOrigin ? `${line.padEnd(40)} # ${origin}` : line;
    },
  );
  const { rules } = options.settings;
  if (rules.length > 0) lines.push(`# policies: ${rules.map(({ name }) => name).join(', ')}`);
  return `${lines.join('\n')}\n`;
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Commands that only look exit with 1 when something is wrong, not with the 125 of a failed start. */
async function looking<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof GuardError)) throw error;
    throw new GuardError(error.code, error.message, { hint: error.hint, exitCode: 1, cause: error });
  }
}
