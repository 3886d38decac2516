/** What the sh launcher noted down before Node changed it (see bin/threadguard). */
export interface LaunchNotes {
  /** The environment as it was, for the child. Bytes that are no UTF-8 become U+FFFD: Node cannot pass them. */
  readonly env: NodeJS.ProcessEnv;
  /** Signals that were ignored (nohup): bit n-1 is signal n. */
  readonly ignoredSignals: bigint;
  /** Soft limit of open files; Node has raised its own. `undefined` when not noted. */
  readonly openFiles: bigint | undefined;
  /** Descriptors that were open, besides 0, 1 and 2. */
  readonly descriptors: readonly number[];
}

const LAUNCH = '_THREADGUARD_LAUNCH';
/** Before the name of a variable that the launcher has hidden from Node. */
const HIDDEN = '_THREADGUARD_ENV_';

/**
 * `0000000000000001 1024 3,9 SE9NRT0v…`: mask of ignored signals in hex, soft limit of open files, open descriptors (`-` for none),
 * the environment in base64 (NUL between entries). Without the launcher nothing was noted.
 */
export function parseLaunchNotes(processEnv: NodeJS.ProcessEnv): LaunchNotes {
  const [mask = '0', openFiles = '0', descriptors = '', environ = ''] = (processEnv[LAUNCH] ?? '').split(' ');
  return {
    env: environ === '' ? fallbackEnv(processEnv) : parseEnviron(Buffer.from(environ, 'base64').toString()),
    ignoredSignals: /^[0-9a-f]+$/.test(mask) ? BigInt(`0x${mask}`) : 0n,
    openFiles: /^[1-9]\d*$/.test(openFiles) ? BigInt(openFiles) : undefined,
    descriptors: descriptors
      .split(',')
      .map(Number)
      .filter((fd) => Number.isInteger(fd) && fd > 2),
  };
}

function parseEnviron(text: string): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const entry of text.split('\0')) {
    const equals = entry.indexOf('=', 1);
    if (equals > 0) env[entry.slice(0, equals)] = entry.slice(equals + 1);
  }
  return env;
}

/** Its own environment, and what the launcher has hidden in it under its right name. */
function fallbackEnv({ [LAUNCH]: _, ...processEnv }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(processEnv)
      .sort(([a], [b]) => Number(a.startsWith(HIDDEN)) - Number(b.startsWith(HIDDEN)))
      .map(([name, value]) => [name.startsWith(HIDDEN) ? name.slice(HIDDEN.length) : name, value]),
  );
}
