import { evaluate, type Machine } from '../elf/expression.ts';
import { RA, RBP, REGISTERS, type RegisterRule, RSP, type UnwindRule } from '../elf/unwindRule.ts';

/** Where a thread stands: all that the kernel shows of its registers. */
export interface Standing {
  readonly pc: number;
  readonly sp: number;
  /** Number of the system call that it is in, or -1. */
  readonly call: number;
}

/** What an unwinder asks of a process. Addresses are those of the process. */
export interface UnwindSource {
  /** `undefined` where nothing describes the code. */
  ruleAt(pc: number): UnwindRule | undefined;
  isCode(address: number): boolean;
  /** Whether the code before a return address calls `target`; `'maybe'` for a call through a register or a stub. */
  callsBefore(returnAddress: number, target: number): 'yes' | 'maybe' | 'no';
  readWord(address: number): number | undefined;
}

/** Return addresses, the thread's own place first. */
export interface Unwound {
  readonly pcs: readonly number[];
  /** True when the bottom of the stack was reached, false where it could not be followed further. */
  readonly isWhole: boolean;
}

/** By DWARF number; NaN is not known. */
type Registers = Float64Array;

const MOST_FRAMES = 256;
/** How far above the stack pointer the frame of one function is looked for. */
const SCAN_BYTES = 16 * 1024;
const SCAN_ON_BYTES = 512;
/** System calls that leave through an instruction that no rule describes (x86-64). */
const CLONE = 56;
const CLONE3 = 435;
/** In place of a system call: a return address, not the place where a thread stands. */
const INSIDE = -2;
const LEAST_ADDRESS = 4096;
const MOST_DOUBTFUL = 32;

/**
 * Follows a stack by the rules of its code, with the program counter and the stack pointer alone: no other register of
 * a thread can be read without stopping it. Where a rule needs the frame pointer before it is known, the return
 * address is looked for: a word that points behind a call of the very function.
 */
export function unwind(standing: Standing, source: UnwindSource): Unwound {
  const registers = new Float64Array(REGISTERS).fill(Number.NaN);
  registers[RSP] = standing.sp;
  registers[RA] = standing.pc;
  return follow(registers, standing.call, source, true);
}

/** `mayTry`: whether a doubtful return address may be tried out by following it to the end. */
function follow(start: Registers, call: number, source: UnwindSource, mayTry: boolean): Unwound {
  let registers = start;
  const pcs = [start[RA] as number];
  // The first address is where the thread stands, not where it will return to; so is the one below a signal frame.
  let isExact = call !== INSIDE;
  while (pcs.length < MOST_FRAMES) {
    const pc = registers[RA] as number;
    // A return address may be the first one behind a function that never returns.
    const rule = source.ruleAt(isExact ? pc : pc - 1);
    const next =
      rule === undefined
        ? withoutRule(registers, pcs.length === 1 ? call : INSIDE, source)
        : caller(rule, registers, source, mayTry);
    if (next === 'end') return { pcs, isWhole: true };
    if (next === undefined) break;
    const nextPc = next[RA] as number;
    const nextSp = next[RSP] as number;
    if (Number.isNaN(nextPc) || Number.isNaN(nextSp)) break;
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

/** Registers of the caller. */
function caller(
  rule: UnwindRule,
  registers: Registers,
  source: UnwindSource,
  mayTry: boolean,
): Registers | 'end' | undefined {
  if (rule.isBottom) return 'end';
  const { cfa: how } = rule;
  if (how.kind === 'expression') {
    const cfa = evaluate(how.code, machineOf(registers, source));
    return cfa === undefined ? undefined : callerAt(cfa, rule, registers, source);
  }
  const base = registers[how.register] ?? Number.NaN;
  if (!Number.isNaN(base)) return callerAt(base + how.offset, rule, registers, source);
  if (how.register !== RBP) return undefined;
  return search(rule, how.offset, registers, source, mayTry);
}

/** The caller when the frame address is known. */
function callerAt(cfa: number, rule: UnwindRule, known: Registers, source: UnwindSource): Registers | undefined {
  const next = known.slice();
  next[RA] = Number.NaN;
  next[RSP] = cfa;
  for (const [number, how] of rule.registers) next[number] = restore(how, cfa, known, number, source) ?? Number.NaN;
  return next;
}

function restore(
  how: RegisterRule,
  cfa: number,
  known: Registers,
  number: number,
  source: UnwindSource,
): number | undefined {
  switch (how.kind) {
    case 'same':
      return known[number];
    case 'undefined':
      return undefined;
    case 'offset':
      return source.readWord(cfa + how.offset);
    case 'valueOffset':
      return cfa + how.offset;
    case 'register':
      return known[how.register];
    case 'expression': {
      const address = evaluate(how.code, machineOf(known, source), cfa);
      return address === undefined ? undefined : source.readWord(address);
    }
    case 'valueExpression':
      return evaluate(how.code, machineOf(known, source), cfa);
  }
}

function machineOf(registers: Registers, { readWord }: UnwindSource): Machine {
  return {
    register: (number) => {
      const value = registers[number] ?? Number.NaN;
      return Number.isNaN(value) ? undefined : value;
    },
    read: readWord,
  };
}

/** Code without rules: the thread is in a bare system call, or it was made at run time and keeps frame pointers. */
function withoutRule(registers: Registers, call: number, source: UnwindSource): Registers | undefined {
  const sp = registers[RSP] as number;
  if (call === CLONE3 || call === CLONE) {
    // Nothing is pushed there: the return address is on top of the stack.
    const back = source.readWord(sp);
    if (back === undefined) return undefined;
    return withSet(registers, { sp: sp + 8, pc: back });
  }
  const frame = registers[RBP] as number;
  if (!(frame >= sp)) return undefined;
  const saved = source.readWord(frame);
  const back = source.readWord(frame + 8);
  if (saved === undefined || back === undefined) return undefined;
  return withSet(registers, { sp: frame + 16, pc: back, bp: saved });
}

function withSet(registers: Registers, { sp, pc, bp }: { sp: number; pc: number; bp?: number }): Registers {
  const next = registers.slice();
  next[RSP] = sp;
  next[RA] = pc;
  if (bp !== undefined) next[RBP] = bp;
  return next;
}

/**
 * The caller of a function whose frame pointer is not known: its return address is a word that lies behind a call of
 * that very function. Behind a call whose target cannot be told (through a register, a stub) it is doubtful: then it
 * is the first from which the stack can be followed to its bottom, else the first above what looks like a frame pointer.
 */
function search(
  rule: UnwindRule,
  offset: number,
  registers: Registers,
  source: UnwindSource,
  mayTry: boolean,
): Registers | undefined {
  const sp = registers[RSP] as number;
  const at = (slot: number): Registers | undefined => {
    const cfa = slot + 8;
    const known = registers.slice();
    known[RBP] = cfa - offset;
    return callerAt(cfa, rule, known, source);
  };
  const doubtful: number[] = [];
  let tried: Registers | undefined;
  let end = sp + SCAN_BYTES;
  for (let slot = sp; slot < end; slot += 8) {
    const word = source.readWord(slot);
    if (word === undefined) break;
    if (word < LEAST_ADDRESS || !source.isCode(word)) continue;
    const calls = source.callsBefore(word, rule.functionStart);
    if (calls === 'yes') return at(slot);
    if (calls === 'no' || doubtful.length === MOST_DOUBTFUL) continue;
    doubtful.push(slot);
    if (!mayTry || tried !== undefined) continue;
    const next = at(slot);
    if (next === undefined || !follow(next, INSIDE, source, false).isWhole) continue;
    // It leads to the bottom. A certain one a little above it would still be the truth: then this is an old word.
    tried = next;
    end = Math.min(end, slot + SCAN_ON_BYTES);
  }
  if (tried !== undefined) return tried;
  const slot = doubtful.find((one) => isFramePointer(source.readWord(one - 8), one));
  return slot === undefined ? undefined : at(slot);
}

/** Of a caller's frame, further up the same stack; 0 at its bottom. */
function isFramePointer(value: number | undefined, slot: number): boolean {
  return value !== undefined && (value === 0 || (value > slot && value < slot + (8 << 20)));
}
