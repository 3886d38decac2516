/** Registers (Documentation/bpf/standardization/instruction-set.rst): R1 to R5 are lost in a call, R6 to R9 are kept, R10 is the frame. */
export type BpfRegister = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;

/** Operations, as in that document: class, source and code in one byte. */
const OP = {
  moveRegister: 0xbf,
  move: 0xb7,
  add: 0x07,
  addRegister: 0x0f,
  and: 0x57,
  shiftRight: 0x77,
  load64: 0x79,
  load32: 0x61,
  store64: 0x7b,
  store32: 0x63,
  storeNumber64: 0x7a,
  loadMap: 0x18,
  call: 0x85,
  exit: 0x95,
  jumpIfEqual: 0x15,
  jumpIfNotEqual: 0x55,
  jumpIfRegistersDiffer: 0x5d,
} as const;
/** The source of a `loadMap` whose number is the descriptor of a map. */
const PSEUDO_MAP_FD = 1;

/** Writes a program for the machine in the kernel, one instruction of eight bytes after another. All jumps go forwards. */
export class BpfAssembler {
  readonly #code: Buffer[] = [];
  readonly #jumps = new Map<string, number[]>();

  move(to: BpfRegister, from: BpfRegister): this {
    return this.#put(OP.moveRegister, to, from, 0, 0);
  }

  set(to: BpfRegister, value: number): this {
    return this.#put(OP.move, to, 0, 0, value);
  }

  add(to: BpfRegister, value: number): this {
    return this.#put(OP.add, to, 0, 0, value);
  }

  addRegister(to: BpfRegister, from: BpfRegister): this {
    return this.#put(OP.addRegister, to, from, 0, 0);
  }

  and(to: BpfRegister, value: number): this {
    return this.#put(OP.and, to, 0, 0, value);
  }

  shiftRight(to: BpfRegister, bits: number): this {
    return this.#put(OP.shiftRight, to, 0, 0, bits);
  }

  load64(to: BpfRegister, base: BpfRegister, offset: number): this {
    return this.#put(OP.load64, to, base, offset, 0);
  }

  load32(to: BpfRegister, base: BpfRegister, offset: number): this {
    return this.#put(OP.load32, to, base, offset, 0);
  }

  store64(base: BpfRegister, offset: number, from: BpfRegister): this {
    return this.#put(OP.store64, base, from, offset, 0);
  }

  store32(base: BpfRegister, offset: number, from: BpfRegister): this {
    return this.#put(OP.store32, base, from, offset, 0);
  }

  storeNumber64(base: BpfRegister, offset: number, value: number): this {
    return this.#put(OP.storeNumber64, base, 0, offset, value);
  }

  /** The address of a map, for helpers. */
  setMap(to: BpfRegister, mapFd: number): this {
    return this.#put(OP.loadMap, to, PSEUDO_MAP_FD, 0, mapFd).#put(0, 0, 0, 0, 0);
  }

  call(helper: number): this {
    return this.#put(OP.call, 0, 0, 0, helper);
  }

  exit(): this {
    return this.#put(OP.exit, 0, 0, 0, 0);
  }

  jumpIfEqual(register: BpfRegister, value: number, label: string): this {
    return this.#jump(OP.jumpIfEqual, register, 0, value, label);
  }

  jumpIfNotEqual(register: BpfRegister, value: number, label: string): this {
    return this.#jump(OP.jumpIfNotEqual, register, 0, value, label);
  }

  jumpIfRegistersDiffer(one: BpfRegister, other: BpfRegister, label: string): this {
    return this.#jump(OP.jumpIfRegistersDiffer, one, other, 0, label);
  }

  /** Where the jumps to a label lead. */
  label(name: string): this {
    for (const at of this.#jumps.get(name) ?? []) this.#code[at]?.writeInt16LE(this.#code.length - at - 1, 2);
    this.#jumps.delete(name);
    return this;
  }

  done(): Buffer {
    return Buffer.concat(this.#code);
  }

  #jump(op: number, to: BpfRegister, from: BpfRegister, value: number, label: string): this {
    this.#jumps.set(label, [...(this.#jumps.get(label) ?? []), this.#code.length]);
    return this.#put(op, to, from, 0, value);
  }

  #put(op: number, to: BpfRegister, from: BpfRegister, offset: number, value: number): this {
    const bytes = Buffer.alloc(8);
    bytes[0] = op;
    bytes[1] = (from << 4) | to;
    bytes.writeInt16LE(offset, 2);
    bytes.writeInt32LE(value, 4);
    this.#code.push(bytes);
    return this;
  }
}
