import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wordsOnStack } from '../../../../src/evidence/creators/makers/stackWords.ts';

const START = 0x7ffc_0000_1000;

/** A stack of `below` bytes, then what the kernel puts above: argc, pointers, 0, environment, 0, vector, a gap, the words. */
function stackOf(words: readonly string[], below = 256, gap = 64, hasEnvironment = true): Buffer {
  const bytes = Buffer.alloc(below + 8 * (words.length + 5) + gap + words.join(' ').length + 32);
  const behind = below + 8 * (words.length + 2);
  bytes.writeBigUInt64LE(BigInt(words.length), below);
  let at = behind + 24 + gap;
  const text = at + words.join(' ').length + 1;
  if (hasEnvironment) {
    bytes.writeBigUInt64LE(BigInt(START + text), behind);
    bytes.write('PATH=/bin\0', text);
  } else bytes.writeBigUInt64LE(33n, behind + 8);
  for (const [index, word] of words.entries()) {
    bytes.writeBigUInt64LE(BigInt(START + at), below + 8 * (index + 1));
    at += bytes.write(`${word}\0`, at);
  }
  return bytes;
}
const read = (stack: Buffer) => wordsOnStack({ stack, stackStart: START });

describe('the words of a command on its stack', () => {
  it('as they were given, with spaces and newlines', () => {
    const words = ['/bin/sh', '-c', 'for i in 1 2; do\n sleep 30 & done', ''];
    expect(read(stackOf(words))).toEqual(words);
    expect(read(stackOf(['true'], 0, 0))).toEqual(['true']);
    expect(read(stackOf(['env', '-i', 'sh'], 64, 8, false))).toEqual(['env', '-i', 'sh']);
  });
  it('none if the copy ends before them, or in them', () => {
    const stack = stackOf(['sh', '-c', 'sleep 30']);
    expect(read(stack.subarray(0, 280))).toBeUndefined();
    expect(read(stack.subarray(0, stack.length - 36))).toBeUndefined();
    expect(read(Buffer.alloc(0))).toBeUndefined();
  });
  it('none if they do not stand one behind the other', () => {
    const stack = stackOf(['sh', '-c', 'x']);
    stack.writeBigUInt64LE(BigInt(START + 300), 256 + 16);
    expect(read(stack)).toBeUndefined();
  });
  it('none where something else looks like one word: no environment follows', () => {
    const stack = stackOf(['sh']);
    stack.writeBigUInt64LE(BigInt(START + 8), 256 + 24);
    expect(read(stack)).toBeUndefined();
  });
  it('any bytes give words or none, and no error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1024 }), (bytes) => {
        expect(() => read(Buffer.from(bytes))).not.toThrow();
      }),
    );
  });
});
