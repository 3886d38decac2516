import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { CreationSample } from '../../core/creators.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { type Held, holdForeign, readHeld, release } from '../../sys/foreignPath.ts';
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
/** A JVM that lives for months keeps as many chunks as `LIMITS` let it. */
const MOST_FILES = 1_000;
/** After the end there is time; 10,000 starts take 60 ms. */
const MOST_READING_MS = 2_000;
const LEAST_READING_MS = 20;

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
    writeFileSync(this.#settings, SETTINGS, { mode: 0o600 });
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
    const endMs = performance.now() + timeoutMs;
    askListener(root, pid, libc, ['jcmd', `JFR.dump name=threadguard filename="${this.#asked}"`], timeoutMs);
    return this.read(Math.max(LEAST_READING_MS, endMs - performance.now()));
  }

  /** What lies there: the answer of a JVM, or what it wrote by itself, whichever has more starts. */
  read(timeoutMs: number = MOST_READING_MS): CreationSample[] {
    const endMs = performance.now() + timeoutMs;
    const isOver = (): boolean => performance.now() >= endMs;
    const own = chunksBelow(this.#dir).flatMap((name) => startsIn(this.#dir, name, isOver));
    const asked = startsIn(dirname(this.#asked), basename(this.#asked), isOver);
    return asked.length > own.length ? asked : own;
  }
}

/** Every JVM of the target makes a directory of its own there. */
function chunksBelow(dir: string): string[] {
  try {
    return readdirSync(dir, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.jfr'))
      .slice(0, MOST_FILES);
  } catch {
    return [];
  }
}

/** The JVM writes there, and so can all of its user: it may be no file. */
function startsIn(dir: string, name: string, isOver: () => boolean): CreationSample[] {
  if (isOver()) return [];
  let held: Held | undefined;
  try {
    held = holdForeign(dir, name, { kind: 'file' });
    return held.stat.size > MOST_BYTES ? [] : threadStarts(readHeld(held, MOST_BYTES), isOver);
  } catch {
    return [];
  } finally {
    release(held);
  }
}

/** As `JDK_JAVA_OPTIONS` wants it. */
function quoted(option: string): string {
  return /\s/.test(option) ? `"${option}"` : option;
}
