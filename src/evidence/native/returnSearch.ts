import { RSP, type UnwindRule } from '../elf/unwindRule.ts';
import type { Registers } from './registers.ts';
import type { UnwindSource } from './unwindSource.ts';

/** How far above the stack pointer the frame of one function is looked for. */
const SCAN_BYTES = 16 * 1024;
/** How far the search goes on above a doubtful place that leads to the bottom. */
const SCAN_ON_BYTES = 512;
/** No code is mapped below this address. */
const LEAST_ADDRESS = 4096;
const MOST_DOUBTFUL = 32;
/** A frame pointer points into the same stack; 8 MiB is the usual size of the largest. */
const STACK_BYTES = 8 << 20;

/** What the search needs of the one who follows stacks. */
export interface SearchHelp {
  /** The registers of the caller, if its return address lies in this slot. */
  callerAt(slot: number): Registers;
  /** Whether a stack can be followed from these registers to its bottom; `undefined` where it may not be tried out. */
  readonly leadsToBottom: ((registers: Registers) => boolean) | undefined;
  /** One more word is looked at; false if a stack has had enough of them, or the time is up. */
  readonly mayGoOn: () => boolean;
}

/**
 * The caller of a function whose frame pointer is not known. Its return address is a word that stands behind a call of
 * that very function. Behind a call whose target cannot be told (through a register, a stub) it is doubtful. Then it is
 * the first from which the stack can be followed to its bottom, else the first above what looks like a frame pointer.
 */
export function searchCaller(
  { functionStart }: UnwindRule,
  registers: Registers,
  source: UnwindSource,
  { callerAt, leadsToBottom, mayGoOn }: SearchHelp,
): Registers | undefined {
  const sp = registers[RSP] as number;
  const doubtful: number[] = [];
  let tried: Registers | undefined;
  let end = sp + SCAN_BYTES;
  for (let slot = sp; slot < end && mayGoOn(); slot += 8) {
    const word = source.readWord(slot);
    if (word === undefined) break;
    if (word < LEAST_ADDRESS || !source.isCode(word)) continue;
    const calls = source.callsBefore(word, functionStart);
    if (calls === 'yes') return callerAt(slot);
    if (calls === 'no' || doubtful.length === MOST_DOUBTFUL) continue;
    doubtful.push(slot);
    if (leadsToBottom === undefined || tried !== undefined) continue;
    const next = callerAt(slot);
    if (!leadsToBottom(next)) continue;
    // A certain place a little above it would still be the truth: then this is an old word.
    tried = next;
    end = Math.min(end, slot + SCAN_ON_BYTES);
  }
  if (tried !== undefined) return tried;
  const slot = doubtful.find((one) => isFramePointer(source.readWord(one - 8), one));
  return slot === undefined ? undefined : callerAt(slot);
}

/** It points to the frame of a caller, further up the same stack; at the bottom it is 0. */
function isFramePointer(value: number | undefined, slot: number): boolean {
  return value !== undefined && (value === 0 || (value > slot && value < slot + STACK_BYTES));
}
