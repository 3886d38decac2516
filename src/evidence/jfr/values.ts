import type { Cursor } from '../elf/bytes.ts';

/** A value of a recording: structures by field name, and references into a pool of constants. */
export type JfrValue =
  | number
  | string
  | undefined
  | JfrRef
  | readonly JfrValue[]
  | { readonly [field: string]: JfrValue };

/** A constant by the type of its pool and its number there. */
export class JfrRef {
  readonly type: number;
  readonly key: number;

  constructor(type: number, key: number) {
    this.type = type;
    this.key = key;
  }
}

export interface JfrField {
  readonly name: string;
  /** The number of its type. */
  readonly type: number;
  readonly isConstant: boolean;
  readonly isArray: boolean;
}

export interface JfrType {
  readonly name: string;
  readonly fields: readonly JfrField[];
}

/** How deep structures may lie in structures. Those of the JDK go four deep. */
const MOST_DEEP = 16;
/** Values for each byte of a chunk. An honest one takes a byte or more; types without fields would take none, for ever. */
const VALUES_PER_BYTE = 4;
const LEAST_VALUES = 1_000;
/** Characters that are joined at once: a call takes a limited number of arguments. */
const CHARACTERS_AT_ONCE = 8_192;

/** Reads values of a chunk, whatever its types are. A broken value breaks its cursor, and nothing throws. */
export class JfrReader {
  readonly types: Map<number, JfrType> = new Map();
  #left: number;

  /** `length` is that of the chunk: it bounds how many values there can be. */
  constructor(length: number) {
    this.#left = LEAST_VALUES + VALUES_PER_BYTE * length;
  }

  structure(cursor: Cursor, type: number, depth = 0): JfrValue {
    const known = this.types.get(type);
    this.#left -= 1;
    if (known === undefined || depth > MOST_DEEP || this.#left < 0) {
      cursor.isBroken = true;
      return undefined;
    }
    const plain = PLAIN.get(known.name);
    if (plain !== undefined) return plain(cursor);
    if (known.name === 'java.lang.String') return readString(cursor, type);
    const value: Record<string, JfrValue> = {};
    for (const field of known.fields) {
      if (cursor.isBroken) break;
      const one = (): JfrValue =>
        field.isConstant ? new JfrRef(field.type, varint(cursor)) : this.structure(cursor, field.type, depth + 1);
      value[field.name] = field.isArray ? readList(cursor, one) : one();
    }
    return value;
  }
}

/** A count, then so many items. No item of an honest list is shorter than a byte. */
export function readList<T>(cursor: Cursor, item: () => T): T[] {
  const count = varint(cursor);
  if (count > cursor.end - cursor.at) cursor.isBroken = true;
  const items: T[] = [];
  for (let index = 0; index < count && !cursor.isBroken; index += 1) items.push(item());
  return items;
}

/** The first byte says how a text is written: null, empty, a constant, UTF-8, characters, Latin-1. */
export function readString(cursor: Cursor, type: number): JfrValue {
  const how = cursor.u8();
  switch (how) {
    case 0:
      return undefined;
    case 1:
      return '';
    case 2:
      return new JfrRef(type, varint(cursor));
    case 3:
    case 5: {
      const length = varint(cursor);
      const at = cursor.at;
      cursor.advance(length);
      return cursor.isBroken ? undefined : cursor.bytes.toString(how === 3 ? 'utf8' : 'latin1', at, at + length);
    }
    case 4:
      return joined(readList(cursor, () => varint(cursor) & 0xffff));
    default:
      cursor.isBroken = true;
      return undefined;
  }
}

/** Seven bits a byte, the low ones first; the ninth byte has eight. Exact up to 2⁵³. */
export function varint(cursor: Cursor): number {
  let value = 0;
  let scale = 1;
  for (let index = 0; index < 8; index += 1) {
    const byte = cursor.u8();
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 128;
  }
  return value + cursor.u8() * scale;
}

const PLAIN: ReadonlyMap<string, (cursor: Cursor) => number> = new Map([
  ...['long', 'int', 'short', 'char'].map((name) => [name, varint] as const),
  ...['byte', 'boolean'].map((name) => [name, (cursor: Cursor) => cursor.u8()] as const),
  ['float', (cursor) => skipped(cursor, 4)],
  ['double', (cursor) => skipped(cursor, 8)],
]);

/** No event that is read here has one of these. */
function skipped(cursor: Cursor, length: number): number {
  cursor.advance(length);
  return 0;
}

function joined(codes: readonly number[]): string {
  let text = '';
  for (let at = 0; at < codes.length; at += CHARACTERS_AT_ONCE) {
    text += String.fromCharCode(...codes.slice(at, at + CHARACTERS_AT_ONCE));
  }
  return text;
}
