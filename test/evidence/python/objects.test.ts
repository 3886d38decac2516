import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../../src/evidence/python/knownLayouts.ts';
import { BYTES, type PythonLayout, TEXT } from '../../../src/evidence/python/layout.ts';
import { PythonObjects } from '../../../src/evidence/python/objects.ts';
import { PythonHeap } from '../builders/pythonHeap.ts';

const layout = layoutOf('3.12') as PythonLayout;
const heapAndObjects = () => {
  const heap = new PythonHeap(layout);
  return { heap, objects: new PythonObjects(heap.memory.open(), layout) };
};

describe('texts', () => {
  it.for([
    ['ascii', 'connection'],
    ['empty', ''],
    ['one byte a character', 'café'],
    ['two bytes', '中文 名'],
    ['four bytes', 'pool 🧵 7'],
    ['as long as a name may be', 'x'.repeat(1_024)],
  ] as const)('%s', ([, text]) => {
    const { heap, objects } = heapAndObjects();
    expect(objects.text(heap.text(text))).toBe(text);
  });
  it.for([
    ['longer than any name', (at: number, heap: PythonHeap) => heap.memory.int32(at + TEXT.length, 1_025)],
    ['a negative length', (at: number, heap: PythonHeap) => heap.memory.int32(at + TEXT.length, -1)],
    ['not compact', (at: number, heap: PythonHeap) => heap.memory.int32(at + TEXT.state, 1 << 2)],
    [
      'a width that there is not',
      (at: number, heap: PythonHeap) => heap.memory.int32(at + TEXT.state, (3 << 2) | (1 << 5)),
    ],
  ] as const)('%s: no text', ([, damage]) => {
    const { heap, objects } = heapAndObjects();
    const at = heap.text('name');
    damage(at, heap);
    expect(objects.text(at)).toBeUndefined();
  });
  it.for([0, 8, 0x1234_5678, 2 ** 55])('nothing at %s', (address) => {
    const { objects } = heapAndObjects();
    expect([objects.text(address), objects.bytes(address)]).toEqual([undefined, undefined]);
  });
  it('the bits of interning are 2, 8 or 16', () => {
    const { heap, objects } = heapAndObjects();
    const at = heap.text('name');
    for (const shift of [8, 16]) {
      heap.memory.int32(at + TEXT.state, (1 << shift) | (1 << (shift + 3)) | (1 << (shift + 4)));
      expect(objects.text(at)).toBe('name');
    }
  });
  it('any state and length: a text or none', () => {
    const { heap, objects } = heapAndObjects();
    const at = heap.text('some name');
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 2_000 }), (state, length) => {
        heap.memory.int32(at + TEXT.state, state | 0).int32(at + TEXT.length, length);
        const text = objects.text(at);
        expect(text === undefined || [...text].length <= 1_024).toBe(true);
      }),
      { numRuns: 300, seed: 10 },
    );
  });
});

describe('bytes', () => {
  it('with their length before them', () => {
    const { heap, objects } = heapAndObjects();
    expect(objects.bytes(heap.bytes(Buffer.from([1, 2, 3])))).toEqual(Buffer.from([1, 2, 3]));
    expect(objects.bytes(heap.bytes(Buffer.alloc(0)))).toEqual(Buffer.alloc(0));
  });
  it('a megabyte and more is no table', () => {
    const { heap, objects } = heapAndObjects();
    const at = heap.bytes(Buffer.from('x'));
    heap.memory.int32(at + BYTES.length, 1 << 21);
    expect(objects.bytes(at)).toBeUndefined();
  });
});
