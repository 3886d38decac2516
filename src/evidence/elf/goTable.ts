import { Cursor } from './bytes.ts';
import type { Elf } from './elf.ts';
import { RA, RSP, type UnwindRule } from './unwindRule.ts';

/** Go's own table of functions: it survives `strip`, and takes the place of `.eh_frame`, which Go does not write. */
export interface GoTable {
  /** Where an address is; `undefined` outside of Go code. */
  find(address: number): GoFunction | undefined;
  ruleAt(address: number): UnwindRule | undefined;
}

export interface GoFunction {
  readonly name: string;
  readonly start: number;
  readonly file: string | undefined;
  readonly line: number | undefined;
}

interface Header {
  readonly count: number;
  readonly textStart: number;
  readonly names: number;
  readonly units: number;
  readonly files: number;
  readonly pcs: number;
  readonly functions: number;
  /** Bytes of an address in the index and of a function's entry: 4 since Go 1.18, 8 before. */
  readonly entryBytes: number;
}

const MAGIC_116 = 0xfffffffa;
const MAGIC_118 = 0xfffffff0;
const MAGIC_120 = 0xfffffff1;
const MOST_BYTES = 512 << 20;
const MOST_STEPS = 1_000_000;
/** Nobody called these: a goroutine, a thread or a switch of stacks begins there. */
const BOTTOMS = new Set([
  'runtime.goexit',
  'runtime.goexit.abi0',
  'runtime.mstart',
  'runtime.mstart.abi0',
  'runtime.rt0_go',
  'runtime.rt0_go.abi0',
  'runtime.mcall',
  'runtime.systemstack',
  'runtime.systemstack.abi0',
  'runtime.morestack',
  'runtime.morestack.abi0',
  '_rt0_amd64_linux',
]);

/** The table of a Go program of 1.16 or newer (runtime/symtab.go); `undefined` for any other file. */
export function readGoTable(elf: Elf): GoTable | undefined {
  const section = elf.sections.find(({ name }) => name === '.gopclntab' || name === '.data.rel.ro.gopclntab');
  if (section === undefined || section.size > MOST_BYTES) return undefined;
  const bytes = elf.source.read(section.offset, section.size);
  if (bytes === undefined) return undefined;
  const header = readHeader(bytes, elf.sections.find(({ name }) => name === '.text')?.address ?? 0);
  return header === undefined ? undefined : makeTable(bytes, header);
}

function readHeader(bytes: Buffer, text: number): Header | undefined {
  const cursor = new Cursor(bytes);
  const magic = cursor.u32();
  // Two zero bytes, and the size of an instruction.
  cursor.skip(3);
  if (cursor.u8() !== 8) return undefined;
  const count = cursor.u64();
  cursor.u64();
  if (magic === MAGIC_118 || magic === MAGIC_120) {
    // Of a position-independent program the loader fills it in.
    const textStart = cursor.u64() || text;
    const [names, units, files, pcs, functions] = [
      cursor.u64(),
      cursor.u64(),
      cursor.u64(),
      cursor.u64(),
      cursor.u64(),
    ];
    return cursor.isBroken ? undefined : { count, textStart, names, units, files, pcs, functions, entryBytes: 4 };
  }
  if (magic !== MAGIC_116) return undefined;
  const [names, units, files, pcs, functions] = [cursor.u64(), cursor.u64(), cursor.u64(), cursor.u64(), cursor.u64()];
  return cursor.isBroken ? undefined : { count, textStart: 0, names, units, files, pcs, functions, entryBytes: 8 };
}

function makeTable(bytes: Buffer, header: Header): GoTable {
  const { count, entryBytes, functions, textStart } = header;
  const word = (at: number): number => (entryBytes === 4 ? new Cursor(bytes, at).u32() : new Cursor(bytes, at).u64());
  const startOf = (index: number): number => textStart + word(functions + 2 * entryBytes * index);
  /** Number of the function that an address is in; the index ends with the end of the last. */
  const locate = (address: number): number | undefined => {
    if (!(address >= startOf(0) && address < startOf(count))) return undefined;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (startOf(middle) <= address) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  };
  const fieldsOf = (index: number) => {
    const cursor = new Cursor(bytes, functions + word(functions + 2 * entryBytes * index + entryBytes));
    // Its address, known already.
    cursor.skip(entryBytes);
    const nameAt = cursor.i32();
    // Size of the arguments, deferreturn.
    cursor.skip(8);
    const [stack, file, line] = [cursor.u32(), cursor.u32(), cursor.u32()];
    cursor.u32();
    return { start: startOf(index), name: textAt(bytes, header.names + nameAt), stack, file, line, unit: cursor.u32() };
  };
  const valueAt = (table: number, start: number, address: number): number | undefined =>
    table === 0 ? undefined : pcValue(new Cursor(bytes, header.pcs + table), start, address);
  const fileAt = ({ file, start, unit }: ReturnType<typeof fieldsOf>, address: number): string | undefined => {
    const number = valueAt(file, start, address);
    if (number === undefined || number < 0) return undefined;
    const offset = new Cursor(bytes, header.units + 4 * (unit + number)).u32();
    return offset === 0xffffffff ? undefined : textAt(bytes, header.files + offset);
  };
  const find = (address: number): GoFunction | undefined => {
    const index = locate(address);
    if (index === undefined) return undefined;
    const fields = fieldsOf(index);
    const { name, start } = fields;
    const file = fileAt(fields, address);
    const own = fileAt(fields, start);
    // Code that was inlined from another file tells that file's line: then where the function begins says more.
    const at = file === own ? address : start;
    return { name, start, file: own, line: valueAt(fields.line, start, at) };
  };
  return {
    find,
    ruleAt: (address) => {
      const index = locate(address);
      if (index === undefined) return undefined;
      const { name, stack, start } = fieldsOf(index);
      const size = valueAt(stack, start, address) ?? 0;
      return {
        functionStart: start,
        functionEnd: startOf(index + 1),
        cfa: { kind: 'register', register: RSP, offset: size + 8 },
        registers: [[RA, { kind: 'offset', offset: -8 }]],
        isBottom: BOTTOMS.has(name),
        isSignal: name.startsWith('runtime.sigreturn'),
      };
    },
  };
}

/** A table of values by address: differences in zigzag, each with the bytes of code that it holds for. */
function pcValue(cursor: Cursor, start: number, address: number): number | undefined {
  let value = -1;
  let at = start;
  for (let step = 0; step < MOST_STEPS && !cursor.isBroken; step += 1) {
    const change = cursor.uleb();
    if (change === 0 && step > 0) return undefined;
    value += change % 2 === 1 ? -(change + 1) / 2 : change / 2;
    at += cursor.uleb();
    if (address < at) return value;
  }
  return undefined;
}

function textAt(bytes: Buffer, at: number): string {
  return at < 0 ? '' : new Cursor(bytes, at).text();
}
