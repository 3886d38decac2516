import type { Memory } from '../native/processMemory.ts';
import { OP } from './layout.ts';
import { wordAt } from './texts.ts';

const MOST_TARGETS = 65_536;
const MOST_EACH = 16;

/** An operation that makes processes, and the value that it puts its result into. */
export interface Target {
  readonly sub: string;
  readonly line: number;
  readonly file: string;
  /** The operation, and the function of C that runs it. */
  readonly op: number;
  readonly code: number;
  /** Where the pad has the value. */
  readonly slot: number;
}

/** The operations of a program by the values that they put their results into. */
export class Targets {
  readonly #memory: Pick<Memory, 'read'>;
  readonly #known = new Map<number, Target[]>();

  constructor(memory: Pick<Memory, 'read'>) {
    this.#memory = memory;
  }

  add(value: number, target: Target): void {
    const known = this.#known.get(value) ?? [];
    const same = known.findIndex(({ op, slot }) => op === target.op && slot === target.slot);
    if (same >= 0) known[same] = target;
    else if (known.length < MOST_EACH && this.#known.size < MOST_TARGETS) known.push(target);
    this.#known.set(value, known);
  }

  /** Operations that a function runs for this value. Each is looked at once more: it may have been freed. */
  of(value: number, code: number): readonly Target[] {
    const known = this.#known.get(value);
    return known === undefined ? [] : known.filter((one) => one.code === code && this.#isStill(value, one));
  }

  #isStill(value: number, { code, op, slot }: Target): boolean {
    return wordAt(this.#memory, slot) === value && wordAt(this.#memory, op + OP.code) === code;
  }
}
