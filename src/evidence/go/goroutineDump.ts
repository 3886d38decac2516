import type { Creator } from '../../core/creators.ts';
import type { Frame } from '../../core/stack.ts';

/** A goroutine as Go prints it. */
export interface Goroutine {
  /** `syscall`, `chan receive`, `IO wait`, … */
  readonly state: string;
  /** It is in a system call, or bound to its thread. Other goroutines share a few threads. */
  readonly holdsThread: boolean;
  readonly frames: readonly Frame[];
  readonly createdBy: Frame | undefined;
}

const HEAD = /^goroutine \d+(?: gp=\S+ m=\S+(?: mp=\S+)?)? {1,2}\[([^\]]+)\]:$/;
const CREATED = /^created by (.+?)(?: in goroutine \d+)?$/;
/** What ends `\t/path/file.go:35 +0x2a fp=0xc00 sp=0xc00 pc=0x478487`. */
const LINE = /:(\d+)(?: \+0x[0-9a-f]+)?(?: fp=|$)/;

/**
 * A goroutine dump (SIGQUIT, `fatal error: newosproc`, pprof with debug=2). Other output may stand around it. `created by`
 * is exact: Go keeps it for every goroutine. Text that is no dump has no goroutines.
 */
export function parseGoroutines(text: string): Goroutine[] {
  const goroutines: Goroutine[] = [];
  let head: { state: string; holdsThread: boolean } | undefined;
  let frames: Frame[] = [];
  let createdBy: Frame | undefined;
  let pending: { name: string; isCreator: boolean } | undefined;
  const close = (): void => {
    if (head !== undefined) goroutines.push({ ...head, frames, createdBy });
    head = undefined;
  };
  for (const line of text.split('\n')) {
    const begins = HEAD.exec(line);
    if (begins !== null) {
      close();
      const [state = '', ...rest] = (begins[1] as string).split(', ');
      head = { state, holdsThread: state === 'syscall' || rest.includes('locked to thread') };
      frames = [];
      createdBy = undefined;
      pending = undefined;
    } else if (head === undefined) continue;
    else if (line === '') close();
    else if (line.startsWith('\t')) {
      const place = LINE.exec(line);
      if (place === null || place.index < 2 || pending === undefined) continue;
      const frame = { function: pending.name, file: line.slice(1, place.index), line: Number(place[1]) };
      if (pending.isCreator) createdBy = frame;
      else frames.push(frame);
      pending = undefined;
    } else {
      const creator = CREATED.exec(line);
      pending =
        creator === null
          ? { name: withoutArguments(line), isCreator: false }
          : { name: creator[1] as string, isCreator: true };
    }
  }
  close();
  return goroutines;
}

/** `main.(*T).serve(0x1, {0x2, 0x3})` without the last parentheses. */
function withoutArguments(line: string): string {
  if (!line.endsWith(')')) return line;
  let depth = 0;
  for (let at = line.length - 1; at >= 0; at -= 1) {
    if (line[at] === ')') depth += 1;
    else if (line[at] === '(') depth -= 1;
    if (depth === 0) return line.slice(0, at);
  }
  return line;
}

/** Who made the goroutines that hold threads, the one who made most first. */
export function goCreators(goroutines: readonly Goroutine[]): Creator[] {
  const holding = goroutines.filter(({ createdBy, holdsThread }) => holdsThread && createdBy !== undefined);
  const counts = new Map<string, { count: number; frame: Frame }>();
  for (const { createdBy } of holding) {
    const frame = createdBy as Frame;
    const key = `${frame.function} ${frame.file}:${frame.line}`;
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { count: 1, frame });
    else known.count += 1;
  }
  return [...counts.values()]
    .sort((a, b) => b.count - a.count)
    .map(({ count, frame }) => ({
      count,
      share: count / holding.length,
      source: `created by, in its own dump of ${goroutines.length} goroutines`,
      frames: [frame],
    }));
}
