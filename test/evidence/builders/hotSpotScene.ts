import type { Frame } from '../../../src/core/stack.ts';
import type { Caught, FrameReader } from '../../../src/evidence/creators/makers/frameReader.ts';
import { HOTSPOT } from '../../../src/evidence/jvm/hotspot/hotspotReader.ts';
import { nativeProcess } from '../../../src/evidence/native/nativeProcess.ts';
import { kernelRoot } from '../../../src/procfs/root.ts';
import { HotSpotHeap, STACK_AT } from './hotSpotHeap.ts';
import { type JavaVersion, JVM_BASE } from './hotSpotTables.ts';
import { type Mapped, modulesFrom } from './program.ts';

/** Where everything lies that is read of it: tables and statics, code, the map of it, objects, the stack. */
export const STACK_AREAS: readonly number[] = [
  ...[JVM_BASE + 0x10_0000, JVM_BASE + 0x20_0000, 0x7f20_0000_0000, 0x7f28_0000_0000, 0x7f30_0000_0000, STACK_AT],
];

/** What the stack below says. */
export const FRAMES: readonly Frame[] = [
  { function: 'java.lang.Thread.start0' },
  { function: 'com.acme.Pool.grow', file: 'Pool.java', line: 12 },
  { function: 'com.acme.Pool.submit', file: 'Pool.java', line: 40 },
  { function: 'com.acme.Server.accept', file: 'Server.java', line: 304 },
  { function: 'com.acme.Main.main', file: 'Main.java', line: 5 },
];
/** Words of the stack below, and where its interpreted frame is. */
const WORDS = 64;
export const FP = 24;
export const slot = (index: number): number => STACK_AT + index * 8;

/** A stack with one frame of each kind. */
export interface HotSpotScene {
  readonly heap: HotSpotHeap;
  readonly words: readonly number[];
  /** Puts words into the stack, from a slot on. */
  put(index: number, ...values: readonly number[]): void;
  /** Return addresses, and methods. */
  readonly native: number;
  readonly pool: number;
  readonly main: number;
  readonly grow: number;
  caught(copied?: number): Caught;
}

/** In a JVM that has begun, if no other is given. */
export function hotSpotScene(version: JavaVersion, heap: HotSpotHeap = new HotSpotHeap(version).begin()): HotSpotScene {
  const method = (className: string, name: string, firstLine: number): number => {
    const file = `${className.slice(className.lastIndexOf('/') + 1)}.java`;
    return heap.method({ className, name, firstLine, ...(firstLine === 0 ? {} : { file }) });
  };
  const start0 = method('java/lang/Thread', 'start0', 0);
  const grow = method('com/acme/Pool', 'grow', 10);
  const submit = method('com/acme/Pool', 'submit', 40);
  const accept = method('com/acme/Server', 'accept', 300);
  const main = method('com/acme/Main', 'main', 5);
  const native = heap.native(start0, 0x40);
  const pool = heap.compiled(
    [
      { method: grow, bytecode: 25 },
      { method: submit, bytecode: 9 },
    ],
    0x40,
  );
  const words = Array.from({ length: WORDS }, () => 0);
  const put = (index: number, ...values: readonly number[]): void => void words.splice(index, values.length, ...values);
  put(6, 0, pool);
  put(14, slot(FP), heap.interpreter);
  put(FP - (version === 8 ? 7 : 8), heap.bytecodes(accept) + 44);
  put(FP - 3, accept, 0, slot(FP + 2), slot(36), heap.callStub);
  put(36 - 6, slot(40));
  put(44, slot(50), 0, 0);
  put(49, heap.compiled([{ method: main, bytecode: 3 }], 0x40));
  return {
    heap,
    words,
    put,
    native,
    pool,
    main,
    grow,
    caught: (copied?: number) => heap.caught(words, { pc: native, fp: 0, ...(copied === undefined ? {} : { copied }) }),
  };
}

export function openHotSpotReader(heap: HotSpotHeap, more: readonly Mapped[] = []): FrameReader {
  const native = nativeProcess(heap.memory.open(), modulesFrom([heap.file, ...more]));
  return HOTSPOT.open({ root: kernelRoot(), pid: 1, runtimes: ['jvm'], native }) as FrameReader;
}
