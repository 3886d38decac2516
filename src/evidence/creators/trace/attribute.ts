/** `struct perf_event_attr` up to PERF_ATTR_SIZE_VER5 (include/uapi/linux/perf_event.h). */
const ATTR_BYTES = 112;
const PERF_TYPE_TRACEPOINT = 2;
/** Bits of `flags`: `use_clockid` (25). `exclude_kernel` stays 0: a tracepoint fires in the kernel. */
const USE_CLOCKID = 1n << 25n;
const DISABLED = 1n;
const CLOCK_MONOTONIC = 1;

export const SAMPLE_TID = 2;
export const SAMPLE_TIME = 4;
export const SAMPLE_RAW = 0x400;
export const SAMPLE_REGS_USER = 0x1000;
export const SAMPLE_STACK_USER = 0x2000;

/**
 * Registers of x86-64 by the kernel's bits (arch/x86/include/uapi/asm/perf_regs.h), in the order in which a record has them,
 * with their DWARF numbers. The flags and the segments are left out: no rule of a stack uses them.
 */
const KERNEL_REGISTERS: readonly (readonly [bit: number, dwarf: number])[] = [
  [0, 0], // AX
  [1, 3], // BX
  [2, 2], // CX
  [3, 1], // DX
  [4, 4], // SI
  [5, 5], // DI
  [6, 6], // BP
  [7, 7], // SP
  [8, 16], // IP: the column of the return address
  ...[8, 9, 10, 11, 12, 13, 14, 15].map((number) => [number + 8, number] as const),
];
export const DWARF_ORDER: readonly number[] = KERNEL_REGISTERS.map(([, dwarf]) => dwarf);
const REGISTER_MASK = KERNEL_REGISTERS.reduce((mask, [bit]) => mask | (1n << BigInt(bit)), 0n);

const NEVER = 0xffff_ffff;

export interface TracepointWish {
  /** The number in the `id` file of the tracepoint. */
  readonly id: number;
  /** Bytes of the user stack that are copied, from the stack pointer up; a multiple of 8 below 65,528. 0 for none. */
  readonly stackBytes: number;
}

/** The attribute of the same tracepoint as a bell: it is off, counts nothing, and rings once when it is switched on. */
export function bellAttribute(id: number): Buffer {
  const attr = tracepointAttribute({ id, stackBytes: 0 });
  attr.writeBigUInt64LE(0n, 24);
  attr.writeBigUInt64LE(USE_CLOCKID | DISABLED, 40);
  return attr;
}

/**
 * The attribute of a tracepoint whose records are made of what `parseRecord` reads, each with the time of CLOCK_MONOTONIC. The
 * period is not asked for: with it every hit is recorded, whatever the period is (perf_swevent_event in kernel/events/core.c).
 */
export function tracepointAttribute({ id, stackBytes }: TracepointWish): Buffer {
  const attr = Buffer.alloc(ATTR_BYTES);
  const withStack = stackBytes > 0 ? SAMPLE_REGS_USER | SAMPLE_STACK_USER : 0;
  attr.writeUInt32LE(PERF_TYPE_TRACEPOINT, 0);
  attr.writeUInt32LE(ATTR_BYTES, 4);
  attr.writeBigUInt64LE(BigInt(id), 8);
  attr.writeBigUInt64LE(1n, 16);
  attr.writeBigUInt64LE(BigInt(SAMPLE_TID | SAMPLE_TIME | SAMPLE_RAW | withStack), 24);
  attr.writeBigUInt64LE(USE_CLOCKID, 40);
  // Nobody is woken for a record: an interrupt for each of them made a thread cost half as much again.
  attr.writeUInt32LE(NEVER, 48); // wakeup_events
  if (stackBytes > 0) {
    attr.writeBigUInt64LE(REGISTER_MASK, 80);
    attr.writeUInt32LE(stackBytes, 88);
  }
  attr.writeInt32LE(CLOCK_MONOTONIC, 92);
  return attr;
}
