import type { Caught } from '../../../src/evidence/creators/makers/frameReader.ts';
import { RA, RBP, REGISTERS, RSP } from '../../../src/evidence/elf/unwindRule.ts';
import { ByteWriter } from './byteWriter.ts';
import { HotSpotObjects } from './hotSpotObjects.ts';
import { type JavaVersion, JVM_BASE, jvmFile, STATICS } from './hotSpotTables.ts';
import type { Mapped } from './program.ts';

/** A method and the bytecode at which it stands. */
export interface At {
  readonly method: number;
  readonly bytecode: number;
}

const CODE_AT = 0x7f20_0000_0000;
const SEGMENT_MAP_AT = 0x7f28_0000_0000;
export const STACK_AT = 0x7f40_0000_0000;
const SLOT = 0x1000;
const BLOB_BYTES = 0x2000;
const HEADER = 16;
/** In a blob: its code, and what describes it. */
const CODE_IN_BLOB = 0x400;
const TABLES_IN_BLOB = 0x800;

/** A JVM in a memory that is made up: methods, code and a stack, as one version has them. */
export class HotSpotHeap extends HotSpotObjects {
  readonly file: Mapped;
  readonly callStub: number;
  readonly interpreter: number;
  #nextBlob = CODE_AT;
  #nextId = 1;

  constructor(version: JavaVersion, without: readonly string[] = []) {
    super(version);
    this.file = jvmFile(this.memory, version, without);
    this.memory.write(CODE_AT, Buffer.alloc(16)).write(SEGMENT_MAP_AT, Buffer.alloc(SLOT, 0xff));
    this.interpreter = this.#code(this.#blob('Interpreter', 0)) + 0x10;
    this.callStub = this.#code(this.#blob('StubRoutines (1)', 0)) + 0x20;
  }

  /** The JVM has made its code. */
  begin(): this {
    const heap = this.take();
    const [memory, map] = [heap + this.field('CodeHeap._memory'), heap + this.field('CodeHeap._segmap')];
    this.memory.word(memory + 16, CODE_AT).word(memory + 8, CODE_AT + 64 * BLOB_BYTES);
    this.memory.word(map + 16, SEGMENT_MAP_AT).int32(heap + this.field('CodeHeap._log2_segment_size'), 13);
    if (this.version === 8) this.memory.word(JVM_BASE + (STATICS['CodeCache._heap'] ?? 0), heap);
    else {
      const [list, data] = [this.take(), this.take()];
      this.memory
        .word(data, heap)
        .int32(list, 1)
        .word(list + 8, data);
      this.memory.word(JVM_BASE + (STATICS['CodeCache._heaps'] ?? 0), list);
    }
    this.memory.word(JVM_BASE + (STATICS['StubRoutines._call_stub_return_address'] ?? 0), this.callStub);
    return this;
  }

  /** Code of these methods, the innermost first, that has been inlined into one: a return address in it. */
  compiled(frames: readonly At[], frameBytes: number): number {
    const blob = this.#blob('nmethod', frameBytes);
    this.#describe(blob, frames);
    return this.#code(blob) + 0x30;
  }

  native(method: number, frameBytes: number): number {
    const blob = this.#blob('native nmethod', frameBytes);
    this.memory.word(blob + this.field('CompiledMethod._method', 'nmethod._method'), method);
    return this.#code(blob) + 0x30;
  }

  /** Makes code invalid: the address that its callees return to instead. Where they would have, its frame has at +16. */
  deoptimise(pc: number): number {
    const blob = pc - 0x30 - CODE_IN_BLOB;
    this.memory.int32(blob + this.field('nmethod._orig_pc_offset'), 16);
    return blob + CODE_IN_BLOB + 0x100;
  }

  /** Other code in the place of some that was thrown away. */
  replace(pc: number, frames: readonly At[]): void {
    const blob = pc - 0x30 - CODE_IN_BLOB;
    this.memory.int32(blob + this.field('nmethod._compile_id'), 1000 + this.#nextId);
    this.#describe(blob, frames);
  }

  /** A stack of words, whose first frame stands in `pc`; with `copied` bytes of it in the record. */
  caught(words: readonly number[], { copied, fp, pc }: { pc: number; fp: number; copied?: number }): Caught {
    this.memory.words(STACK_AT, ...words);
    const registers = new Float64Array(REGISTERS).fill(Number.NaN);
    registers[RA] = pc;
    registers[RSP] = STACK_AT;
    registers[RBP] = fp;
    const stack = this.memory.open().read(STACK_AT, copied ?? words.length * 8) ?? Buffer.alloc(0);
    const live = this.memory.open().window(0, 8);
    return {
      record: {
        ...{ kind: 'task', atMs: 0, pid: 1, tid: 1, task: 2, isThread: true, name: 'java', weight: 1 },
        ...{ registers, stack, stackStart: STACK_AT },
      },
      steps: [{ pc, registers }],
      readWord: (address) => {
        const at = address - STACK_AT;
        if (at >= 0 && at + 8 <= stack.length) return Number(stack.readBigUInt64LE(at));
        live.refresh();
        return live.readWord(address);
      },
    };
  }

  #blob(name: string, frameBytes: number): number {
    const segment = (this.#nextBlob - CODE_AT) / BLOB_BYTES;
    this.memory.byte(SEGMENT_MAP_AT + segment, 0);
    const blob = this.#nextBlob + HEADER;
    this.#nextBlob += BLOB_BYTES;
    this.memory.write(blob, Buffer.alloc(BLOB_BYTES - HEADER));
    const text = this.take();
    this.memory.write(text, Buffer.from(`${name}\0`)).word(blob + this.field('CodeBlob._name'), text);
    this.memory.int32(blob + this.field('CodeBlob._frame_size'), frameBytes / 8);
    this.memory.int32(blob + this.field('nmethod._compile_id'), this.#nextId);
    this.#nextId += 1;
    this.#address(blob, CODE_IN_BLOB, 'CodeBlob._code_begin', 'CodeBlob._code_offset');
    const handler = ['nmethod._deopt_handler_offset', 'nmethod._deoptimize_offset'];
    this.#address(blob, CODE_IN_BLOB + 0x100, 'CompiledMethod._deopt_handler_begin', ...handler);
    return blob;
  }

  #code(blob: number): number {
    return blob + CODE_IN_BLOB;
  }

  /** One place, at +0x30 of the code, between the two that are always there. */
  #describe(blob: number, frames: readonly At[]): void {
    const table = blob + TABLES_IN_BLOB;
    const [places, texts, methods] = [0, 48, 0x200];
    let text = Buffer.alloc(1);
    let scope = 0;
    for (const [index, { bytecode, method }] of [...frames.entries()].reverse()) {
      const numbers = [scope, index + 1, bytecode + 1].flatMap((value) => this.packed(value));
      scope = text.length;
      text = Buffer.concat([text, Buffer.from(numbers)]);
      this.memory.word(table + methods + index * 8, method);
    }
    const rows = new ByteWriter().i32(-1).i32(0).u64(0).i32(0x30).i32(scope).u64(0).i32(0x7fff_ffff).i32(0).u64(0);
    this.memory.write(table + places, rows.done()).write(table + texts, text);
    this.#tables(blob, { places, texts, methods });
  }

  #tables(blob: number, { methods, places, texts }: Readonly<Record<'methods' | 'places' | 'texts', number>>): void {
    const at = (name: string): number => blob + this.field(name);
    const isApart = this.fields['nmethod._immutable_data'] !== undefined;
    const from = isApart ? 0 : TABLES_IN_BLOB;
    if (isApart) this.memory.word(at('nmethod._immutable_data'), blob + TABLES_IN_BLOB);
    this.memory.int32(at('nmethod._scopes_pcs_offset'), from + places);
    if (this.version === 17) this.memory.word(at('CompiledMethod._scopes_data_begin'), blob + from + texts);
    else this.memory.int32(at('nmethod._scopes_data_offset'), from + texts);
    if (!isApart) this.memory.int32(at('nmethod._dependencies_offset'), from + texts);
    if (!isApart) this.memory.int32(at('nmethod._metadata_offset'), from + methods);
    else if (this.version === 24) {
      this.memory.int32(at('CodeBlob._data_offset'), TABLES_IN_BLOB);
      this.short(at('nmethod._metadata_offset'), methods);
    } else {
      this.memory.word(at('CodeBlob._mutable_data'), blob + TABLES_IN_BLOB);
      this.memory.int32(at('CodeBlob._relocation_size'), methods);
    }
  }

  #address(blob: number, offset: number, pointer: string, ...offsets: readonly string[]): void {
    const at = this.fields[pointer];
    if (at === undefined) this.memory.int32(blob + this.field(...offsets), offset);
    else this.memory.word(blob + at, blob + offset);
  }
}
