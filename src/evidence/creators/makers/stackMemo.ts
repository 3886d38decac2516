import { RA, RSP } from '../../elf/unwindRule.ts';
import type { Registers } from '../../native/registers.ts';
import { readWord } from '../trace/record.ts';
import type { Check } from './makerStack.ts';

/** Stacks that differ, kept for one place in the code. */
const MOST_EACH = 64;
const MOST_PLACES = 4096;

/** The copy of a stack, as a record has it. */
export interface StackCopy {
  readonly registers: Registers;
  readonly stack: Buffer;
}

/**
 * What was found out about a stack, for the next one that is equal in every word that the walk hung on. A million equal
 * records then cost what one does.
 */
export class StackMemo<T> {
  readonly #known = new Map<number, { readonly checks: readonly Check[]; readonly value: T }[]>();

  find({ registers, stack }: StackCopy): T | undefined {
    const same = this.#known.get(registers[RA] as number);
    return same?.find(({ checks }) => checks.every((check) => holds(check, registers, stack)))?.value;
  }

  /** Remembers it, if the copy has every word that counts. */
  keep({ registers, stack }: StackCopy, checks: readonly Check[] | undefined, value: T): void {
    if (checks === undefined || checks.some(({ at }) => at + 8 > stack.length)) return;
    if (this.#known.size >= MOST_PLACES) this.#known.clear();
    const place = registers[RA] as number;
    const same = this.#known.get(place) ?? [];
    if (same.length >= MOST_EACH) same.shift();
    same.push({ checks, value });
    this.#known.set(place, same);
  }
}

function holds({ at, isRelative, value }: Check, registers: Registers, stack: Buffer): boolean {
  if (at + 8 > stack.length) return false;
  const found = at < 0 ? (registers[-1 - at] as number) : readWord(stack, at);
  return (isRelative ? found - (registers[RSP] as number) : found) === value;
}
