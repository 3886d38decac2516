/** What the instruction before a return address calls: an address, `'maybe'` if it cannot be told, `'no'` if none. */
export type CallTarget = number | 'maybe' | 'no';

/** The longest call: FF /2 with a SIB byte and a displacement of four bytes. */
export const CALL_BYTES = 7;
const CALL_REL32 = 0xe8;
const CALL_INDIRECT = 0xff;
const CALL_REL32_BYTES = 5;

/**
 * The call that ends at a return address, by the seven bytes before it: an address for `call rel32`, `'maybe'` for a call
 * through a register or memory (FF /2), `'no'` if it is no call.
 */
export function calledBefore(bytes: Buffer | undefined, back: number): CallTarget {
  if (bytes === undefined || bytes.length < CALL_BYTES) return 'no';
  if (bytes[CALL_BYTES - CALL_REL32_BYTES] === CALL_REL32) {
    return back + bytes.readInt32LE(CALL_BYTES - CALL_REL32_BYTES + 1);
  }
  for (let at = 0; at <= CALL_BYTES - 2; at += 1) {
    if (bytes[at] !== CALL_INDIRECT) continue;
    const isCall = (((bytes[at + 1] as number) >> 3) & 7) === 2;
    if (isCall && lengthOf(bytes, at) === CALL_BYTES - at) return 'maybe';
  }
  return 'no';
}

/** The length of FF /2 by its ModR/M byte (Intel SDM, volume 2, table 2-2). */
function lengthOf(bytes: Buffer, at: number): number {
  const modrm = bytes[at + 1] as number;
  const mode = modrm >> 6;
  const base = modrm & 7;
  if (mode === 3) return 2;
  const sib = base === 4 ? 1 : 0;
  if (mode === 1) return 3 + sib;
  if (mode === 2) return 6 + sib;
  if (base === 5) return 6;
  return sib === 1 && ((bytes[at + 2] as number) & 7) === 5 ? 7 : 2 + sib;
}
