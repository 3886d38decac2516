import type { Frame } from '../../../core/stack.ts';
import type { Caught, MakerFrames } from '../../creators/makers/frameReader.ts';
import type { Step } from '../../creators/makers/makerStack.ts';
import { RSP } from '../../elf/unwindRule.ts';
import type { CodeObjects } from '../codeObjects.ts';
import type { EvalFrames } from './evalFrames.ts';
import { namedFrames } from './namedFrames.ts';

/** Registers that a function keeps for its caller (System V ABI): RBX, RBP, R12 to R15. */
const KEPT = [3, 6, 12, 13, 14, 15];
/** Words of one frame of the interpreter's loop. It has some 50. */
const MOST_WORDS = 512;
/**
 * Words that are looked at in memory in one round, whether they are code objects. An honest process needs some 50 for each
 * place that the loop calls from, once; a look at nothing takes 50 µs.
 */
const MOST_LOOKS = 256;
const MOST_CODES_IN_FRAME = 8;
const MOST_PLACES = 256;
/** An instruction of bytecode is two bytes; `next_instr` stands behind the one that runs. */
const UNIT_BYTES = 2;

/** Where a value is in a C frame: bytes above its stack pointer, or below 0 the register −1 − `Spot`. */
type Spot = number;

/** Where the loop keeps what is needed. The compiler chose it: it is the same at the same return address. */
interface Spots {
  readonly code: Spot;
  readonly next: Spot;
}

/**
 * The frames of CPython 3.8 to 3.10. Each call is one of the C function that interprets, so its code object and its
 * `next_instr` are in the copy of the stack: nothing that changes is read.
 */
export class CopiedFrames {
  readonly #codes: CodeObjects;
  readonly #evalFrames: EvalFrames;
  readonly #isCode: (address: number) => boolean;
  readonly #spots = new Map<number, Spots>();
  #looks = MOST_LOOKS;

  constructor(codes: CodeObjects, evalFrames: EvalFrames, isCode: (address: number) => boolean) {
    this.#codes = codes;
    this.#evalFrames = evalFrames;
    this.#isCode = isCode;
  }

  /** A round begins. */
  renew(): void {
    this.#looks = MOST_LOOKS;
  }

  /** They end where the copy does. */
  framesOf({ readWord, record, steps }: Caught): MakerFrames | undefined {
    const copyEnd = record.stackStart + record.stack.length;
    const loops: CFrame[] = [];
    for (const [index, step] of steps.entries()) {
      const end = steps[index + 1]?.registers[RSP];
      if (end === undefined || !(end <= copyEnd)) break;
      if (this.#evalFrames.has(step.pc)) loops.push(new CFrame(step, end, readWord));
    }
    return namedFrames(loops, (loop) => this.#frameAt(loop));
  }

  #frameAt(frame: CFrame): Frame | undefined {
    const spots = this.#spots.get(frame.pc);
    const known = spots === undefined ? undefined : this.#frameFrom(frame.at(spots.code), frame.at(spots.next));
    if (known !== undefined) return known;
    const found = this.#search(frame);
    if (found === undefined) return undefined;
    if (this.#spots.size >= MOST_PLACES) this.#spots.clear();
    this.#spots.set(frame.pc, found);
    return this.#frameFrom(frame.at(found.code), frame.at(found.next));
  }

  /** `undefined` if the one is no code object, or the other none of its instructions. */
  #frameFrom(code: number | undefined, next: number | undefined): Frame | undefined {
    if (code === undefined || next === undefined || !this.#isCode(code)) return undefined;
    const instructions = this.#codes.instructionsOf(code);
    if (instructions === undefined || !(next > instructions.start && next < instructions.end)) return undefined;
    const offset = next - instructions.start;
    return offset % UNIT_BYTES === 0 ? this.#codes.frameOf(code, offset - UNIT_BYTES) : undefined;
  }

  /**
   * A code object in the frame, and a word into its instructions: in a register if there is one, for a register is what
   * the loop goes on with. Several that differ are none: one of them may be left over from a call before.
   */
  #search(frame: CFrame): Spots | undefined {
    const found: Spots[] = [];
    for (const code of this.#codesIn(frame)) {
      const inside = frame.spots().filter((next) => this.#frameFrom(frame.at(code), frame.at(next)) !== undefined);
      const registers = inside.filter((spot) => spot < 0);
      const best = registers.length > 0 ? registers : inside;
      if (new Set(best.map((spot) => frame.at(spot))).size > 1) return undefined;
      if (best[0] !== undefined) found.push({ code, next: best[0] });
    }
    return found.length === 1 ? found[0] : undefined;
  }

  /** The places of the code objects in a frame, each once. */
  #codesIn(frame: CFrame): readonly Spot[] {
    const codes = new Map<number, Spot>();
    for (const spot of frame.spots()) {
      const value = frame.at(spot);
      if (value === undefined || value % 8 !== 0 || codes.has(value) || this.#looks <= 0) continue;
      this.#looks -= 1;
      if (!this.#isCode(value)) continue;
      codes.set(value, spot);
      if (codes.size === MOST_CODES_IN_FRAME) break;
    }
    return [...codes.values()];
  }
}

/** One frame of C: its words, and the registers that it left to what it called. */
class CFrame {
  readonly #step: Step;
  readonly #end: number;
  readonly #readWord: Caught['readWord'];

  constructor(step: Step, end: number, readWord: Caught['readWord']) {
    this.#step = step;
    this.#end = end;
    this.#readWord = readWord;
  }

  get pc(): number {
    return this.#step.pc;
  }

  at(spot: Spot): number | undefined {
    const { registers } = this.#step;
    return spot < 0 ? registers[-1 - spot] : this.#readWord((registers[RSP] as number) + spot);
  }

  spots(): Spot[] {
    const words = Math.min(MOST_WORDS, Math.floor((this.#end - (this.#step.registers[RSP] as number)) / 8));
    return [...KEPT.map((register) => -1 - register), ...Array.from({ length: words }, (_, index) => index * 8)];
  }
}
