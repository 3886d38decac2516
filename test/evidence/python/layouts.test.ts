import { describe, expect, it } from 'vitest';
import { readDebugOffsets } from '../../../src/evidence/python/debugOffsets.ts';
import { layoutOf } from '../../../src/evidence/python/knownLayouts.ts';
import { debugOffsets } from '../builders/pythonDebug.ts';

describe('layouts before 3.13', () => {
  it.for(['3.8', '3.9', '3.10', '3.11', '3.12'])('%s is known', (version) => {
    expect(layoutOf(version)?.version).toBe(version);
  });
  it.for(['2.7', '3.7', '3.13', ''])('%s has no table of its own', (version) => {
    expect(layoutOf(version)).toBeUndefined();
  });
});

describe('3.13 and newer describe themselves', () => {
  it('3.13', () => {
    expect(readDebugOffsets(debugOffsets(13))).toMatchObject({
      version: '3.13',
      runtime: { interpretersHead: 632 },
      interpreter: { next: 7264, threadsHead: 7344 },
      thread: { next: 8, threadId: 152, nativeThreadId: 160, frame: [72] },
      frame: { previous: 8, code: 0, instruction: 56 },
      code: { filename: 112, name: 128, firstLine: 68, lines: 136, instructions: 200 },
      instance: { locals: 72, values: 'inline' },
    });
  });
  it('3.14 has a few fields more, and names in the kernel', () => {
    expect(readDebugOffsets(debugOffsets(14))).toMatchObject({
      version: '3.14',
      interpreter: { next: 7264, threadsHead: 7344 },
      thread: { next: 8, threadId: 152, nativeThreadId: 160, frame: [72] },
      frame: { previous: 8, code: 0, instruction: 56, owner: { at: 70 } },
      code: { filename: 112, name: 128, firstLine: 68, lines: 136, instructions: 200 },
      instance: undefined,
    });
  });
  it.for([
    ['no cookie', (bytes: Buffer) => bytes.fill(0, 0, 8)],
    ['without the GIL', (bytes: Buffer) => bytes.writeUInt32LE(1, 16)],
    ['an offset outside of its structure', (bytes: Buffer) => bytes.writeUInt32LE(600, 24)],
    ['a structure of a megabyte', (bytes: Buffer) => bytes.writeUInt32LE(2 ** 20, 24)],
    ['nonsense behind the cookie', (bytes: Buffer) => bytes.fill(0xff, 8)],
  ] as const)('%s: not understood', ([, damage]) => {
    const bytes = debugOffsets(13);
    // The structure of the runtime: its size, a field, where the interpreters are.
    if (bytes.readUInt32LE(24) < 632) throw new Error('the test does not know the layout any more');
    damage(bytes);
    expect(readDebugOffsets(bytes)).toBeUndefined();
  });
  it('cut short', () => {
    expect(readDebugOffsets(debugOffsets(13).subarray(0, 200))).toBeUndefined();
    expect(readDebugOffsets(Buffer.alloc(0))).toBeUndefined();
  });
});
