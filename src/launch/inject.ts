import { basename } from 'node:path';

/** Its attach listener starts with the JVM: at a thread limit it can no more, and without it no Java stack is seen. */
const LISTENER = '-XX:+StartAttachListener';

/**
 * The environment of a command, with what makes its stacks readable later. Only for a JVM that is started by name:
 * other programs get what they were given, byte by byte. The `java` launcher tells of it on its stderr (JDK 9 and newer).
 */
export function injectOptions(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  recording: readonly string[] = [],
): NodeJS.ProcessEnv {
  const [file, ...args] = command;
  if (file === undefined || !isJava(command)) return env;
  const given = env['JDK_JAVA_OPTIONS'] ?? '';
  // A decision of the operator stands, whichever way it went.
  const says = (word: string): boolean => [given, ...args].some((text) => text.includes(word));
  const options = [
    ...(given === '' ? [] : [given]),
    ...(says('StartAttachListener') ? [] : [LISTENER]),
    ...(says('FlightRecord') ? [] : recording),
  ];
  return options.join(' ') === given ? env : { ...env, JDK_JAVA_OPTIONS: options.join(' ') };
}

/** Whether the command is a JVM started by name. */
export function isJava([file]: readonly string[]): boolean {
  return file !== undefined && basename(file) === 'java';
}
