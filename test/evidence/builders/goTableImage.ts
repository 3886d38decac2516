import { ByteWriter } from './byteWriter.ts';
import { elfImage, type SectionSpec } from './elfImage.ts';

/** A value of a function from an offset of its code on, up to the next. */
export type Steps = readonly (readonly [bytes: number, value: number])[];

export interface GoFunctionSpec {
  readonly name: string;
  readonly start: number;
  readonly length: number;
  /** The size of its frame; none if it is left out. */
  readonly stack?: Steps;
  /** Numbers of files. */
  readonly file?: Steps;
  readonly line?: Steps;
}

export type GoVersion = '1.16' | '1.18' | '1.20';

const MAGIC: Readonly<Record<GoVersion, number>> = { '1.16': 0xfffffffa, '1.18': 0xfffffff0, '1.20': 0xfffffff1 };
export const GO_TEXT_AT = 0x1000;

/** `.gopclntab` of these functions, in the order of their addresses, all of one compilation unit. */
export function goTableBytes(
  functions: readonly GoFunctionSpec[],
  files: readonly string[],
  version: GoVersion = '1.20',
): Buffer {
  const isNew = version !== '1.16';
  const entryBytes = isNew ? 4 : 8;
  const textStart = isNew ? GO_TEXT_AT : 0;
  const names = textTable(functions.map(({ name }) => name));
  const fileTexts = textTable(files);
  const units = new ByteWriter();
  for (const at of fileTexts.places) units.u32(at);
  const values = valueTable(functions);
  const headBytes = 8 + 16 + (isNew ? 8 : 0) + 40;
  const namesAt = headBytes;
  const unitsAt = namesAt + names.bytes.length;
  const filesAt = unitsAt + units.length;
  const valuesAt = filesAt + fileTexts.bytes.length;
  const functionsAt = Math.ceil((valuesAt + values.bytes.length) / 8) * 8;
  const head = new ByteWriter().u32(MAGIC[version]).bytes(0, 0, 1, 8).u64(functions.length).u64(files.length);
  if (isNew) head.u64(textStart);
  head.u64(namesAt).u64(unitsAt).u64(filesAt).u64(valuesAt).u64(functionsAt);
  const all = head.buffer(names.bytes).buffer(units.done()).buffer(fileTexts.bytes).buffer(values.bytes).align(8);
  return all
    .buffer(functionTable(functions, { entryBytes, textStart, names: names.places, values: values.places }))
    .done();
}

/** A program with that table, and its code at 0x1000. */
export function goImage(table: Buffer, more: readonly SectionSpec[] = []): Buffer {
  const text = { name: '.text', bytes: Buffer.alloc(0x1000, 0x90), address: GO_TEXT_AT };
  return elfImage([text, { name: '.gopclntab', bytes: table }, ...more]);
}

function textTable(texts: readonly string[]): { bytes: Buffer; places: number[] } {
  const writer = new ByteWriter();
  const places = texts.map((text) => {
    const at = writer.length;
    writer.text(text);
    return at;
  });
  return { bytes: writer.done(), places };
}

interface Tables {
  readonly stack: number;
  readonly file: number;
  readonly line: number;
}

/** Offset 0 stands for no table. */
function valueTable(functions: readonly GoFunctionSpec[]): { bytes: Buffer; places: Tables[] } {
  const writer = new ByteWriter().bytes(0);
  const put = (steps: Steps | undefined): number => {
    if (steps === undefined) return 0;
    const at = writer.length;
    let last = -1;
    for (const [bytes, value] of steps) {
      writer.uleb(zigzag(value - last)).uleb(bytes);
      last = value;
    }
    writer.bytes(0);
    return at;
  };
  const places = functions.map(({ file, line, stack }) => ({ stack: put(stack), file: put(file), line: put(line) }));
  return { bytes: writer.done(), places };
}

function functionTable(
  functions: readonly GoFunctionSpec[],
  at: { entryBytes: number; textStart: number; names: readonly number[]; values: readonly Tables[] },
): Buffer {
  const word = (writer: ByteWriter, value: number) => (at.entryBytes === 4 ? writer.u32(value) : writer.u64(value));
  const index = new ByteWriter();
  const bodies = new ByteWriter();
  const indexBytes = (2 * functions.length + 1) * at.entryBytes;
  for (const [number, { length, start }] of functions.entries()) {
    word(index, start - at.textStart);
    word(index, indexBytes + bodies.length);
    word(bodies, start - at.textStart);
    bodies
      .i32(at.names[number] ?? 0)
      .i32(0)
      .u32(0);
    const { file, line, stack } = at.values[number] ?? { file: 0, line: 0, stack: 0 };
    bodies.u32(stack).u32(file).u32(line).u32(3).u32(0);
    if (number === functions.length - 1) word(index, start + length - at.textStart);
  }
  return index.buffer(bodies.done()).done();
}

function zigzag(value: number): number {
  return value < 0 ? -value * 2 - 1 : value * 2;
}
