import type { V8Layout } from '../../../src/evidence/v8/layout.ts';
import { ByteWriter, uleb } from './byteWriter.ts';

/** As Node 20 has it. */
export const V8_LAYOUT: V8Layout = {
  frame: { context: -8, function: -16, bytecodes: -32, bytecodeOffset: -40 },
  types: {
    map: 255,
    function: 2066,
    shared: 262,
    scopeInfo: 261,
    script: 167,
    bytecodes: 191,
    interpreterData: 159,
    code: 245,
    bytes: [190],
    firstNonString: 128,
    oddball: 131,
  },
  instanceType: 12,
  function: { shared: 24, context: 32, code: 48 },
  shared: { data: 8, nameOrScope: 16, script: 32 },
  scopeInfo: { locals: 24, first: 32 },
  script: { source: 8, name: 16 },
  bytecodes: { length: 8, positions: 32, data: 54 },
  code: { data: 16, offsets: 24, start: 40, size: 56 },
  deoptimization: { inlinedCount: 1, literals: 2, shared: 6 },
  bytecodeSizes: Buffer.from([1, 1, 2, 1, 1, 3, 1, 1, 5]),
};

/** A table of positions as V8 writes it. */
export function positionTable(
  entries: readonly { readonly at: number; readonly position: number; readonly isStatement: boolean }[],
): Buffer {
  const writer = new ByteWriter();
  let at = 0;
  let position = 0;
  for (const entry of entries) {
    const step = entry.at - at;
    const raw = (entry.position + 1) * 2;
    writer.bytes(...zigzag(entry.isStatement ? step : -step - 1), ...zigzag(raw - position));
    at = entry.at;
    position = raw;
  }
  return writer.done();
}

function zigzag(value: number): number[] {
  return uleb(value < 0 ? -2 * value - 1 : 2 * value);
}
