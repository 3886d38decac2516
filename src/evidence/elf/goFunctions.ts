import { Cursor } from './bytes.ts';
import type { GoHeader } from './goHeader.ts';
import { NO_LIMITS, type ReadLimits } from './readLimits.ts';

const MOST_STEPS = 1_000_000;
/** How often the clock is looked at: some 50 µs apart. */
const STEPS_A_LOOK = 1_024;
const NO_FILE = 0xffffffff;

/** One function of the table (runtime/runtime2.go: `_func`). */
export interface GoEntry {
  readonly name: string;
  readonly start: number;
  /** Where its tables of values are: the size of its frame, the number of its file, its lines. 0 is none. */
  readonly stack: number;
  readonly file: number;
  readonly line: number;
  /** Its compilation unit, as an index. */
  readonly unit: number;
}

/** The functions of a Go program by number, in the order of their addresses. */
export class GoFunctions {
  readonly #bytes: Buffer;
  readonly #header: GoHeader;

  readonly #limits: ReadLimits;

  constructor(bytes: Buffer, header: GoHeader, limits: ReadLimits = NO_LIMITS) {
    this.#bytes = bytes;
    this.#header = header;
    this.#limits = limits;
  }

  /** The number of the function that an address is in; `undefined` outside of all. */
  locate(address: number): number | undefined {
    const { count } = this.#header;
    if (!(address >= this.startOf(0) && address < this.startOf(count))) return undefined;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.startOf(middle) <= address) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? undefined : low - 1;
  }

  /** The index ends with the end of the last function. */
  startOf(index: number): number {
    const { entryBytes, functions, textStart } = this.#header;
    return textStart + this.#word(functions + 2 * entryBytes * index);
  }

  entry(index: number): GoEntry {
    const { entryBytes, functions, names } = this.#header;
    const cursor = new Cursor(this.#bytes, functions + this.#word(functions + 2 * entryBytes * index + entryBytes));
    // Its address, known already.
    cursor.advance(entryBytes);
    const name = this.#text(names + cursor.i32());
    // The size of its arguments, and where its deferred calls return to.
    cursor.advance(8);
    const [stack, file, line] = [cursor.u32(), cursor.u32(), cursor.u32()];
    // How many values a table has.
    cursor.u32();
    return { name, start: this.startOf(index), stack, file, line, unit: cursor.u32() };
  }

  /** The value of a table at an address; `undefined` if the table has none. */
  valueAt(table: number, { start }: GoEntry, address: number): number | undefined {
    if (table === 0) return undefined;
    return valueIn(new Cursor(this.#bytes, this.#header.values + table), start, address, this.#limits);
  }

  /** The source file at an address; `undefined` for code that has none. */
  fileAt(entry: GoEntry, address: number): string | undefined {
    const number = this.valueAt(entry.file, entry, address);
    if (number === undefined || number < 0) return undefined;
    const { files, units } = this.#header;
    const cursor = new Cursor(this.#bytes, units + 4 * (entry.unit + number));
    const offset = cursor.u32();
    return cursor.isBroken || offset === NO_FILE ? undefined : this.#text(files + offset);
  }

  #word(at: number): number {
    const cursor = new Cursor(this.#bytes, at);
    return this.#header.entryBytes === 4 ? cursor.u32() : cursor.u64();
  }

  #text(at: number): string {
    return at < 0 ? '' : new Cursor(this.#bytes, at).text();
  }
}

/** A table of values by address: differences in zigzag, each with the bytes of code that the value holds for. */
function valueIn(cursor: Cursor, start: number, address: number, limits: ReadLimits): number | undefined {
  let value = -1;
  let at = start;
  for (let step = 0; step < MOST_STEPS && !cursor.isBroken; step += 1) {
    if (step % STEPS_A_LOOK === STEPS_A_LOOK - 1 && limits.isOver()) return undefined;
    const change = cursor.uleb();
    if (change === 0 && step > 0) return undefined;
    value += change % 2 === 1 ? -(change + 1) / 2 : change / 2;
    at += cursor.uleb();
    if (!cursor.isBroken && address < at) return value;
  }
  return undefined;
}
