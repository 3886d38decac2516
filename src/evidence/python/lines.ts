import { Cursor } from '../elf/bytes.ts';
import type { PythonLayout } from './layout.ts';

/** The line of an instruction by the table of its code object; `undefined` where the compiler gave it none. */
export function lineOf(
  kind: PythonLayout['lineTable'],
  table: Buffer,
  firstLine: number,
  offset: number,
): number | undefined {
  if (kind === 'lnotab') return lnotab(table, firstLine, offset);
  return kind === 'pairs' ? pairs(table, firstLine, offset) : locations(table, firstLine, offset);
}

/** Pairs of increments of offset and line, to 3.9 (Objects/lnotab_notes.txt). */
function lnotab(table: Buffer, firstLine: number, offset: number): number {
  let line = firstLine;
  let at = 0;
  for (let index = 0; index + 1 < table.length; index += 2) {
    at += table[index] as number;
    if (at > offset) break;
    line += table.readInt8(index + 1);
  }
  return line;
}

/** Length of a range and how its line differs from the last, 3.10 (PEP 626); -128 is no line. */
function pairs(table: Buffer, firstLine: number, offset: number): number | undefined {
  let line = firstLine;
  let end = 0;
  for (let index = 0; index + 1 < table.length; index += 2) {
    const delta = table.readInt8(index + 1);
    end += table[index] as number;
    if (delta !== -128) line += delta;
    if (end > offset) return delta === -128 ? undefined : line;
  }
  return undefined;
}

/** Location entries of one byte of header and a few of columns, from 3.11 on (Objects/locations.md). */
function locations(table: Buffer, firstLine: number, offset: number): number | undefined {
  const cursor = new Cursor(table);
  let line = firstLine;
  let end = 0;
  while (!cursor.isDone) {
    const head = cursor.u8();
    const code = (head >> 3) & 15;
    end += ((head & 7) + 1) * 2;
    if (code === 14) {
      line += signed(cursor);
      for (let field = 0; field < 3; field += 1) unsigned(cursor);
    } else if (code === 13) line += signed(cursor);
    else if (code >= 10 && code <= 12) {
      line += code - 10;
      cursor.skip(2);
    } else if (code < 10) cursor.skip(1);
    if (end > offset) return code === 15 || cursor.isBroken ? undefined : line;
  }
  return undefined;
}

/** Six bits a byte, the next lowest first; bit 6 says that another follows. */
function unsigned(cursor: Cursor): number {
  let value = 0;
  let scale = 1;
  for (let byte = 0x40; (byte & 0x40) !== 0 && !cursor.isBroken; scale *= 64) {
    byte = cursor.u8();
    value += (byte & 0x3f) * scale;
  }
  return value;
}

function signed(cursor: Cursor): number {
  const value = unsigned(cursor);
  return value % 2 === 1 ? -Math.floor(value / 2) : value / 2;
}
