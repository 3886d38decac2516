/** What the guard of the drill told in its log (`--log-format json`). */
export interface GuardFacts {
  /** `cgroup-v2`, `cgroup-v1`, `rlimit` or `sampling`; `undefined` before it said so. */
  readonly by: string | undefined;
  /** Why nothing stronger could be had. */
  readonly fallbacks: readonly string[];
  /** The kernel's cap on the bomb, in tasks, as it said before it began; `undefined` where there was none. */
  readonly cap: number | undefined;
  /** When it tripped: wall clock, milliseconds. */
  readonly tripMs: number | undefined;
  readonly exit: GuardExit | undefined;
  /** What it said that is no event: why it did not even start. */
  readonly words: readonly string[];
}

export interface GuardExit {
  readonly stoppedByGuard: boolean;
  readonly peakTasks: number;
  readonly leftTasks: number;
  /** The directory of the evidence. */
  readonly incident: string | undefined;
}

const NOTHING: GuardFacts = {
  by: undefined,
  fallbacks: [],
  cap: undefined,
  tripMs: undefined,
  exit: undefined,
  words: [],
};

/** The log, line by line. A field that is missing or of another type is not believed, and the rest stands. */
export class GuardLog {
  facts: GuardFacts = NOTHING;

  add(line: string): void {
    const event = parseEvent(line);
    if (event === undefined) {
      if (line.trim() !== '') this.facts = { ...this.facts, words: [...this.facts.words, line.trim()] };
      return;
    }
    if (event['event'] === 'contained') {
      const { by, cap, fallbacks } = event;
      const tasks = typeof cap === 'number' ? cap : undefined;
      this.facts = { ...this.facts, by: textOf(by), fallbacks: textsOf(fallbacks), cap: tasks };
    } else if (event['event'] === 'trip') {
      const tripMs = Date.parse(textOf(event['time']) ?? '');
      if (Number.isFinite(tripMs)) this.facts = { ...this.facts, tripMs: this.facts.tripMs ?? tripMs };
    } else if (event['event'] === 'exit') {
      this.facts = { ...this.facts, exit: exitOf(event) };
    }
  }
}

function exitOf(event: Readonly<Record<string, unknown>>): GuardExit {
  return {
    stoppedByGuard: event['stoppedByGuard'] === true,
    peakTasks: numberOf(event['peakTasks']),
    leftTasks: numberOf(event['leftTasks']),
    incident: textOf(event['incident']),
  };
}

function parseEvent(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
