/** The offsets of 3.13.0, as its headers give them, in the order of `_Py_DebugOffsets`. */
const RUNTIME = [250_000, 600, 632];
const INTERPRETER = [250_000, 7256, 7264, 7344];
/** Of these the pointer to the GIL, the GIL itself, and its holder count. */
const INTERPRETER_REST = [0, 0, 0, 0, 16, 7752, 0, 7768, 7760];
const THREAD = [700, 0, 8, 16, 72, 152, 160, 200, 40];
const FRAME = [80, 8, 0, 56, 72, 70];
const CODE = [216, 112, 120, 128, 136, 68, 52, 96, 104, 200];

/** The start of `_PyRuntime` of 3.13, or of 3.14 with the fields that came in between. */
export function debugOffsets(minor: 13 | 14): Buffer {
  const isNew = minor === 14;
  const words = [
    0x03000000 + minor * 2 ** 16 + 0xf0,
    0,
    ...RUNTIME,
    ...INTERPRETER,
    ...(isNew ? [7_300] : []),
    ...INTERPRETER_REST,
    ...(isNew ? [1, 2] : []),
    ...THREAD,
    ...FRAME,
    ...(isNew ? [64, 68] : []),
    ...CODE,
  ];
  const head = Buffer.alloc(512);
  head.write('xdebugpy', 'latin1');
  for (const [index, word] of words.entries()) head.writeBigUInt64LE(BigInt(word), 8 + 8 * index);
  return head;
}
