import type { Memory } from './processMemory.ts';

/** Exactly so many bytes of a process; `undefined` if not all of them are mapped, and for an address that is none. */
export function readWhole(memory: Pick<Memory, 'read'>, address: number, length: number): Buffer | undefined {
  if (!isAddress(address)) return undefined;
  const bytes = memory.read(address, length);
  return bytes?.length === length ? bytes : undefined;
}

/** Nothing is mapped in the first page, nor from the upper half on, which is the kernel's. */
export function isAddress(value: number): boolean {
  return value >= 4096 && value < 2 ** 47 && value % 8 === 0;
}
