import { smallInteger, type V8Heap, wordAt } from './heap.ts';

/** Pieces that are put together at most. What is compiled, or is a name, was put together by V8 itself before. */
const MOST_PIECES = 16;
const STRING_BYTES = 32;
const REPRESENTATION = 7;
const IS_ONE_BYTE = 8;
const IS_UNCACHED = 16;
const SEQUENTIAL = 0;
const CONS = 1;
const EXTERNAL = 2;
const SLICED = 3;
const THIN = 5;
/** Where strings have their parts (V8's src/objects/string.tq), the same since V8 7. */
const LENGTH_AT = 12;
const CHARS_AT = 16;
const FIRST_AT = 16;
const SECOND_AT = 24;

interface Piece {
  readonly pointer: number;
  readonly from: number;
  readonly length: number;
}

/** The text of a string, at most its first `most` characters; `undefined` for anything else. */
export function textOf(heap: V8Heap, pointer: number, most: number): string | undefined {
  const length = lengthOf(heap, pointer);
  if (length === undefined) return undefined;
  const wanted = Math.min(length, most);
  const texts: string[] = [];
  const left: Piece[] = [{ pointer, from: 0, length: wanted }];
  let read = 0;
  for (let count = 0; left.length > 0; count += 1) {
    const piece = left.pop() as Piece;
    const next = count < MOST_PIECES ? partsOf(heap, piece) : undefined;
    if (next === undefined) return undefined;
    if (typeof next !== 'string') {
      // The first one has to be read first.
      left.push(...next.reverse());
      continue;
    }
    texts.push(next);
    read += next.length;
    if (read > wanted) return undefined;
  }
  return texts.join('');
}

/** `undefined` for what is no string. */
export function lengthOf(heap: V8Heap, pointer: number): number | undefined {
  const found = heap.object(pointer, CHARS_AT);
  if (found === undefined || found.type >= heap.layout.types.firstNonString) return undefined;
  const length = found.bytes.readInt32LE(LENGTH_AT);
  return length < 0 ? undefined : length;
}

/** The characters of a piece, or the pieces that it is made of. */
function partsOf(heap: V8Heap, { from, length, pointer }: Piece): string | Piece[] | undefined {
  if (length === 0) return '';
  const whole = heap.object(pointer, 24);
  if (whole === undefined || whole.type >= heap.layout.types.firstNonString) return undefined;
  const has = whole.bytes.readInt32LE(LENGTH_AT);
  if (from + length > has) return undefined;
  const isOneByte = (whole.type & IS_ONE_BYTE) !== 0;
  const kind = whole.type & REPRESENTATION;
  if (kind === SEQUENTIAL) return charsAt(heap, pointer - 1 + CHARS_AT, from, length, isOneByte);
  const first = wordAt(whole.bytes, FIRST_AT);
  if (kind === THIN) return [{ pointer: first, from, length }];
  const bytes = heap.bytesOf(pointer, 0, STRING_BYTES);
  if (bytes === undefined) return undefined;
  const second = wordAt(bytes, SECOND_AT);
  if (kind === EXTERNAL) {
    return (whole.type & IS_UNCACHED) === 0 ? charsAt(heap, second, from, length, isOneByte) : undefined;
  }
  if (kind === SLICED) {
    const offset = smallInteger(second);
    return offset === undefined || offset < 0 ? undefined : [{ pointer: first, from: from + offset, length }];
  }
  if (kind !== CONS) return undefined;
  const middle = lengthOf(heap, first);
  if (middle === undefined || middle > has) return undefined;
  const inFirst = Math.max(0, Math.min(length, middle - from));
  return [
    { pointer: first, from, length: inFirst },
    { pointer: second, from: Math.max(0, from - middle), length: length - inFirst },
  ].filter((one) => one.length > 0);
}

function charsAt(heap: V8Heap, address: number, from: number, length: number, isOneByte: boolean): string | undefined {
  const width = isOneByte ? 1 : 2;
  return heap.bytesAt(address + from * width, length * width)?.toString(isOneByte ? 'latin1' : 'utf16le');
}
