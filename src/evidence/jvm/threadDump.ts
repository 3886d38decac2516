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

/** The number of a thread, where a header gives it. */
const NID = /(0x[0-9a-f]+|\d+) /y;
/** The loader and the module may stand before the class, or before the file. A hidden class has a slash of its own. */
const FRAME = /^\tat (?:app\/\/|(?:app\/)?[\w.$-]+@[^/\s(]*\/)?([^\s()]+)\((?:[\w.$-]+@[^/()]*\/)?([^()]*)\)/;
const STATE = /^ {3}java\.lang\.Thread\.State: (.+)$/;
/** How often the clock is looked at: about a millisecond apart. */
const LINES_A_LOOK = 512;
/** HotSpot itself prints 1,024 (-XX:MaxJavaStackTraceDepth). */
const MOST_FRAMES = 1_024;
/** The last line of a dump. */
const END = /^JNI global refs:/;

/**
 * A thread dump of HotSpot: what `jcmd PID Thread.print`, `threaddump` on the attach socket and SIGQUIT print. Lines of
 * the program's own output may stand in between. Equal stacks share one array. Text that is no dump has no threads. When
 * `isOver` says so, the rest is not read.
 */
export function parseThreadDump(text: string, isOver: () => boolean = () => false): JvmDump {
  const threads: JvmThread[] = [];
  const stacks = new Map<string, readonly Frame[]>();
  const frames = new Map<string, { readonly frame: Frame; readonly number: number }>();
  let head: { name: string; nid: number } | undefined;
  let state = '';
  let stack: Frame[] = [];
  let key: number[] = [];
  let isWhole = false;
  const close = (): void => {
    if (head === undefined) return;
    const path = key.join();
    const shared = stacks.get(path) ?? stack;
    stacks.set(path, shared);
    threads.push({ ...head, state, frames: shared });
    head = undefined;
  };
  let lines = 0;
  for (const line of linesOf(text)) {
    lines += 1;
    if (lines % LINES_A_LOOK === 0 && isOver()) break;
    if (line.startsWith('"')) {
      const next = parseHeader(line);
      if (next === undefined) continue;
      close();
      head = next;
      state = '';
      stack = [];
      key = [];
    } else if (head !== undefined && line.startsWith('\tat ')) {
      if (stack.length === MOST_FRAMES) continue;
      let known = frames.get(line);
      if (known === undefined) {
        const frame = parseFrame(line);
        if (frame === undefined) continue;
        known = { frame, number: frames.size };
        frames.set(line, known);
      }
      stack.push(known.frame);
      key.push(known.number);
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

/** One line after another: a text of 40 MB is not taken apart as a whole. */
function* linesOf(text: string): Generator<string> {
  let at = 0;
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
    yield text.slice(at, end);
    at = end + 1;
  }
  yield text.slice(at);
}

/**
 * `"pool-1-thread-2" #13 prio=5 os_prio=0 tid=0x00007f nid=0x2b03 waiting on condition`. A name may hold quotes, and all that
 * a header has: the last number counts, and the last quote before it. Looked for from the end, each place once.
 */
function parseHeader(line: string): { name: string; nid: number } | undefined {
  for (let at = line.lastIndexOf('nid='); at > 0; at = line.lastIndexOf('nid=', at - 1)) {
    NID.lastIndex = at + 'nid='.length;
    const nid = /\w/.test(line[at - 1] as string) ? null : NID.exec(line);
    if (nid === null) continue;
    const end = line.lastIndexOf('" ', at - 2);
    return end < 1 ? undefined : { name: line.slice(1, end), nid: Number(nid[1]) };
  }
  return undefined;
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
