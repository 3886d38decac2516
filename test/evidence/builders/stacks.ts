import { RA, RBP, RSP, type UnwindRule } from '../../../src/evidence/elf/unwindRule.ts';
import type { UnwindSource } from '../../../src/evidence/native/unwindSource.ts';
import type { FakeMemory } from './fakeMemory.ts';

/** A function of a made-up program. */
export interface FakeFunction {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** Bytes of its frame, the return address not counted. `'pointer'` if its frame hangs on the frame pointer. */
  readonly frame: number | 'pointer' | 'none';
  readonly isBottom?: boolean;
  readonly isSignal?: boolean;
  /** A rule of its own. */
  readonly rule?: Partial<UnwindRule>;
}

/** The rule that a compiler would write for it. */
export function ruleOf(one: FakeFunction): UnwindRule | undefined {
  if (one.frame === 'none') return undefined;
  const back = [RA, { kind: 'offset', offset: -8 }] as const;
  const saved = [RBP, { kind: 'offset', offset: -16 }] as const;
  return {
    functionStart: one.start,
    functionEnd: one.end,
    cfa:
      one.frame === 'pointer'
        ? { kind: 'register', register: RBP, offset: 16 }
        : { kind: 'register', register: RSP, offset: one.frame + 8 },
    registers: one.frame === 'pointer' ? [back, saved] : [back],
    isBottom: one.isBottom ?? false,
    isSignal: one.isSignal ?? false,
    ...one.rule,
  };
}

/** What an unwinder sees of a program of these functions, with this memory. `calls` says what stands before an address. */
export function programOf(
  functions: readonly FakeFunction[],
  memory: FakeMemory,
  calls: (back: number, target: number) => 'yes' | 'maybe' | 'no' = () => 'maybe',
): UnwindSource & { words: number } {
  const window = memory.open().window(0, 4096);
  const at = (pc: number): FakeFunction | undefined => functions.find(({ end, start }) => pc >= start && pc < end);
  const source = {
    words: 0,
    ruleAt: (pc: number) => {
      const found = at(pc);
      return found === undefined ? undefined : ruleOf(found);
    },
    isCode: (address: number) => at(address) !== undefined,
    callsBefore: calls,
    readWord: (address: number) => {
      source.words += 1;
      return window.readWord(address);
    },
  };
  return source;
}

/** The names of the functions that addresses lie in. */
export function namesOf(pcs: readonly number[], functions: readonly FakeFunction[]): string[] {
  return pcs.map((pc, index) => {
    const address = index === 0 ? pc : pc - 1;
    return functions.find(({ end, start }) => address >= start && address < end)?.name ?? '?';
  });
}
