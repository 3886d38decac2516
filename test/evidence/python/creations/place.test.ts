import { describe, expect, it } from 'vitest';
import { findPlace } from '../../../../src/evidence/python/creations/place.ts';
import { type PythonHeap, RUNTIME_AT } from '../../builders/pythonHeap.ts';
import { heapOf, runtimeOf } from '../../builders/pythonMaker.ts';

function running(version: string): { heap: PythonHeap; interpreter: number; thread: number } {
  const heap = heapOf(version);
  const thread = heap.thread(101, 0);
  const interpreter = heap.interpreter(heap.thread(102, 0, thread));
  heap.run(interpreter);
  heap.hold(interpreter, thread);
  return { heap, interpreter, thread };
}
const placeOf = (heap: PythonHeap) => findPlace(heap.memory.open(), runtimeOf(heap));

describe('where the frames of the thread with the GIL are', () => {
  it.each(['3.11', '3.12', '3.13'])('in %s', (version) => {
    const { heap, interpreter, thread } = running(version);
    const place = placeOf(heap);
    expect(place).toMatchObject({ interpreter, nativeId: heap.layout.thread.nativeThreadId });
    expect(heap.word(place?.holderAt ?? 0)).toBe(thread);
  });
  it.each(['3.8', '3.9', '3.10'])('not in %s: they are on the stack', (version) => {
    expect(placeOf(running(version).heap)).toBeUndefined();
  });
  it.each(['3.11', '3.12', '3.13'])(
    'not before the interpreter has begun, nor where there are several (%s)',
    (version) => {
      const { heap, interpreter } = running(version);
      heap.memory.word(interpreter + heap.layout.interpreter.next, interpreter + 64);
      expect(placeOf(heap)).toBeUndefined();
      heap.run(0);
      expect(placeOf(heap)).toBeUndefined();
    },
  );
});

describe('a GIL that is found by its shape', () => {
  const gilOf = (heap: PythonHeap, interpreter: number): number => heap.word(interpreter + 384);
  it.for([
    ['an interval of nothing', (gil: number, heap: PythonHeap) => heap.memory.word(gil, 0)],
    ['a holder that is no thread', (gil: number, heap: PythonHeap) => heap.memory.word(gil + 8, RUNTIME_AT)],
    ['held more than once', (gil: number, heap: PythonHeap) => heap.memory.int32(gil + 16, 2)],
  ] as const)('is none with %s', ([, change]) => {
    const { heap, interpreter } = running('3.12');
    change(gilOf(heap, interpreter), heap);
    expect(placeOf(heap)).toBeUndefined();
  });
  it('a list of threads that leads back to itself ends', () => {
    const { heap, interpreter, thread } = running('3.12');
    heap.memory.word(thread + heap.layout.thread.next, thread);
    expect(placeOf(heap)?.interpreter).toBe(interpreter);
  });
});

it('offsets that make no sense are not given to the kernel', () => {
  const { heap } = running('3.13');
  const runtime = runtimeOf(heap);
  for (const nativeThreadId of [-8, Number.NaN, 2 ** 64]) {
    const thread = { ...runtime.layout.thread, nativeThreadId };
    expect(findPlace(heap.memory.open(), { ...runtime, layout: { ...runtime.layout, thread } })).toBeUndefined();
  }
  const owner = { at: 500, notPython: 3 };
  const frame = { ...runtime.layout.frame, owner };
  expect(findPlace(heap.memory.open(), { ...runtime, layout: { ...runtime.layout, frame } })).toBeUndefined();
});
