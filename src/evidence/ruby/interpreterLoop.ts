import type { Step } from '../creators/makers/makerStack.ts';
import type { Module } from '../native/modules.ts';
import type { NativeProcess } from '../native/nativeProcess.ts';
import { isAddress } from '../native/readWhole.ts';

/** GCC and Clang keep the counter of `vm_exec_core` in r14 and its control frame in r15 (vm_exec.c: DECL_SC_REG). */
const R14 = 14;
const R15 = 15;

/** One run of the interpreter's loop on a stack. */
export interface LoopFrame {
  /** Behind the instruction that runs. */
  readonly pc: number;
  /** Its control frame, on the stack of Ruby. */
  readonly control: number;
}

/**
 * The loop of the interpreter, `vm_exec_core`. It has no symbol, so it is known by what it does: it is the function that sets both
 * registers, to a place in code that is known and to a control frame.
 */
export class InterpreterLoop {
  readonly #native: NativeProcess;
  readonly #library: Module;
  /** Where its code begins. */
  #start: number | undefined;

  constructor(native: NativeProcess, library: Module) {
    this.#native = native;
    this.#library = library;
  }

  /** Its runs, the innermost first. None where code that was made at run time lies before them: its callers cannot be told. */
  framesIn(steps: readonly Step[], isLoop: (frame: LoopFrame) => boolean): readonly LoopFrame[] {
    const setters = this.#settersIn(steps);
    // Which one it is may be known by an outer run of it only: the inner ones count from then on.
    this.#start ??= setters.find(isLoop)?.start;
    return setters.filter(({ start }) => start === this.#start);
  }

  /** Frames of functions that set both registers to what may be an address. */
  #settersIn(steps: readonly Step[]): readonly (LoopFrame & { readonly start: number })[] {
    const found: (LoopFrame & { readonly start: number })[] = [];
    for (const [index, step] of steps.entries()) {
      const module = this.#native.modules.moduleAt(step.pc);
      if (module === undefined) break;
      if (module.path !== this.#library.path) continue;
      const start = this.#setterAt(step, steps[index + 1], index > 0);
      const [pc, control] = [step.registers[R14] as number, step.registers[R15] as number];
      // A run whose registers make no sense stays in the list: nobody else must take its place.
      if (start !== undefined && (start === this.#start || (isAddress(pc) && isAddress(control)))) {
        found.push({ pc, control, start });
      }
    }
    return found;
  }

  /** Where the function of a frame begins, if it has values of its own in both registers. */
  #setterAt({ pc, registers }: Step, caller: Step | undefined, isReturn: boolean): number | undefined {
    const rule = this.#native.source.ruleAt(isReturn ? pc - 1 : pc);
    const saves = (register: number): boolean => {
      return rule?.registers.some(([number, { kind }]) => number === register && kind === 'offset') === true;
    };
    if (!saves(R14) || !saves(R15)) return undefined;
    const isUnchanged = caller?.registers[R14] === registers[R14] && caller?.registers[R15] === registers[R15];
    return isUnchanged ? undefined : rule?.functionStart;
  }
}
