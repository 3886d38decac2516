import { RA, RBP, RSP, type UnwindRule } from '../../elf/unwindRule.ts';
import { callerAt, callerWithoutRule, frameAddress } from '../../native/callerFrame.ts';
import { knownValue, type Registers } from '../../native/registers.ts';
import type { UnwindSource } from '../../native/unwindSource.ts';

/** One frame of a maker. */
export interface Step {
  /** Where it stands: the innermost in the kernel's entry, all others behind a call. */
  readonly pc: number;
  /** Registers as they were in that frame, by DWARF numbers; NaN where a rule says that one is lost. */
  readonly registers: Registers;
}

/** A word that the walk hung on: another record with the same words has the same stack. */
export interface Check {
  /** Bytes above the stack pointer; below 0 it is register −1 − `at`, as the record has it. */
  readonly at: number;
  readonly value: number;
  /** Whether the value is meant from the stack pointer up: a frame pointer. */
  readonly isRelative: boolean;
}

export interface Walked {
  /** The innermost first. */
  readonly steps: readonly Step[];
  /** Whether the bottom of the stack was reached. */
  readonly isWhole: boolean;
  /** `undefined` if the walk hung on something else, too. */
  readonly checks: readonly Check[] | undefined;
}

const MOST_FRAMES = 128;
/** glibc leaves the instruction behind the system call in clone3 without a rule, for the sake of the new thread. Nothing is pushed there. */
const SYS_CLONE3 = 435;
const INSIDE = -2;

/** Where the value of each register comes from: `Check.at`; NaN if it is computed. */
type Origins = Registers;

/** Follows the stack of a maker by the rules of its code. All registers are known, so nothing has to be searched. */
export function walkMaker(start: Registers, source: Pick<UnwindSource, 'ruleAt' | 'isCode' | 'readWord'>): Walked {
  const base = start[RSP] as number;
  const steps: Step[] = [{ pc: start[RA] as number, registers: start }];
  const checks: Check[] = [];
  let canRepeat = true;
  let origins: Origins = start.map((_, number) => -1 - number);
  let registers = start;
  let isExact = true;
  const end = (isWhole: boolean): Walked => ({ steps, isWhole, checks: canRepeat ? checks : undefined });
  while (steps.length < MOST_FRAMES) {
    const pc = registers[RA] as number;
    const rule = source.ruleAt(isExact ? pc : pc - 1);
    if (rule?.isBottom === true) return end(true);
    const hangsOn = rule === undefined ? (steps.length === 1 ? RSP : RBP) : baseOf(rule);
    if (hangsOn === undefined) canRepeat = false;
    else if (hangsOn !== RSP) {
      const [at, value] = [origins[hangsOn] as number, (registers[hangsOn] as number) - base];
      if (Number.isNaN(at)) canRepeat = false;
      else checks.push({ at, value, isRelative: true });
    }
    const next = callerOf(rule, registers, steps.length === 1, source);
    if (next === undefined) return end(false);
    const [nextPc, nextSp] = [knownValue(next, RA), knownValue(next, RSP)];
    const sp = registers[RSP] as number;
    if (nextPc === undefined || nextSp === undefined) return end(false);
    origins = originsOf(rule, origins, nextSp - base, registers, base);
    const slot = origins[RA] as number;
    if (Number.isNaN(slot)) canRepeat = false;
    else checks.push({ at: slot, value: nextPc, isRelative: false });
    if (nextPc === 0) return end(true);
    isExact = rule?.isSignal ?? false;
    // vfork of glibc keeps its return address in a register: its caller has the same stack pointer.
    const isAbove = nextSp > sp || (steps.length === 1 && nextSp === sp);
    if ((!isAbove && !isExact) || !source.isCode(nextPc)) return end(false);
    steps.push({ pc: nextPc, registers: next });
    registers = next;
  }
  return end(false);
}

/** The register that a frame hangs on; `undefined` for an expression. */
function baseOf({ cfa }: UnwindRule): number | undefined {
  return cfa.kind === 'register' ? cfa.register : undefined;
}

function callerOf(
  rule: UnwindRule | undefined,
  registers: Registers,
  isFirst: boolean,
  source: Pick<UnwindSource, 'ruleAt' | 'isCode' | 'readWord'>,
): Registers | undefined {
  const whole: UnwindSource = { ...source, callsBefore: () => 'maybe' };
  if (rule === undefined) return callerWithoutRule(registers, isFirst ? SYS_CLONE3 : INSIDE, whole);
  const cfa = frameAddress(rule, registers, whole);
  return typeof cfa === 'number' ? callerAt(cfa, rule, registers, whole) : undefined;
}

/** Where the registers of the caller come from; `frame` is its stack pointer, from the beginning of the copy. */
function originsOf(
  rule: UnwindRule | undefined,
  before: Origins,
  frame: number,
  registers: Registers,
  base: number,
): Origins {
  const origins = before.slice();
  if (rule === undefined) {
    // A bare system call, or a frame pointer: see callerWithoutRule.
    origins[RA] = frame - 8;
    if (frame - 16 === (registers[RBP] as number) - base) origins[RBP] = frame - 16;
    return origins;
  }
  origins[RA] = Number.NaN;
  for (const [number, how] of rule.registers) {
    if (how.kind === 'offset') origins[number] = frame + how.offset;
    else if (how.kind === 'register') origins[number] = before[how.register] as number;
    else if (how.kind !== 'same') origins[number] = Number.NaN;
  }
  return origins;
}
