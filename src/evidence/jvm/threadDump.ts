import type { Frame } from '../../core/stack.ts';

/** A thread as HotSpot prints it. */
export interface JvmThread {
  readonly name: string;
  /** The thread id of the kernel, as the namespace of the JVM has it. */
  readonly nid: number;
  /** `WAITING (parking)`; empty for a thread of the JVM itself. */
  readonly state: string;
  readonly frames: readonly Frame[];
}

export interface JvmDump {
  readonly threads: readonly JvmThread[];
  /** False if the text ends in the middle of a dump. */
  readonly isWhole: boolean;
}

const HEADER = /^"(.*)" (?:#\d+ )?.*\bnid=(0x[0-9a-f]+|\d+) /;
/** The loader and the module may stand before the class, or before the file. A hidden class has a slash of its own. */
const FRAME = /^\tat (?:app\/\/|(?:app\/)?[\w.$-]+@[^/\s(]*\/)?([^\s()]+)\((?:[\w.$-]+@[^/()]*\/)?([^()]*)\)/;
const STATE = /^ {3}java\.lang\.Thread\.State: (.+)$/;
/** The last line of a dump. */
const END = /^JNI global refs:/;

/**
 * A thread dump of HotSpot: what `jcmd PID Thread.print`, `threaddump` on the attach socket and SIGQUIT print. Lines of
 * the program's own output may stand in between. Equal stacks share one array. Text that is no dump has no threads.
 */
export function parseThreadDump(text: string): JvmDump {
  const threads: JvmThread[] = [];
  const stacks = new Map<string, readonly Frame[]>();
  const frames = new Map<string, Frame>();
  let head: { name: string; nid: number } | undefined;
  let state = '';
  let stack: Frame[] = [];
  let isWhole = false;
  const close = (): void => {
    if (head === undefined) return;
    const key = stack.map(({ file, function: name, line }) => `${name}:${file}:${line}`).join(';');
    const shared = stacks.get(key) ?? stack;
    stacks.set(key, shared);
    threads.push({ ...head, state, frames: shared });
    head = undefined;
  };
  for (const line of text.split('\n')) {
    if (line.startsWith('"')) {
      // A name may hold quotes. It ends at the last one that the rest of a header follows.
      const match = HEADER.exec(line);
      if (match === null) continue;
      close();
      head = { name: match[1] as string, nid: Number(match[2]) };
      state = '';
      stack = [];
    } else if (head !== undefined && line.startsWith('\tat ')) {
      let frame = frames.get(line);
      if (frame === undefined) {
        frame = parseFrame(line);
        if (frame === undefined) continue;
        frames.set(line, frame);
      }
      stack.push(frame);
    } else if (head !== undefined && line.startsWith('   java.lang.Thread.State: ')) {
      state = STATE.exec(line)?.[1]?.trim() ?? '';
    } else if (END.test(line)) {
      close();
      isWhole = true;
    }
  }
  close();
  return { threads, isWhole };
}

/** `\tat java.lang.Thread.sleep(java.base@17.0.15/Thread.java:344)`; also `(Native Method)` and `(Unknown Source)`. */
function parseFrame(line: string): Frame | undefined {
  const match = FRAME.exec(line);
  if (match === null) return undefined;
  const name = match[1] as string;
  const [file, number] = (match[2] as string).split(':');
  const at = number === undefined || !/^\d+$/.test(number) ? undefined : Number(number);
  const isFile = file !== undefined && file !== 'Native Method' && file !== 'Unknown Source' && file !== '';
  return { function: name, ...(isFile ? { file } : {}), ...(at === undefined ? {} : { line: at }) };
}
