import type { Tracepoint } from '../../../src/evidence/creators/trace/record.ts';
import type { NoteKernel } from '../../../src/evidence/python/creations/creationNotes.ts';
import type { FakeMemory } from './fakeMemory.ts';

const STACK_BYTES = 512;
/** Where the frame of a program ends, its maps begin, and the raw data of the tracepoint is. */
const FRAME_END = 0x1000;
const MAP_AT = 0x10_0000;
const CONTEXT_AT = 0x2000;
const MOST_STEPS = 10_000;
const NEW_TASK: Tracepoint = {
  id: 123,
  offsets: new Map([
    ['pid', 8],
    ['clone_flags', 32],
  ]),
};

/** One creation, in the context of its maker. */
export interface FakeCreation {
  readonly pid: number;
  readonly tid: number;
  readonly task: number;
  readonly flags?: number;
  readonly atNs?: number;
  readonly memory: FakeMemory;
}

/** A kernel that runs programs for tracepoints: the maps, the helpers and the instructions that the guard uses. */
export class BpfKernel {
  readonly maps: Map<number, Map<string, Buffer>> = new Map();
  readonly closed: number[] = [];
  /** What the last program ended with. */
  answer: bigint | undefined;
  refuses: 'map' | 'program' | 'event' | 'hang' | undefined;
  #program = Buffer.alloc(0);
  #nextFd = 10;

  readonly kernel: NoteKernel = {
    newTask: NEW_TASK,
    zeroMs: 0,
    perf: { open: () => (this.refuses === 'event' ? -1 : this.#fd()), close: (fds) => this.closed.push(...fds) },
    bpf: {
      createMap: () => {
        if (this.refuses === 'map') return -1;
        const fd = this.#fd();
        this.maps.set(fd, new Map());
        return fd;
      },
      loadProgram: (instructions) => {
        this.#program = Buffer.from(instructions);
        return this.refuses === 'program' ? -13 : this.#fd();
      },
      hang: () => this.refuses !== 'hang',
      update: (fd, key, value) => this.maps.get(fd)?.set(key.toString('hex'), Buffer.from(value)) !== undefined,
      lookUp: (fd, key, value) => {
        const found = this.maps.get(fd)?.get(key.toString('hex'));
        found?.copy(value);
        return found !== undefined;
      },
    },
  };

  #fd(): number {
    this.#nextFd += 1;
    return this.#nextFd;
  }

  /** Runs the program at a creation, if one was loaded. */
  create(creation: FakeCreation): void {
    if (this.#program.length === 0) return;
    this.answer = new Run(this.#program, this.maps, creation).run();
  }
}

class Run {
  readonly #registers = new BigInt64Array(11);
  readonly #frame = Buffer.alloc(STACK_BYTES);
  readonly #context = Buffer.alloc(64);
  readonly #lent: Buffer[] = [];

  readonly #program: Buffer;
  readonly #maps: BpfKernel['maps'];
  readonly #creation: FakeCreation;

  constructor(program: Buffer, maps: BpfKernel['maps'], creation: FakeCreation) {
    this.#program = program;
    this.#maps = maps;
    this.#creation = creation;
    this.#context.writeInt32LE(creation.task, 8);
    this.#context.writeBigUInt64LE(BigInt(creation.flags ?? 0x3d0f00), 32);
    this.#registers[1] = BigInt(CONTEXT_AT);
    this.#registers[10] = BigInt(FRAME_END);
  }

  run(): bigint {
    const r = this.#registers;
    for (let at = 0, steps = 0; steps < MOST_STEPS; steps += 1, at += 1) {
      const [op, both] = [this.#program[at * 8] as number, this.#program[at * 8 + 1] as number];
      const [to, from] = [both & 15, both >> 4];
      const offset = this.#program.readInt16LE(at * 8 + 2);
      const value = BigInt(this.#program.readInt32LE(at * 8 + 4));
      const [a, b] = [r[to] ?? 0n, r[from] ?? 0n];
      if (op === 0x95) return r[0] as bigint;
      if (op === 0xbf) r[to] = b;
      else if (op === 0xb7) r[to] = value;
      else if (op === 0x07) r[to] = a + value;
      else if (op === 0x0f) r[to] = a + b;
      else if (op === 0x57) r[to] = a & value;
      else if (op === 0x77) r[to] = BigInt.asUintN(64, a) >> value;
      else if (op === 0x79) r[to] = this.#at(b, offset, 8).readBigInt64LE(0);
      else if (op === 0x61) r[to] = BigInt(this.#at(b, offset, 4).readUInt32LE(0));
      else if (op === 0x7b) this.#at(a, offset, 8).writeBigInt64LE(b);
      else if (op === 0x63) this.#at(a, offset, 4).writeUInt32LE(Number(BigInt.asUintN(32, b)));
      else if (op === 0x7a) this.#at(a, offset, 8).writeBigInt64LE(value);
      else if (op === 0x15) at += a === value ? offset : 0;
      else if (op === 0x55) at += a !== value ? offset : 0;
      else if (op === 0x5d) at += a !== b ? offset : 0;
      else if (op === 0x85) r[0] = this.#call(Number(value));
      else if (op === 0x18) {
        r[to] = value;
        at += 1;
      } else throw new Error(`instruction ${op.toString(16)}`);
    }
    throw new Error('it does not end');
  }

  #call(helper: number): bigint {
    const [, one, two, three] = this.#registers as unknown as [bigint, bigint, bigint, bigint];
    const { atNs = 0, memory, pid, tid } = this.#creation;
    const map = this.#maps.get(Number(one));
    const key = (): string => this.#at(two, 0, 4).toString('hex');
    switch (helper) {
      case 1: {
        const found = map?.get(key());
        if (found === undefined) return 0n;
        return BigInt(MAP_AT * this.#lent.push(found));
      }
      case 2: {
        const isPlace = three >= BigInt(MAP_AT);
        const length = isPlace ? (this.#lent[Number(three) / MAP_AT - 1]?.length ?? 0) : STACK_BYTES;
        const value = isPlace
          ? this.#at(three, 0, length)
          : this.#frame.subarray(Number(three) - FRAME_END + STACK_BYTES, -16);
        map?.set(key(), Buffer.from(value));
        return 0n;
      }
      case 5:
        return BigInt(atNs);
      case 14:
        return (BigInt(pid) << 32n) | BigInt(tid);
      case 112: {
        const into = this.#at(one, 0, Number(two));
        const read = memory.open().read(Number(three), into.length);
        if (read?.length === into.length) read.copy(into);
        else into.fill(0);
        return 0n;
      }
      default:
        throw new Error(`helper ${helper}`);
    }
  }

  /** Bytes of the frame, of the tracepoint, or of a value of a map. What lies outside of them throws. */
  #at(base: bigint, offset: number, bytes: number): Buffer {
    const at = Number(base) + offset;
    const [buffer, start] =
      at >= MAP_AT
        ? [this.#lent[Math.floor(at / MAP_AT) - 1], at % MAP_AT]
        : at >= CONTEXT_AT
          ? [this.#context, at - CONTEXT_AT]
          : [this.#frame, at - FRAME_END + STACK_BYTES];
    if (buffer === undefined || start < 0 || start + bytes > buffer.length) throw new Error(`no memory at ${at}`);
    return buffer.subarray(start, start + bytes);
  }
}
