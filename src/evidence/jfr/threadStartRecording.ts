import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CreationSample } from '../../core/creators.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import type { Libc } from '../../sys/libc.ts';
import { askListener } from '../jvm/attachListener.ts';
import { threadStarts } from './threadStarts.ts';

/** This event and no other: 10,000 thread starts are 2 MB. */
const SETTINGS = `<?xml version="1.0" encoding="UTF-8"?>
<configuration version="2.0">
  <event name="jdk.ThreadStart"><setting name="enabled">true</setting><setting name="stackTrace">true</setting></event>
</configuration>
`;
/** How much of the newest starts is kept: a service may make and end threads for months. */
const LIMITS = { chunk: '4m', all: '32m' };
const MOST_BYTES = 64 << 20;

/** The thread starts that a JVM records (`--jvm-thread-events`), in a directory of the incident. */
export class ThreadStartRecording {
  readonly #dir: string;
  readonly #asked: string;
  readonly #settings: string;

  /** Makes what the JVM needs. `dir` must exist. */
  constructor(dir: string) {
    this.#dir = join(dir, 'repository');
    this.#asked = join(dir, 'asked.jfr');
    this.#settings = join(dir, 'thread-starts.jfc');
    mkdirSync(this.#dir, { mode: 0o700 });
    writeFileSync(this.#settings, SETTINGS);
  }

  /** The options that a JVM is started with (JDK 11.0.7, 15 and newer record who started a thread: JDK-8237499). */
  options(): readonly string[] {
    return [
      // Else its greeting goes to the program's own output.
      '-Xlog:jfr+startup=off',
      quoted(`-XX:FlightRecorderOptions=repository=${this.#dir},maxchunksize=${LIMITS.chunk}`),
      quoted(`-XX:StartFlightRecording=name=threadguard,settings=${this.#settings},maxsize=${LIMITS.all}`),
    ];
  }

  /** All starts until now. A JVM writes once a second, and when it is asked, also with no thread to spare. */
  ask(root: KernelRoot, pid: number, libc: Libc | undefined, timeoutMs: number): CreationSample[] {
    askListener(root, pid, libc, ['jcmd', `JFR.dump name=threadguard filename="${this.#asked}"`], timeoutMs);
    return this.read();
  }

  /** What lies there: the answer of a JVM, or what it wrote by itself, whichever has more starts. */
  read(): CreationSample[] {
    const own = chunksBelow(this.#dir).flatMap((file) => startsIn(file));
    const asked = startsIn(this.#asked);
    return asked.length > own.length ? asked : own;
  }
}

/** Every JVM of the target makes a directory of its own there. */
function chunksBelow(dir: string): string[] {
  try {
    return readdirSync(dir, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.jfr'))
      .map((name) => join(dir, name));
  } catch {
    return [];
  }
}

function startsIn(file: string): CreationSample[] {
  try {
    return statSync(file).size > MOST_BYTES ? [] : threadStarts(readFileSync(file));
  } catch {
    return [];
  }
}

/** As `JDK_JAVA_OPTIONS` wants it. */
function quoted(option: string): string {
  return /\s/.test(option) ? `"${option}"` : option;
}
