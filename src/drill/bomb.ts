import type { TaskMaker } from '../sys/taskMaker.ts';

/** What the bomb makes. */
export const BOMBS = ['threads', 'forks'] as const;
export type BombKind = (typeof BOMBS)[number];

export interface BombOrder {
  readonly kind: BombKind;
  /** The budget that it is to pass, in tasks, its own included. */
  readonly budget: number;
  /** The most tasks it ever makes: it can do no more harm than that, whatever holds it. */
  readonly most: number;
  /** It ends by itself after this time. */
  readonly lifeMs: number;
}

/** What the bomb says on its stdout, one JSON document a line. */
export interface BombLine {
  /** `refused`: the first time that the kernel refused it a task. `over`: it holds more than the budget. */
  readonly bomb: 'started' | 'refused' | 'over' | 'ended';
  readonly pid: number;
  /** Tasks that it has made so far. */
  readonly made: number;
  /** Wall clock, milliseconds since 1970: the guard's log has the same clock. */
  readonly timeMs: number;
}

interface BombParts {
  readonly maker: Pick<TaskMaker, 'thread' | 'process'>;
  readonly pid: number;
  /** Tasks that it holds before it makes the first one. */
  readonly ownTasks: number;
  readonly now: () => number;
  /** Waits here: the event loop does not turn. */
  readonly pause: (ms: number) => void;
  readonly say: (line: BombLine) => void;
}

/** After so many calls that were refused it rests a moment: it insists, and leaves some processor time to the machine. */
const INSIST_CALLS = 100;
const INSIST_REST_MS = 1;
/** Between two looks at the clock, when it has made all that it may. */
const REST_MS = 20;

/** Makes tasks as fast as it can, insists when it is refused, and holds what it has until its time is up. */
export function explode({ budget, kind, lifeMs, most }: BombOrder, parts: BombParts): void {
  const { maker, now, ownTasks, pause, pid, say } = parts;
  const endMs = now() + lifeMs;
  let made = 0;
  let refused = 0;
  const told = new Set<BombLine['bomb']>();
  const tell = (bomb: BombLine['bomb']): void => {
    if (!told.has(bomb)) say({ bomb, pid, made, timeMs: now() });
    told.add(bomb);
  };
  tell('started');
  while (now() < endMs) {
    if (made >= most) {
      pause(REST_MS);
    } else if ((kind === 'threads' ? maker.thread() : maker.process()) === 0) {
      made += 1;
      if (ownTasks + made > budget) tell('over');
    } else {
      tell('refused');
      refused += 1;
      if (refused % INSIST_CALLS === 0) pause(INSIST_REST_MS);
    }
  }
  tell('ended');
}

/** A line of the bomb; `undefined` for anything else. */
export function parseBombLine(text: string): BombLine | undefined {
  try {
    const { bomb, made, pid, timeMs } = JSON.parse(text) as BombLine;
    const isLine = typeof bomb === 'string' && [made, pid, timeMs].every(Number.isFinite);
    return isLine ? { bomb, pid, made, timeMs } : undefined;
  } catch {
    return undefined;
  }
}
