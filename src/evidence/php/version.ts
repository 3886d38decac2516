import { exportedAddress } from '../elf/exportedSymbols.ts';
import type { Module } from '../native/modules.ts';
import type { Memory } from '../native/processMemory.ts';
import { readWhole } from '../native/readWhole.ts';
import { type PhpLayout, phpLayout } from './layout.ts';
import { valuesOf } from './tables.ts';

/** `mov $4, %eax; ret`: ZEND_VM_KIND_HYBRID, the one kind that keeps its counter in a register. */
const HYBRID = Buffer.from('b804000000c3', 'hex');
/** What a compiler may put before it: `endbr64`. */
const MARK = Buffer.from('f30f1efa', 'hex');
/** `zend_module_entry`: the API and whether it is built for threads (zend_modules.h). */
const MODULE = { bytes: 16, api: 4, threads: 9 } as const;

/** What is known of the PHP that a process runs. */
export interface Php {
  readonly layout: PhpLayout;
  readonly globals: number;
  /** Where `execute_ex` begins. */
  readonly loop: number;
}

/** `undefined` for a version that is not known, and for builds with threads or without the counter in a register. */
export function openPhp(memory: Memory, { bias, elf }: Module): Php | undefined {
  const addressOf = (symbol: string): number | undefined => {
    const address = elf.isX64 ? exportedAddress(elf, symbol) : undefined;
    return address === undefined ? undefined : address + bias;
  };
  const [globals, loop, kind] = ['executor_globals', 'execute_ex', 'zend_vm_kind'].map(addressOf);
  const modules = addressOf('module_registry');
  if (globals === undefined || loop === undefined || modules === undefined || !isHybrid(memory, kind)) return undefined;
  const [first] = valuesOf(memory, modules);
  const entry = first === undefined ? undefined : readWhole(memory, first, MODULE.bytes);
  if (entry === undefined || entry[MODULE.threads] !== 0) return undefined;
  const layout = phpLayout(entry.readUInt32LE(MODULE.api));
  return layout === undefined ? undefined : { layout, globals, loop };
}

function isHybrid(memory: Memory, address: number | undefined): boolean {
  const code = address === undefined ? undefined : memory.read(address, MARK.length + HYBRID.length);
  if (code === undefined) return false;
  const start = code.subarray(0, MARK.length).equals(MARK) ? MARK.length : 0;
  return code.subarray(start, start + HYBRID.length).equals(HYBRID);
}
