import { Cursor } from '../elf/bytes.ts';
import type { LineTable } from './layout.ts';

/** The line of an instruction by the table of its code object; `undefined` if the compiler gave it none. */
export function lineOf(kind: LineTable, table: Buffer, firstLine: number, offset: number): number | undefined {
  switch (kind) {
    case 'lnotab':
      return lnotab(table, firstLine, offset);
    case 'pairs':
      return pairs(table, firstLine, offset);
    case 'locations':
      return locations(table, firstLine, offset);
    default:
      return kind satisfies never;
  }
}

/** To 3.9: pairs of increments of offset and line (Objects/lnotab_notes.txt). */
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

/** This difference means that the range has no line. */
const NO_LINE = -128;

/** 3.10: the length of a range, and how its line differs from the last one (PEP 626). */
function pairs(table: Buffer, firstLine: number, offset: number): number | undefined {
  let line = firstLine;
  let end = 0;
  for (let index = 0; index + 1 < table.length; index += 2) {
    const delta = table.readInt8(index + 1);
    end += table[index] as number;
    if (delta !== NO_LINE) line += delta;
    if (end > offset) return delta === NO_LINE ? undefined : line;
  }
  return undefined;
}

/** Codes of location entries: up to 9 short forms, 10 to 12 one line, then these. */
const ONE_LINE = 10;
const NO_COLUMNS = 13;
const LONG = 14;
const NONE = 15;

/** From 3.11 on: entries of one byte of header and a few of columns (Objects/locations.md). */
function locations(table: Buffer, firstLine: number, offset: number): number | undefined {
  const cursor = new Cursor(table);
  let line = firstLine;
  let end = 0;
  while (!cursor.isDone) {
    const head = cursor.u8();
    const code = (head >> 3) & 15;
    end += ((head & 7) + 1) * 2;
    if (code === LONG) {
      line += signed(cursor);
      // The last line and both columns.
      for (let field = 0; field < 3; field += 1) unsigned(cursor);
    } else if (code === NO_COLUMNS) line += signed(cursor);
    else if (code >= ONE_LINE && code < NO_COLUMNS) {
      line += code - ONE_LINE;
      cursor.advance(2);
    } else if (code < ONE_LINE) cursor.advance(1);
    if (end > offset) return code === NONE || cursor.isBroken ? undefined : line;
  }
  return undefined;
}

/** More digits than a number of 64 bits has. */
const MOST_DIGITS = 12;

/** Six bits a byte, the low ones first; bit 6 says that another byte follows. */
function unsigned(cursor: Cursor): number {
  let value = 0;
  let scale = 1;
  for (let digit = 0; digit < MOST_DIGITS; digit += 1) {
    const byte = cursor.u8();
    value += (byte & 0x3f) * scale;
    scale *= 64;
    if ((byte & 0x40) === 0) break;
  }
  return value;
}

function signed(cursor: Cursor): number {
  const value = unsigned(cursor);
  return value % 2 === 1 ? -Math.floor(value / 2) : value / 2;
}
