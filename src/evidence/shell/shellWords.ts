import type { Caught } from '../creators/makers/frameReader.ts';
import { readWord } from '../creators/trace/record.ts';
import { RSP } from '../elf/unwindRule.ts';

/** A word of the maker that may be an address of what its shell has allocated. */
export interface ShellWord {
  readonly value: number;
  /** Whether a register held it, which is never a left-over of an earlier call. */
  readonly isRegister: boolean;
  /** The highest address of the stack where it is; 0 if it is in registers only. */
  readonly highestAt: number;
}

/** rbx, rbp, r12 to r15: a function gives them back as it found them, so they are known of each frame. */
const KEPT = [3, 6, 12, 13, 14, 15];

/**
 * The words of the shell's own frames, the innermost frame first, each word once. Of a frame first its registers, then its part
 * of the stack. Frames of the C library have left-overs of earlier calls in them, and are left out. What lies above the last
 * frame that could be followed is taken as it is: busybox has no rules to follow.
 */
export function shellWords(
  { record, steps }: Caught,
  isShellCode: (pc: number) => boolean,
  mayPoint: (word: number) => boolean,
): readonly ShellWord[] {
  const found = new Map<number, { value: number; isRegister: boolean; highestAt: number }>();
  const add = (value: number, at: number): void => {
    const known = found.get(value);
    if (known === undefined) found.set(value, { value, isRegister: at === 0, highestAt: at });
    else known.highestAt = Math.max(known.highestAt, at);
  };
  const { stack, stackStart } = record;
  const first = steps.findIndex(({ pc }) => isShellCode(pc));
  for (const [index, { registers }] of steps.entries()) {
    if (first < 0 || index < first) continue;
    const above = steps[index + 1]?.registers;
    // A register that the caller has, too, is the caller's.
    for (const number of KEPT) {
      const value = registers[number] as number;
      if (above?.[number] !== value && mayPoint(value)) add(value, 0);
    }
    const start = Math.max(0, (registers[RSP] as number) - stackStart);
    const next = steps[index + 1]?.registers[RSP];
    const end = Math.min(stack.length, next === undefined ? stack.length : next - stackStart);
    for (let at = start; at + 8 <= end; at += 8) {
      const value = readWord(stack, at);
      if (mayPoint(value)) add(value, stackStart + at);
    }
  }
  return [...found.values()];
}
