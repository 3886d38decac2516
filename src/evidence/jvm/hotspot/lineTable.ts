import { PackedNumbers } from './packedNumbers.ts';

/** The line of a bytecode: the numbers of bytecodes, and of their lines. */
export interface LineRow {
  readonly bytecode: number;
  readonly line: number;
}

/** A method has at most 65,535 bytes of code. */
const MOST_ROWS = 65_536;
const ESCAPE = 0xff;

/** The line table of a method as HotSpot keeps it (constMethod.cpp, CompressedLineNumberReadStream); what is damaged is left out. */
export function parseLineTable(bytes: Buffer, excluded: number): readonly LineRow[] {
  const numbers = new PackedNumbers(bytes, excluded);
  const rows: LineRow[] = [];
  let bytecode = 0;
  let line = 0;
  while (rows.length < MOST_ROWS) {
    const next = numbers.byte();
    if (next === 0) break;
    if (next === ESCAPE) {
      bytecode += numbers.signed();
      line += numbers.signed();
    } else {
      bytecode += next >> 3;
      line += next & 7;
    }
    if (numbers.isBroken) break;
    rows.push({ bytecode, line });
  }
  return rows;
}

/** The line of the nearest row at or before a bytecode; rows may be in any order. */
export function lineAt(rows: readonly LineRow[], bytecode: number): number | undefined {
  let best: LineRow | undefined;
  for (const row of rows) {
    if (row.bytecode <= bytecode && row.bytecode >= (best?.bytecode ?? 0)) best = row;
  }
  return best?.line;
}
