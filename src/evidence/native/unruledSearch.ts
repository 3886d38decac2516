import { RBP, RSP } from '../elf/unwindRule.ts';
import { knownValue, type Registers, withPlace } from './registers.ts';
import type { UnruledCode } from './unruled.ts';
import type { UnwindSource } from './unwindSource.ts';

/** How far above the stack pointer the frame of one function is looked for. */
const SCAN_BYTES = 16 * 1024;
/** How far the search goes on above a doubtful place that leads to the bottom. */
const SCAN_ON_BYTES = 512;
/** The function that a program or a thread begins with has a small frame. Further up that place says nothing of its callers. */
const BOTTOM_BYTES = 256;
/** No code is mapped below this address. */
const LEAST_ADDRESS = 4096;
const MOST_DOUBTFUL = 32;

/** What the search needs of the one who follows stacks. */
export interface UnruledHelp {
  /** Whether a stack can be followed from these registers to its bottom; `undefined` where it may not be tried out. */
  readonly leadsToBottom: ((registers: Registers) => boolean) | undefined;
  /** One more word is looked at; false if a stack has had enough of them, or the time is up. */
  readonly mayGoOn: () => boolean;
}

/**
 * The caller of code without any rule: the first word of the stack that stands behind a call of that very function. Where
 * only a doubtful one is found, it is the first from which the stack can be followed to its bottom.
 */
export function searchUnruled(
  code: UnruledCode,
  registers: Registers,
  source: UnwindSource,
  { leadsToBottom, mayGoOn }: UnruledHelp,
): Registers | undefined {
  const sp = knownValue(registers, RSP);
  if (sp === undefined) return undefined;
  let doubtful = 0;
  let tried: Registers | undefined;
  let end = sp + SCAN_BYTES;
  for (let slot = sp; slot < end && mayGoOn(); slot += 8) {
    const word = source.readWord(slot);
    if (word === undefined) break;
    if (word < LEAST_ADDRESS || !source.isCode(word)) continue;
    const calls = code.isBottomAt(word) ? (slot < sp + BOTTOM_BYTES ? 'maybe' : 'no') : code.callsBefore(word);
    if (calls === 'no') continue;
    const next = withPlace(registers, { sp: slot + 8, pc: word });
    // It may have been saved anywhere in the frame.
    next[RBP] = Number.NaN;
    if (calls === 'yes') return next;
    if (leadsToBottom === undefined || tried !== undefined || doubtful === MOST_DOUBTFUL) continue;
    doubtful += 1;
    if (!leadsToBottom(next)) continue;
    // A certain place a little above it would still be the truth: then this is an old word.
    tried = next;
    end = Math.min(end, slot + SCAN_ON_BYTES);
  }
  return tried;
}
