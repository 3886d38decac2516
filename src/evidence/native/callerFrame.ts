import { evaluate, type Machine } from '../elf/expression.ts';
import { RA, RBP, type RegisterRule, RSP, type UnwindRule } from '../elf/unwindRule.ts';
import { knownValue, type Registers, withPlace } from './registers.ts';
import type { UnwindSource } from './unwindSource.ts';

/** System calls that leave through an instruction that no rule describes (x86-64). */
const CLONE = 56;
const CLONE3 = 435;

/** The address of a frame by its rule; `'unknown base'` if it hangs on a register that is not known. */
export function frameAddress(
  { cfa }: UnwindRule,
  registers: Registers,
  source: UnwindSource,
): number | 'unknown base' | undefined {
  if (cfa.kind === 'expression') return evaluate(cfa.code, machineOf(registers, source));
  const base = knownValue(registers, cfa.register);
  return base === undefined ? 'unknown base' : base + cfa.offset;
}

/** The registers of the caller, if the address of the frame is known. */
export function callerAt(cfa: number, rule: UnwindRule, known: Registers, source: UnwindSource): Registers {
  const next = known.slice();
  next[RA] = Number.NaN;
  next[RSP] = cfa;
  for (const [number, how] of rule.registers) next[number] = restore(how, cfa, known, number, source) ?? Number.NaN;
  return next;
}

/**
 * The caller of code without rules: the thread is in a bare system call (`call`, its number), or the code was made at run
 * time and keeps frame pointers.
 */
export function callerWithoutRule(registers: Registers, call: number, source: UnwindSource): Registers | undefined {
  const sp = registers[RSP] as number;
  if (call === CLONE3 || call === CLONE) {
    // Nothing is pushed there: the return address lies on top of the stack.
    const back = source.readWord(sp);
    return back === undefined ? undefined : withPlace(registers, { sp: sp + 8, pc: back });
  }
  const frame = knownValue(registers, RBP);
  if (frame === undefined || frame < sp) return undefined;
  const saved = source.readWord(frame);
  const back = source.readWord(frame + 8);
  if (saved === undefined || back === undefined) return undefined;
  return withPlace(registers, { sp: frame + 16, pc: back, bp: saved });
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
    default:
      return how satisfies never;
  }
}

function machineOf(registers: Registers, { readWord }: UnwindSource): Machine {
  return { register: (number) => knownValue(registers, number), read: readWord };
}
