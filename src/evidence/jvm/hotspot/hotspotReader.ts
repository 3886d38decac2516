import type { Caught, FrameReader, FrameReaderKind, MakerFrames } from '../../creators/makers/frameReader.ts';
import { RA, RBP, RSP } from '../../elf/unwindRule.ts';
import { callerAt, frameAddress } from '../../native/callerFrame.ts';
import type { Module } from '../../native/modules.ts';
import type { NativeProcess } from '../../native/nativeProcess.ts';
import type { Registers } from '../../native/registers.ts';
import type { Place } from './frames.ts';
import { type HotSpot, hotSpotLayout, openHotSpot } from './hotspot.ts';
import { readJavaStack } from './javaStack.ts';
import type { HotSpotLayout } from './layout.ts';
import { StackWords } from './stackWords.ts';

const LIBRARY = /(^|\/)libjvm\.so$/;

/**
 * The Java code that makes threads and processes in a JVM of HotSpot on x86-64. Nothing is asked of the JVM: its frames lie on
 * the copied stack, and nothing that they are read by is ever moved by a garbage collection.
 */
export const HOTSPOT: FrameReaderKind = {
  runtime: 'jvm',
  open: ({ native }) => new HotSpotReader(native),
};

class HotSpotReader implements FrameReader {
  readonly #native: NativeProcess;
  #library: { readonly module: Module; readonly layout: HotSpotLayout } | 'none' | undefined;
  #jvm: HotSpot | undefined;

  constructor(native: NativeProcess) {
    this.#native = native;
  }

  framesOf(caught: Caught): MakerFrames | undefined {
    // The first threads of a JVM are made before there is any Java.
    this.#jvm ??= this.#open();
    const jvm = this.#jvm;
    if (jvm === undefined) return undefined;
    jvm.refresh();
    const start = this.#firstJava(caught, jvm);
    if (start === undefined) return undefined;
    const { record, readWord } = caught;
    const words = new StackWords({
      readWord,
      readLive: this.#native.source.readWord,
      copyEnd: record.stackStart + record.stack.length,
    });
    const frames = readJavaStack(start, words, jvm, () => this.#native.source.isOver?.() === true);
    return frames.length === 0 ? undefined : { runtime: 'jvm', frames, certainty: 'exact' };
  }

  #open(): HotSpot | undefined {
    this.#library ??= this.#findLibrary() ?? 'none';
    if (this.#library === 'none') return undefined;
    return openHotSpot(this.#native.memory, this.#library.module, this.#library.layout);
  }

  #findLibrary(): { readonly module: Module; readonly layout: HotSpotLayout } | undefined {
    const module = this.#native.modules.find((path) => LIBRARY.test(path));
    const layout = module === undefined ? undefined : hotSpotLayout(this.#native.memory, module);
    return module === undefined || layout === undefined ? undefined : { module, layout };
  }

  /** The first frame of Java below the code of C: a native method, in whose name the task is made. */
  #firstJava({ readWord, steps }: Caught, jvm: HotSpot): Place | undefined {
    const found = steps.find(({ pc }) => jvm.isCode(pc));
    if (found !== undefined) return placeOf(found.registers);
    // The code may be so new that the maps of the process did not have it yet: the walk ended before it.
    const last = steps.at(-1);
    const rule =
      last === undefined ? undefined : this.#native.source.ruleAt(steps.length === 1 ? last.pc : last.pc - 1);
    if (last === undefined || rule === undefined) return undefined;
    const source = { ...this.#native.source, readWord };
    const cfa = frameAddress(rule, last.registers, source);
    if (typeof cfa !== 'number') return undefined;
    const caller = callerAt(cfa, rule, last.registers, source);
    return jvm.isCode(caller[RA] as number) ? placeOf(caller) : undefined;
  }
}

function placeOf(registers: Registers): Place {
  return { pc: registers[RA] as number, sp: registers[RSP] as number, fp: registers[RBP] as number };
}
