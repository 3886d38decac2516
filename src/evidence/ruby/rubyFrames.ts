import { isPlumbing } from '../../core/plumbing.ts';
import type { Frame } from '../../core/stack.ts';
import type {
  Caught,
  FrameReader,
  FrameReaderKind,
  MakerFrames,
  MakerProcess,
} from '../creators/makers/frameReader.ts';
import { readAt } from '../elf/elf.ts';
import { exportedAddress } from '../elf/exportedSymbols.ts';
import type { Module } from '../native/modules.ts';
import { SlicedWork } from '../slicedWork.ts';
import { sweepForCode } from './codeSweep.ts';
import { CompiledCode } from './compiledCode.ts';
import { learnFrames } from './controlFrames.ts';
import { InterpreterLoop, type LoopFrame } from './interpreterLoop.ts';
import { type RubyLayout, rubyLayout } from './layout.ts';

const FILE = /(^|\/)(libruby[^/]*\.so[.\d]*|ruby[\d.]*)$/;
const VERSION_BYTES = 16;

/**
 * The Ruby code that makes threads and processes in MRI on x86-64. The loop of the interpreter keeps its program counter in a
 * register, and the rules of the code of C restore it: so the line is from that very moment, however late it is looked up.
 */
export const rubyFrames: FrameReaderKind = {
  runtime: 'ruby',
  open: (process) => {
    const module = process.native.modules.find((path) => FILE.test(path) && path.includes('libruby'));
    const found = module ?? process.native.modules.find((path) => FILE.test(path));
    const layout = found === undefined ? undefined : layoutOf(found);
    return found === undefined || layout === undefined ? undefined : new RubyReader(process, found, layout);
  },
};

function layoutOf({ elf }: Module): RubyLayout | undefined {
  const address = elf.isX64 ? exportedAddress(elf, 'ruby_version') : undefined;
  const text = address === undefined ? undefined : readAt(elf, address, VERSION_BYTES)?.toString('latin1');
  return text === undefined ? undefined : rubyLayout(text.slice(0, text.indexOf('\0')));
}

class RubyReader implements FrameReader {
  readonly #memory: MakerProcess['native']['memory'];
  readonly #layout: RubyLayout;
  readonly #code: CompiledCode;
  readonly #loop: InterpreterLoop;
  readonly #sweep: SlicedWork;

  constructor(process: MakerProcess, module: Module, layout: RubyLayout) {
    this.#memory = process.native.memory;
    this.#layout = layout;
    this.#code = new CompiledCode(this.#memory, layout);
    this.#loop = new InterpreterLoop(process.native, module);
    this.#sweep = new SlicedWork(() => sweepForCode(process, this.#code));
  }

  framesOf({ record, steps }: Caught): MakerFrames | undefined {
    const loops = this.#loop.framesIn(steps, ({ control, pc }) => {
      return this.#learn(control) && this.#code.holding(pc) !== undefined;
    });
    const [leaf] = loops;
    const first = leaf === undefined ? undefined : this.#frameOf(leaf, record.atMs);
    // An inner frame that is not known must not be told as its caller.
    if (leaf === undefined || first === undefined) return undefined;
    const frames = [first];
    const outer: Frame[] = [];
    for (let index = 1; index < loops.length; index += 1) {
      const frame = this.#code.frameAt((loops[index] as LoopFrame).pc);
      if (frame === undefined) break;
      const isNext = outer.length === 0 && this.#isNext(loops[index - 1] as LoopFrame, loops[index] as LoopFrame);
      (isNext ? frames : outer).push(frame);
    }
    return told(frames, outer);
  }

  #frameOf({ control, pc }: LoopFrame, atMs: number): Frame | undefined {
    const known = this.#code.frameAt(pc);
    if (known !== undefined) return known;
    this.#learn(control);
    const learned = this.#code.frameAt(pc);
    if (learned !== undefined || !this.#sweep.goOn(atMs)) return learned;
    return this.#code.frameAt(pc);
  }

  #learn(control: number): boolean {
    return learnFrames(this.#memory, this.#layout, this.#code, control);
  }

  /**
   * Methods that call each other share a frame of C, so there may be others between two of these. Control frames lie side by
   * side: if at most that of one function in C fits between them, one has called the other through it.
   */
  #isNext(inner: LoopFrame, outer: LoopFrame): boolean {
    const apart = (outer.control - inner.control) / this.#layout.frameBytes;
    return apart === 1 || apart === 2;
  }
}

/** Where nothing of the program itself is known to have made it, what has called that says more. */
function told(frames: readonly Frame[], outer: readonly Frame[]): MakerFrames {
  const isOwn = (frame: Frame): boolean => !isPlumbing(frame, 'ruby');
  const caller = frames.some(isOwn) ? undefined : outer.find(isOwn);
  if (caller === undefined) return { runtime: 'ruby', frames, certainty: 'exact' };
  return { runtime: 'ruby', frames: [caller], certainty: 'called from' };
}
