import { FakeMemory } from './fakeMemory.ts';
import { fieldsOf, type JavaVersion } from './hotSpotTables.ts';

export interface FakeMethod {
  readonly className: string;
  readonly name: string;
  readonly file?: string;
  /** The line of its first ten bytes of code; each ten bytes more are a line more. 0: a native method. */
  readonly firstLine: number;
}

const OBJECTS_AT = 0x7f30_0000_0000;
const SLOT = 0x1000;
const CODE_BYTES = 200;

/** Objects of a JVM in a memory that is made up, as one version has them. */
export class HotSpotObjects {
  readonly memory: FakeMemory = new FakeMemory();
  protected readonly version: JavaVersion;
  protected readonly fields: Readonly<Record<string, number>>;
  #next = OBJECTS_AT;

  constructor(version: JavaVersion) {
    this.version = version;
    this.fields = fieldsOf(version);
  }

  method({ className, file, firstLine, name }: FakeMethod): number {
    const [method, constant, pool, holder] = [this.take(), this.take(), this.take(), this.take()];
    const isNative = firstLine === 0;
    this.memory
      .word(method + 8, constant)
      .word(constant + 8, pool)
      .word(pool + 24, holder);
    this.memory.word(holder + 24, this.#symbol(className));
    this.memory
      .word(pool + 72 + 8, this.#symbol(name))
      .word(pool + 72 + 16, file === undefined ? 0 : this.#symbol(file));
    this.memory.int32(constant + 24, SLOT / 8);
    this.short(constant + this.field('ConstMethod._name_index'), 1);
    this.short(constant + this.field('ConstMethod._code_size'), isNative ? 0 : CODE_BYTES);
    this.short(
      constant + (this.fields['ConstMethod._flags'] ?? this.fields['ConstMethod._flags._flags'] ?? 0),
      isNative ? 0 : 1,
    );
    const fileAt = this.fields['ConstantPool._source_file_name_index'];
    const inClass = this.fields['InstanceKlass._source_file_name_index'] ?? 0;
    this.short(fileAt === undefined ? holder + inClass : pool + fileAt, file === undefined ? 0 : 2);
    if (!isNative) this.memory.write(constant + 48 + CODE_BYTES, this.#lines(firstLine));
    return method;
  }

  /** Where the bytecodes of a method are. */
  bytecodes(method: number): number {
    return (
      (this.memory
        .open()
        .window(0, 8)
        .readWord(method + 8) as number) + 48
    );
  }

  /** A packed number below 180 + 64 × 60. */
  protected packed(value: number): number[] {
    const excluded = this.version >= 20 ? 1 : 0;
    if (value < 192 - excluded) return [value + excluded];
    const low = 192 + ((value + excluded) % 64);
    return [low, (value - (low - excluded)) / 64 + excluded];
  }

  protected short(at: number, value: number): void {
    const bytes = Buffer.alloc(2);
    bytes.writeUInt16LE(value);
    this.memory.write(at, bytes);
  }

  /** Room for an object; what is not written is zero. */
  protected take(): number {
    const at = this.#next;
    this.#next += SLOT;
    this.memory.write(at, Buffer.alloc(SLOT));
    return at;
  }

  /** Where the first of these fields lies that the version has. */
  protected field(...names: readonly string[]): number {
    return names.map((name) => this.fields[name]).find((at) => at !== undefined) ?? 0;
  }

  #symbol(text: string): number {
    const symbol = this.take();
    const both = this.fields['Symbol._length_and_refcount'];
    this.short(symbol + (both === undefined ? this.field('Symbol._length') : both + 2), Buffer.byteLength(text));
    this.memory.write(symbol + this.field('Symbol._body'), Buffer.from(text));
    return symbol;
  }

  #lines(firstLine: number): Buffer {
    const first = [0xff, ...this.packed(0), ...this.packed(firstLine * 2)];
    return Buffer.from([...first, ...Array.from({ length: 19 }, () => (10 << 3) | 1), 0]);
  }
}
