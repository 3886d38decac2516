import { RA, RBP, RSP, type UnwindRule } from '../elf/unwindRule.ts';
import { callerAt, callerWithoutRule, frameAddress } from './callerFrame.ts';
import { knownValue, type Registers, registersOf } from './registers.ts';
import { searchCaller } from './returnSearch.ts';
import type { UnruledCode } from './unruled.ts';
import { searchUnruled } from './unruledSearch.ts';
import type { UnwindSource } from './unwindSource.ts';

/** Where a thread stands: all that the kernel shows of its registers. */
export interface Standing {
  readonly pc: number;
  readonly sp: number;
  /** Number of the system call that it is in, or -1. */
  readonly call: number;
}

/** Return addresses, the thread's own place first. */
export interface Unwound {
  readonly pcs: readonly number[];
  /** True if the bottom of the stack was reached, false if it could not be followed further. */
  readonly isWhole: boolean;
}

const MOST_FRAMES = 256;
/** Words and frames that are looked at for one stack. An honest one needs a few hundred a frame; a hostile one would need billions. */
const MOST_STEPS = 200_000;
/** How often the clock is looked at: some 100 µs apart. */
const STEPS_A_LOOK = 512;
/** Library functions without a rule that call each other. */
const MOST_TRIES = 8;
/** In place of a system call: a return address, not the place where a thread stands. */
const INSIDE = -2;

/** One stack that is being followed. */
interface Walk {
  readonly source: UnwindSource;
  /** How many doubtful return addresses, each found on the way of another, may be tried out by following them to the end. */
  readonly tries: number;
  /** One more word or frame is looked at; false if a stack has had enough of them, or the time is up. */
  readonly mayGoOn: () => boolean;
}

/**
 * Follows a stack by the rules of its code, with the program counter and the stack pointer alone: no other register of a
 * thread can be read without stopping it. If a rule needs the frame pointer before that is known, the return address is
 * looked for: a word that stands behind a call of the very function.
 */
export function unwind(standing: Standing, source: UnwindSource): Unwound {
  let steps = 0;
  let isOver = false;
  const mayGoOn = (): boolean => {
    steps += 1;
    isOver ||= steps > MOST_STEPS || (steps % STEPS_A_LOOK === 0 && source.isOver?.() === true);
    return !isOver;
  };
  return follow(registersOf(standing), standing.call, { source, tries: MOST_TRIES, mayGoOn });
}

function follow(start: Registers, call: number, walk: Walk): Unwound {
  const { source } = walk;
  let registers = start;
  const pcs = [start[RA] as number];
  // The first address is where the thread stands, not where it will return to. So is the one below a signal frame.
  let isExact = call !== INSIDE;
  while (pcs.length < MOST_FRAMES && walk.mayGoOn()) {
    const pc = registers[RA] as number;
    // A return address may be the first one behind a function that never returns.
    const rule = source.ruleAt(isExact ? pc : pc - 1);
    if (rule?.isBottom === true) return { pcs, isWhole: true };
    const code = rule === undefined ? source.unruledAt?.(pc, !isExact) : undefined;
    if (code?.isBottom === true) return { pcs, isWhole: true };
    const next =
      rule === undefined
        ? unruledCaller(code, registers, pcs.length === 1 ? call : INSIDE, walk)
        : caller(rule, registers, walk);
    if (next === undefined) break;
    const [nextPc, nextSp] = [knownValue(next, RA), knownValue(next, RSP)];
    if (nextPc === undefined || nextSp === undefined) break;
    if (nextPc === 0) return { pcs, isWhole: true };
    isExact = rule?.isSignal ?? false;
    // The stack of a caller is further up; anything else is a circle. A signal may have a stack of its own.
    if (nextSp <= (registers[RSP] as number) && !isExact) break;
    if (!source.isCode(nextPc)) break;
    pcs.push(nextPc);
    registers = next;
  }
  return { pcs, isWhole: false };
}

/** The caller of code without a rule: by its frame pointer where one is known, else by its return address. */
function unruledCaller(
  code: UnruledCode | undefined,
  registers: Registers,
  call: number,
  walk: Walk,
): Registers | undefined {
  const { mayGoOn, source, tries } = walk;
  const next = callerWithoutRule(registers, call, source);
  if (code === undefined || (next !== undefined && source.isCode(knownValue(next, RA) ?? 0))) return next;
  return searchUnruled(code, registers, source, {
    mayGoOn,
    leadsToBottom: tries > 0 ? (from) => follow(from, INSIDE, { ...walk, tries: tries - 1 }).isWhole : undefined,
  });
}

/** Registers of the caller; `undefined` if they cannot be found. */
function caller(rule: UnwindRule, registers: Registers, walk: Walk): Registers | undefined {
  const { mayGoOn, source, tries } = walk;
  const cfa = frameAddress(rule, registers, source);
  if (cfa === undefined) return undefined;
  if (cfa !== 'unknown base') return callerAt(cfa, rule, registers, source);
  const { cfa: how } = rule;
  if (how.kind !== 'register' || how.register !== RBP) return undefined;
  return searchCaller(rule, registers, source, {
    mayGoOn,
    callerAt: (slot) => {
      const address = slot + 8;
      const known = registers.slice();
      known[RBP] = address - how.offset;
      return callerAt(address, rule, known, source);
    },
    leadsToBottom: tries === MOST_TRIES ? (next) => follow(next, INSIDE, { ...walk, tries: 0 }).isWhole : undefined,
  });
}
