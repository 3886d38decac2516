import { quantileSorted } from 'simple-statistics';
import type { StackSource } from './runtimes.ts';
import type { Slope } from './slope.ts';

/** What one more thread or process of a target takes, in every unit that a ceiling counts. */
export interface TaskCost {
  /** VMAs of one thread. */
  readonly threadMaps: number;
  /** Address space that a thread's stack can grow into, without its guard. */
  readonly stackBytes: number;
  readonly guardBytes: number;
  /** Memory a parked thread really holds, kernel and user together. */
  readonly threadBytes: number;
  /** The same of a forked copy that has touched little. */
  readonly processBytes: number;
  /** Private writable memory of a process: what a fork commits once more (overcommit mode 2). */
  readonly writableBytes: number;
  /** How far `threadMaps` and `threadBytes` may be off, either way. */
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
 * Kernel memory of one thread: 16 KiB stack, some 7.5 KiB of slab (task_struct and friends, two VMAs), half a
 * KiB of page tables, and a page-table page of its own for a stack of 2 MiB or more. Measured on 6.18: 23,585
 * and 27,199 bytes charged to a memory cgroup.
 */
const KERNEL_BYTES_PER_THREAD = 23_600;
const KERNEL_STACK_BYTES = 16_384;
/** Of the above beside the stack and task_struct: two VMAs, struct pid, signal bookkeeping, page-table entries. */
const KERNEL_SMALL_BYTES = 660;
const PAGE_TABLE_BYTES = 3_620;
const LARGE_STACK_BYTES = 2 << 20;
/** A fork of a minimal C process: 85,461 bytes of kernel memory and the pages that it touches (118,220 charged). */
const BYTES_PER_PROCESS = 118_000;
/** Dynamic thread vector, from malloc, for each thread of glibc. */
export const DTV_BYTES = 288;
const PAGE = 4096;

/** Parked threads, measured: VMAs and touched user memory of each. A Node worker is one thread and a whole isolate. */
const CALIBRATED: Readonly<Record<Runtime, { readonly maps: number; readonly userBytes: number }>> = {
  native: { maps: 2, userBytes: 8_500 },
  jvm: { maps: 2, userBytes: 31_000 },
  python: { maps: 2, userBytes: 16_000 },
  go: { maps: 0, userBytes: 17_000 },
  node: { maps: 44, userBytes: 8_500_000 },
};

/** The cost before anything is known of a target but its runtime and its default stack. */
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

/** The same on this very kernel, where the size of its task_struct can be read (root: `/proc/slabinfo`). */
export function kernelBytesPerThread(taskStructBytes: number | undefined): number {
  return taskStructBytes === undefined
    ? KERNEL_BYTES_PER_THREAD
    : KERNEL_STACK_BYTES + taskStructBytes + KERNEL_SMALL_BYTES;
}

/** Kernel and user memory of a thread that touches `userBytes` of its stack. */
export function threadBytes(
  userBytes: number,
  stackBytes: number,
  kernelBytes: number = KERNEL_BYTES_PER_THREAD,
): number {
  return kernelBytes + (stackBytes >= LARGE_STACK_BYTES ? PAGE_TABLE_BYTES : 0) + userBytes;
}

/**
 * Stack that pthread_create gives a thread by default: the soft RLIMIT_STACK at the program's start, or
 * 2 MiB where that is unlimited (pthread_create(3), x86-64).
 */
export function defaultStackBytes(softLimit: number | 'unlimited'): number {
  return softLimit === 'unlimited' ? 2 << 20 : Math.max(16 << 10, softLimit);
}

/**
 * What a thread holds by what the stacks of others do: their median, with the thread vector of glibc; runtimes keep
 * more of their own for a thread than its stack. The uncertainty is half the spread of the middle half, and a page.
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

/** What was learnt of a target while its threads came and went. */
export interface Fitted {
  readonly maps: Slope | undefined;
  /** Anonymous memory, without what the kernel holds for a thread. */
  readonly userBytes: Slope | undefined;
}

/** Threads that must have come or gone before what moved beside them says what one costs. */
const LEAST_RANGE = 16;
/** A slope outside of this is not a thread's. */
const MOST_MAPS_PER_THREAD = 64;

/**
 * The cost with what was learnt of this target in place of the calibrated values. Memory is also moved by what the
 * threads do: a slope that is not surer than itself says nothing of them.
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
