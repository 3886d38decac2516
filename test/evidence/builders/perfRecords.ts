import { DWARF_ORDER } from '../../../src/evidence/creators/trace/attribute.ts';
import { parseTracepoint, type TaskRecord, type Tracepoints } from '../../../src/evidence/creators/trace/record.ts';
import { REGISTERS } from '../../../src/evidence/elf/unwindRule.ts';
import type { PerfRing } from '../../../src/sys/perfEvents.ts';

/** The `format` files of a 6.18 kernel. */
export const NEW_TASK_FORMAT = `name: task_newtask
ID: 205
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:pid_t pid;	offset:8;	size:4;	signed:1;
	field:char comm[16];	offset:12;	size:16;	signed:0;
	field:u64 clone_flags;	offset:32;	size:8;	signed:0;
	field:short oom_score_adj;	offset:40;	size:2;	signed:1;

print fmt: "pid=%d", REC->pid
`;
export const EXEC_FORMAT = `name: sched_process_exec
ID: 365
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;

	field:__data_loc char[] filename;	offset:8;	size:4;	signed:0;
	field:pid_t pid;	offset:12;	size:4;	signed:1;
`;
export const TRACEPOINTS: Tracepoints = {
  newTask: parseTracepoint(NEW_TASK_FORMAT, ['pid', 'comm', 'clone_flags']) as NonNullable<
    ReturnType<typeof parseTracepoint>
  >,
  exec: parseTracepoint(EXEC_FORMAT, ['filename']) as NonNullable<ReturnType<typeof parseTracepoint>>,
};

export interface FakeSample {
  readonly pid: number;
  readonly tid?: number;
  readonly atMs?: number;
  readonly task?: number;
  readonly name?: string;
  readonly isThread?: boolean;
  /** By DWARF numbers; absent: a task of the kernel. */
  readonly registers?: Readonly<Record<number, number>>;
  readonly stack?: Buffer;
  /** Bytes that were asked for; the stack was shorter. */
  readonly asked?: number;
}

/** A PERF_RECORD_SAMPLE of task_newtask. */
export function taskSample(sample: FakeSample): Buffer {
  const { asked, isThread = true, name = 'maker', registers, stack = Buffer.alloc(0), task = 0 } = sample;
  const raw = Buffer.alloc(44);
  raw.writeUInt16LE(205, 0);
  raw.writeInt32LE(task, 8);
  raw.write(name, 12, 16, 'utf8');
  raw.writeBigUInt64LE(isThread ? 0x10000n : 0n, 32);
  const size = asked ?? stack.length;
  const user =
    registers === undefined
      ? [words(0), words(0)]
      : [
          words(2, ...DWARF_ORDER.map((number) => registers[number] ?? 0)),
          words(size),
          Buffer.concat([stack, Buffer.alloc(size - stack.length)]),
          ...(size === 0 ? [] : [words(stack.length)]),
        ];
  return record(sample, raw, user);
}

/** A PERF_RECORD_SAMPLE of sched_process_exec. */
export function execSample(sample: FakeSample & { readonly program: string }): Buffer {
  const text = Buffer.from(`${sample.program}\0`);
  const raw = Buffer.alloc(20 + text.length);
  raw.writeUInt16LE(365, 0);
  raw.writeUInt16LE(20, 8);
  raw.writeUInt16LE(text.length, 10);
  text.copy(raw, 20);
  return record(sample, raw, []);
}

function record({ atMs = 0, pid, tid = pid }: FakeSample, raw: Buffer, user: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(8);
  const ids = Buffer.alloc(8);
  ids.writeUInt32LE(pid, 0);
  ids.writeUInt32LE(tid, 4);
  const rawHead = Buffer.alloc(4);
  const padded = Buffer.concat([raw, Buffer.alloc((8 - ((raw.length + 4) % 8)) % 8)]);
  rawHead.writeUInt32LE(padded.length, 0);
  const whole = Buffer.concat([head, ids, words(Math.round(atMs * 1e6)), rawHead, padded, ...user]);
  whole.writeUInt32LE(9, 0);
  whole.writeUInt16LE(whole.length, 6);
  return whole;
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(8 * values.length);
  for (const [index, value] of values.entries()) bytes.writeBigUInt64LE(BigInt(value), 8 * index);
  return bytes;
}

/** A ring as the kernel fills it, from any place of its data on. */
export class FakeRing implements PerfRing {
  readonly view: DataView;
  readonly bytes: Buffer;
  isMapped = true;
  readonly #size: number;
  #head: number;

  constructor(size: number, start = 0) {
    const memory = new ArrayBuffer(4096 + size);
    this.view = new DataView(memory);
    this.bytes = Buffer.from(memory);
    this.#size = size;
    this.#head = start;
    this.view.setBigUint64(1024, BigInt(start), true);
    this.view.setBigUint64(1032, BigInt(start), true);
  }

  put(...records: readonly Buffer[]): this {
    for (const bytes of records) {
      for (const byte of bytes) {
        this.bytes[4096 + (this.#head % this.#size)] = byte;
        this.#head += 1;
      }
    }
    this.view.setBigUint64(1024, BigInt(this.#head), true);
    return this;
  }

  get isEmpty(): boolean {
    return this.view.getBigUint64(1024, true) === this.view.getBigUint64(1032, true);
  }

  unmap(): void {
    this.isMapped = false;
  }
}

/** PERF_RECORD_LOST: so many had no room. */
export function lostRecord(count: number): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(8), words(7, count)]);
  bytes.writeUInt32LE(2, 0);
  bytes.writeUInt16LE(bytes.length, 6);
  return bytes;
}

/** A record that has been read. */
export function taskRecord(given: Partial<TaskRecord> & { readonly pid: number; readonly task: number }): TaskRecord {
  const { pid, registers, stack = Buffer.alloc(0) } = given;
  return {
    kind: 'task',
    atMs: 0,
    tid: pid,
    isThread: true,
    name: 'maker',
    weight: 1,
    stackStart: registers?.[7] ?? 0,
    stack,
    ...given,
    registers,
  };
}

/** All registers of a thread that are known, the others 0. */
export function registersAt(given: Readonly<Record<number, number>>): Float64Array<ArrayBuffer> {
  const registers = new Float64Array(REGISTERS);
  for (const [number, value] of Object.entries(given)) registers[Number(number)] = value;
  return registers;
}
