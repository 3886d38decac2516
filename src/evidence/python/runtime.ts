import { exportedAddress } from '../elf/exportedSymbols.ts';
import type { Module, Modules } from '../native/modules.ts';
import type { Memory } from '../native/processMemory.ts';
import { DEBUG_OFFSETS_BYTES, readDebugOffsets } from './debugOffsets.ts';
import { layoutOf } from './knownLayouts.ts';
import type { PythonLayout } from './layout.ts';

/** The interpreter that a process has loaded. */
export interface PythonRuntime {
  /** Where `_PyRuntime` is. */
  readonly address: number;
  readonly layout: PythonLayout;
  /** Where something is that the interpreter exports; `undefined` if it does not. */
  exported(name: string): number | undefined;
}

/** Base names of what may be the interpreter, the likely ones first. Extension modules have `python` in theirs, too. */
const NAMES = [/^libpython\d\.\d/, /^python[\d.]*[a-z]{0,3}$/, /python/i];

/** `undefined` if there is no interpreter, or of no version that is known. */
export function findRuntime(memory: Memory, modules: Modules): PythonRuntime | undefined {
  for (const name of NAMES) {
    const module = modules.find((path) => name.test(path.slice(path.lastIndexOf('/') + 1)));
    if (module === undefined) continue;
    // All symbols are only loaded where none is exported.
    const found = runtimeOf(module, exportedBy, memory) ?? runtimeOf(module, definedBy, memory);
    if (found !== undefined) return found;
  }
  return undefined;
}

function runtimeOf(
  module: Module,
  look: (module: Module, name: string) => number | undefined,
  memory: Memory,
): PythonRuntime | undefined {
  const address = look(module, '_PyRuntime');
  if (address === undefined) return undefined;
  const head = memory.read(address, DEBUG_OFFSETS_BYTES);
  const described = head === undefined ? undefined : readDebugOffsets(head);
  const layout = described ?? layoutOf(/python(3\.\d+)/.exec(module.path)?.[1] ?? '');
  return layout === undefined ? undefined : { address, layout, exported: (name) => look(module, name) };
}

function exportedBy({ bias, elf }: Module, name: string): number | undefined {
  const address = exportedAddress(elf, name);
  return address === undefined ? undefined : address + bias;
}

function definedBy({ bias, symbols }: Module, name: string): number | undefined {
  const address = symbols().addressOf(name);
  return address === undefined ? undefined : address + bias;
}
