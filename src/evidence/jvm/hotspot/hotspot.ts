import type { Elf } from '../../elf/elf.ts';
import { exportedAddress } from '../../elf/exportedSymbols.ts';
import type { MemoryWindow } from '../../native/memoryWindow.ts';
import type { Module } from '../../native/modules.ts';
import type { Memory } from '../../native/processMemory.ts';
import { buildLayout, LAYOUT_TYPES } from './buildLayout.ts';
import { CodeBlobs } from './codeBlobs.ts';
import { openCodeHeaps } from './codeHeaps.ts';
import type { HotSpotLayout } from './layout.ts';
import { Methods } from './methods.ts';
import { Scopes } from './scopes.ts';
import { readVmTables } from './vmTables.ts';

/** The JVM of one process. */
export interface HotSpot {
  readonly layout: HotSpotLayout;
  readonly blobs: CodeBlobs;
  readonly methods: Methods;
  readonly scopes: Scopes;
  /** Whether an address lies in code that the JVM made. */
  isCode(address: number): boolean;
  /** Where the calls of Java by C++ return to. */
  entryReturn(): number | undefined;
  /** Must be called before each stack: what was read may be old. */
  refresh(): void;
}

const WINDOW = 512;

/** `undefined` for a JVM that has not made its code yet. */
export function openHotSpot(memory: Memory, { bias }: Module, layout: HotSpotLayout): HotSpot | undefined {
  const window = memory.window(0, WINDOW);
  const heaps = openCodeHeaps(window, layout.heaps, bias);
  if (heaps === undefined) return undefined;
  const methods = new Methods(memory, window, layout);
  let entryReturn: number | undefined;
  return {
    layout,
    methods,
    blobs: new CodeBlobs(memory, window, heaps, layout),
    scopes: new Scopes(memory, window, methods, layout),
    isCode: heaps.isCode,
    entryReturn: () => {
      // 0 until the stubs are made.
      entryReturn ||= window.readWord(layout.entry.returnAddress + bias);
      return entryReturn;
    },
    refresh: window.refresh,
  };
}

/** Builds that were read: all processes of one build have the same tables. */
const LAYOUTS = new WeakMap<Elf, HotSpotLayout>();

/** The layout of the JVM that a library is. `undefined` for any other library, and if the process cannot be read any more. */
export function hotSpotLayout(memory: Memory, { bias, elf }: Module): HotSpotLayout | undefined {
  const layout = LAYOUTS.get(elf) ?? (elf.isX64 ? readLayout(memory, elf, bias) : undefined);
  if (layout !== undefined) LAYOUTS.set(elf, layout);
  return layout;
}

function readLayout(memory: Memory, elf: Elf, bias: number): HotSpotLayout | undefined {
  const tables = readVmTables({ memory, addressOf: (symbol) => exportedAddress(elf, symbol), bias }, isWanted);
  const major = tables === undefined ? undefined : majorOf(memory.window(0, 8), tables.statics, bias);
  return tables === undefined || major === undefined ? undefined : buildLayout(tables, major);
}

const isWanted = (type: string): boolean => LAYOUT_TYPES.has(type);

/** The version of Java. HotSpot counted its own versions up to JDK 8, which alone has one heap of code. */
function majorOf(window: MemoryWindow, statics: ReadonlyMap<string, number>, bias: number): number | undefined {
  if (statics.has('CodeCache._heap')) return 8;
  const at = statics.get('Abstract_VM_Version._vm_major_version');
  return at === undefined ? undefined : window.readInt32(at + bias);
}
