import { quantileSorted } from 'simple-statistics';
import type { StackSource } from './runtimes.ts';
import type { Slope } from './slope.ts';

/** What one more thread or process of a target costs, in every unit that a ceiling counts. */
export interface TaskCost {
  /** Maps of one thread. */
  readonly threadMaps: number;
  /** Address space of a thread's stack, without its guard. */
  readonly stackBytes: number;
  readonly guardBytes: number;
  /** Memory that a parked thread really holds, of kernel and user together. */
  readonly threadBytes: number;
  /** The same for a forked process that has touched little. */
  readonly processBytes: number;
  /** Private writable memory of a process: a fork commits it once more (overcommit mode 2). */
  readonly writableBytes: number;
  /** How far `threadMaps` and `threadBytes` may be wrong, in both directions. */
  readonly uncertainty: { readonly maps: number; readonly bytes: number };
  readonly runtime: Runtime;
  readonly isMeasured: boolean;
}

export type Runtime = 'native' | 'jvm' | 'python' | 'go' | 'node';

/** The runtime whose calibration stands for what was detected: `native` for one that has none of its own, as Ruby. */
export function calibratedAs(detected: StackSource): Runtime {
  return detected in CALIBRATED ? (detected as Runtime) : 'native';
}

/**
 * Kernel memory of one thread: a stack of 16 KiB, some 7.5 KiB of slab (task_struct and others, two VMAs) and half a KiB
 * of page tables. A stack of 2 MiB or more has a page-table page of its own. Measured on 6.18: 23,585 and 27,199 bytes
 * were charged to a memory cgroup.
 */
const KERNEL_BYTES_PER_THREAD = 23_600;
const KERNEL_STACK_BYTES = 16_384;
/** The part of it that is neither stack nor task_struct: two VMAs, struct pid, signal bookkeeping, page-table entries. */
const KERNEL_SMALL_BYTES = 660;
const PAGE_TABLE_BYTES = 3_620;
const LARGE_STACK_BYTES = 2 << 20;
/** A fork of a minimal C process: 85,461 bytes of kernel memory, and the pages that it touches (118,220 charged). */
const BYTES_PER_PROCESS = 118_000;
/** The dynamic thread vector that glibc allocates for each thread. */
export const DTV_BYTES = 288;
const PAGE = 4096;

/** Maps and touched user memory of a parked thread, measured. A Node worker is one thread and a whole isolate. */
const CALIBRATED: Readonly<Record<Runtime, { readonly maps: number; readonly userBytes: number }>> = {
  native: { maps: 2, userBytes: 8_500 },
  jvm: { maps: 2, userBytes: 31_000 },
  python: { maps: 2, userBytes: 16_000 },
  go: { maps: 0, userBytes: 17_000 },
  node: { maps: 44, userBytes: 8_500_000 },
};

/** The cost when only the runtime and the default stack of a target are known. */
export function calibratedCost(
  runtime: Runtime,
  defaultStackBytes: number,
  kernelBytes: number = KERNEL_BYTES_PER_THREAD,
): TaskCost {
  const { maps, userBytes } = CALIBRATED[runtime];
  return {
    threadMaps: maps,
    stackBytes: defaultStackBytes,
    guardBytes: PAGE,
    threadBytes: threadBytes(userBytes, defaultStackBytes, kernelBytes),
    processBytes: BYTES_PER_PROCESS,
    writableBytes: 0,
    // Threads were measured to take 0 to 4 maps, and to touch anything from one page of their stack up.
    uncertainty: { maps: 2, bytes: userBytes },
    runtime,
    isMeasured: false,
  };
}

/** Kernel memory of a thread on this very kernel, where the size of its task_struct can be read (root: `/proc/slabinfo`). */
export function kernelBytesPerThread(taskStructBytes: number | undefined): number {
  return taskStructBytes === undefined
    ? KERNEL_BYTES_PER_THREAD
    : KERNEL_STACK_BYTES + taskStructBytes + KERNEL_SMALL_BYTES;
}

/** Memory of a thread, of kernel and user together, when it touches `userBytes` of its stack. */
export function threadBytes(
  userBytes: number,
  stackBytes: number,
  kernelBytes: number = KERNEL_BYTES_PER_THREAD,
): number {
  return kernelBytes + (stackBytes >= LARGE_STACK_BYTES ? PAGE_TABLE_BYTES : 0) + userBytes;
}

/**
 * The stack that pthread_create gives a thread by default: the soft RLIMIT_STACK at the start of the program, or 2 MiB
 * where that is unlimited (pthread_create(3), x86-64).
 */
export function defaultStackBytes(softLimit: number | 'unlimited'): number {
  return softLimit === 'unlimited' ? 2 << 20 : Math.max(16 << 10, softLimit);
}

/**
 * What a thread holds, judged by the stacks of others: their median, and the thread vector of glibc. A runtime keeps more
 * for a thread than its stack, so its calibrated value is the least. The uncertainty is half the spread of the middle
 * half, and a page.
 */
export function touchedCost(
  runtime: Runtime,
  stackBytes: number,
  touched: readonly number[],
  kernelBytes: number = KERNEL_BYTES_PER_THREAD,
): { bytes: number; uncertainty: number } {
  const sorted = [...touched].sort((a, b) => a - b);
  const at = (share: number): number => (sorted.length === 0 ? 0 : quantileSorted(sorted, share));
  const userBytes = at(0.5) + DTV_BYTES;
  const least = runtime === 'native' ? 0 : CALIBRATED[runtime].userBytes;
  return {
    bytes: threadBytes(Math.max(userBytes, least), stackBytes, kernelBytes),
    uncertainty: (at(0.75) - at(0.25)) / 2 + PAGE,
  };
}

/** What was learnt about a target while its threads came and went. */
export interface Fitted {
  readonly maps: Slope | undefined;
  /** Anonymous memory, without the memory of the kernel. */
  readonly userBytes: Slope | undefined;
}

/** So many threads must have come or gone before their cost can be told. */
const LEAST_RANGE = 16;
/** A steeper slope is not that of threads. */
const MOST_MAPS_PER_THREAD = 64;

/**
 * The cost with what was learnt about this target in place of the calibrated values. Memory also moves by what the
 * threads do, so its slope counts only when it is at least twice as large as its uncertainty.
 */
export function fittedCost(base: TaskCost, { maps, userBytes }: Fitted, kernelBytes: number): TaskCost {
  const isMapsKnown = maps !== undefined && maps.range >= LEAST_RANGE;
  const isMemoryKnown =
    userBytes !== undefined && userBytes.range >= LEAST_RANGE && userBytes.perUnit > 2 * userBytes.uncertainty;
  return {
    ...base,
    threadMaps: isMapsKnown ? Math.max(0, Math.min(MOST_MAPS_PER_THREAD, maps.perUnit)) : base.threadMaps,
    threadBytes: isMemoryKnown ? threadBytes(userBytes.perUnit, base.stackBytes, kernelBytes) : base.threadBytes,
    uncertainty: {
      maps: isMapsKnown ? maps.uncertainty : base.uncertainty.maps,
      bytes: isMemoryKnown ? userBytes.uncertainty : base.uncertainty.bytes,
    },
    isMeasured: isMapsKnown,
  };
}
