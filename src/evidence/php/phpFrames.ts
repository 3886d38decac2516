import type {
  Caught,
  FrameReader,
  FrameReaderKind,
  MakerFrames,
  MakerProcess,
} from '../creators/makers/frameReader.ts';
import type { Step } from '../creators/makers/makerStack.ts';
import { SlicedWork } from '../slicedWork.ts';
import { PhpFunctions } from './functions.ts';
import { currentCall, learnCalls, learnTables } from './learnFunctions.ts';
import { openPhp, type Php } from './version.ts';

const FILE = /(^|\/)(php(-fpm|-cgi)?[\d.]*|libphp[\d.]*\.so)$/;
/** ZEND_VM_FP_GLOBAL_REG and ZEND_VM_IP_GLOBAL_REG of zend_vm_execute.skl on x86-64. */
const CALL_REGISTER = 14;
const OPLINE_REGISTER = 15;

/**
 * The PHP code that makes processes, in builds of GCC on x86-64. The loop of the interpreter keeps its instruction in a register,
 * and the rules of the code of C restore it; the line is in the instruction itself.
 */
export const phpFrames: FrameReaderKind = {
  runtime: 'php',
  open: (process) => {
    const module = process.native.modules.find((path) => FILE.test(path));
    const php = module === undefined ? undefined : openPhp(process.native.memory, module);
    return php === undefined ? undefined : new PhpReader(process, php);
  },
};

class PhpReader implements FrameReader {
  readonly #native: MakerProcess['native'];
  readonly #php: Php;
  readonly #functions: PhpFunctions;
  readonly #tables: SlicedWork;

  constructor({ native }: MakerProcess, php: Php) {
    this.#native = native;
    this.#php = php;
    this.#functions = new PhpFunctions(native.memory, php.layout);
    this.#tables = new SlicedWork(() => learnTables(native.memory, this.#functions, php.globals));
  }

  framesOf({ record, steps }: Caught): MakerFrames | undefined {
    const leaf = this.#leafOf(steps);
    if (leaf === undefined) return undefined;
    const opline = leaf.registers[OPLINE_REGISTER] as number;
    // Functions that call each other share a frame of C, so the callers are known only late, when they may be others.
    const frame = this.#functions.frameAt(opline) ?? this.#learn(opline, leaf, record.atMs);
    return frame === undefined ? undefined : { runtime: 'php', frames: [frame], certainty: 'exact' };
  }

  /** The innermost run of the loop. If that is not known, its caller is another function. */
  #leafOf(steps: readonly Step[]): Step | undefined {
    for (const [index, step] of steps.entries()) {
      // Code that was made at run time keeps the registers for itself.
      if (this.#native.modules.moduleAt(step.pc) === undefined) return undefined;
      const rule = this.#native.source.ruleAt(index === 0 ? step.pc : step.pc - 1);
      if (rule?.functionStart === this.#php.loop) return step;
    }
    return undefined;
  }

  #learn(opline: number, { registers }: Step, atMs: number): ReturnType<PhpFunctions['frameAt']> {
    const { memory } = this.#native;
    for (const call of [registers[CALL_REGISTER] as number, currentCall(memory, this.#php.globals)]) {
      learnCalls(memory, this.#functions, call);
    }
    const learned = this.#functions.frameAt(opline);
    if (learned !== undefined || !this.#tables.goOn(atMs)) return learned;
    return this.#functions.frameAt(opline);
  }
}
