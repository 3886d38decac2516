import { REGISTERS } from '../../elf/unwindRule.ts';
import type { Registers } from '../../native/registers.ts';
import { DWARF_ORDER } from './attribute.ts';

/** A task that was made, as the kernel told it in the context of its maker. */
export interface TaskRecord {
  readonly kind: 'task';
  /** Monotonic milliseconds. */
  readonly atMs: number;
  /** The process and the thread that made it. */
  readonly pid: number;
  readonly tid: number;
  /** The new task: a thread of the maker's process, or a process of its own. */
  readonly task: number;
  readonly isThread: boolean;
  /** The name of the maker, which the new task begins with. */
  readonly name: string;
  /** How many creations it stands for: above 1 while only one of so many is written down. */
  readonly weight: number;
  /** Registers of the maker by their DWARF numbers, as it entered the kernel; `undefined` for a task of the kernel. */
  readonly registers: Registers | undefined;
  /** The copy of its stack begins at this address, its stack pointer. */
  readonly stackStart: number;
  readonly stack: Buffer;
}

/** A process that has begun another program. */
export interface ExecRecord {
  readonly kind: 'exec';
  readonly atMs: number;
  readonly pid: number;
  /** The path as it was given to execve(2). */
  readonly program: string;
}

/** Where the fields of a tracepoint are in its raw data, by its `format` file. */
export interface Tracepoint {
  readonly id: number;
  readonly offsets: ReadonlyMap<string, number>;
}

/** Reads a `format` file of tracefs. `undefined` if it has no id, or lacks one of the fields. */
export function parseTracepoint(format: string, fields: readonly string[]): Tracepoint | undefined {
  const id = Number(/^ID: (\d+)$/m.exec(format)?.[1]);
  const offsets = new Map<string, number>();
  for (const [, name, offset] of format.matchAll(/^\tfield:.*?\b(\w+)(?:\[\d*\])?;\toffset:(\d+);/gm)) {
    offsets.set(name as string, Number(offset));
  }
  return Number.isSafeInteger(id) && fields.every((field) => offsets.has(field)) ? { id, offsets } : undefined;
}

/** The tracepoints that are followed. */
export interface Tracepoints {
  readonly newTask: Tracepoint;
  /** Absent on a kernel that has none: then the names of programs are read from /proc. */
  readonly exec?: Tracepoint;
}

const CLONE_THREAD = 0x10000;
const COMM_BYTES = 16;
const NS_PER_MS = 1e6;

/**
 * Reads a PERF_RECORD_SAMPLE, its header included (perf_event_open(2)). The order of the fields is that of the sample type:
 * TID, TIME, RAW, then for a new task REGS_USER and STACK_USER. `weight` is how many hits it stands for. `undefined` for one of neither tracepoint.
 */
export function parseRecord(
  record: Buffer,
  { exec, newTask }: Tracepoints,
  weight = 1,
): TaskRecord | ExecRecord | undefined {
  const pid = record.readUInt32LE(8);
  const tid = record.readUInt32LE(12);
  const atMs = readWord(record, 16) / NS_PER_MS;
  const rawBytes = record.readUInt32LE(24);
  const raw = record.subarray(28, 28 + rawBytes);
  const id = raw.readUInt16LE(0);
  if (id === exec?.id) return { kind: 'exec', atMs, pid, program: locatedText(raw, offsetOf(exec, 'filename')) };
  if (id !== newTask.id) return undefined;
  const comm = offsetOf(newTask, 'comm');
  return {
    kind: 'task',
    ...{ atMs, pid, tid, weight },
    task: raw.readInt32LE(offsetOf(newTask, 'pid')),
    name: textOf(raw.subarray(comm, comm + COMM_BYTES)),
    isThread: (raw.readUInt32LE(offsetOf(newTask, 'clone_flags')) & CLONE_THREAD) !== 0,
    ...standing(record, 28 + rawBytes),
  };
}

/** REGS_USER: an ABI (0: none), then the registers. STACK_USER: the size asked for, the bytes, how many of them are true. */
function standing(record: Buffer, start: number): Pick<TaskRecord, 'registers' | 'stackStart' | 'stack'> {
  let at = start + 8;
  if (readWord(record, start) === 0) return { registers: undefined, stackStart: 0, stack: Buffer.alloc(0) };
  const registers = new Float64Array(REGISTERS).fill(Number.NaN);
  for (const number of DWARF_ORDER) {
    registers[number] = readWord(record, at);
    at += 8;
  }
  const asked = readWord(record, at);
  const copied = asked === 0 ? 0 : readWord(record, at + 8 + asked);
  return { registers, stackStart: registers[7] as number, stack: record.subarray(at + 8, at + 8 + copied) };
}

/** `__data_loc`: the offset of the text in the lower half, its length in the upper one. */
function locatedText(raw: Buffer, at: number): string {
  const start = raw.readUInt16LE(at);
  return textOf(raw.subarray(start, start + raw.readUInt16LE(at + 2)));
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

function offsetOf({ offsets }: Tracepoint, field: string): number {
  return offsets.get(field) ?? 0;
}

/** Exact up to 2^53, which every address of user space is below. */
export function readWord(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at);
}
