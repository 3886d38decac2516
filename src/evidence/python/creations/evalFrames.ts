import { RSP, type UnwindRule } from '../../elf/unwindRule.ts';

const MOST_PLACES = 1_024;
/** At its first instruction a function has pushed nothing but its return address. */
const ENTRY_OFFSET = 8;

/**
 * Which return addresses lie in the function that interprets. A compiler may have put the parts of it that are seldom run
 * elsewhere. Such a part is known by its rules: it begins with a frame already, and with that of the function.
 */
export class EvalFrames {
  readonly #start: number;
  readonly #ruleAt: (pc: number) => UnwindRule | undefined;
  readonly #known = new Map<number, boolean>();
  /** How the function keeps its frame, wherever it calls another one. */
  #layout: string | undefined;

  constructor(start: number, ruleAt: (pc: number) => UnwindRule | undefined) {
    this.#start = start;
    this.#ruleAt = ruleAt;
  }

  has(returnAddress: number): boolean {
    const known = this.#known.get(returnAddress);
    if (known !== undefined) return known;
    if (this.#known.size >= MOST_PLACES) this.#known.clear();
    const found = this.#find(returnAddress);
    // Before the function itself was met, a part of it cannot be told.
    if (this.#layout !== undefined) this.#known.set(returnAddress, found);
    return found;
  }

  #find(returnAddress: number): boolean {
    const rule = this.#ruleAt(returnAddress - 1);
    if (rule === undefined) return false;
    if (rule.functionStart === this.#start) {
      this.#layout ??= layoutOf(rule);
      return true;
    }
    const entry = this.#ruleAt(rule.functionStart)?.cfa;
    const isPart = entry?.kind === 'register' && (entry.register !== RSP || entry.offset > ENTRY_OFFSET);
    return isPart && layoutOf(rule) === this.#layout;
  }
}

function layoutOf({ cfa, registers }: UnwindRule): string {
  const places = registers.map(([register, how]) => `${register} ${how.kind === 'offset' ? how.offset : how.kind}`);
  return `${cfa.kind === 'register' ? `${cfa.register} ${cfa.offset}` : cfa.kind}; ${places.sort().join()}`;
}
