import { describe, expect, it } from 'vitest';
import { HotSpotHeap } from '../../builders/hotSpotHeap.ts';
import { FP, FRAMES, hotSpotScene, openHotSpotReader, slot } from '../../builders/hotSpotScene.ts';
import type { JavaVersion } from '../../builders/hotSpotTables.ts';
import { elfWithRules } from '../../builders/unwindTables.ts';

const VERSIONS: readonly JavaVersion[] = [8, 17, 24, 25];

describe('the Java frames of a copied stack: compiled, inlined, interpreted, native, and below a call from C++', () => {
  it.for(VERSIONS)('JDK %i', (version) => {
    const { caught, heap } = hotSpotScene(version);
    expect(openHotSpotReader(heap).framesOf(caught())).toEqual({ runtime: 'jvm', certainty: 'exact', frames: FRAMES });
  });
  it.for(VERSIONS)('JDK %i: code that was made invalid while it waited', (version) => {
    const { caught, heap, pool, put } = hotSpotScene(version);
    put(7, heap.deoptimise(pool));
    put(8 + 2, pool);
    expect(openHotSpotReader(heap).framesOf(caught())?.frames).toEqual(FRAMES);
  });
});

it('what lies between a lambda and its body is left out', () => {
  const { grow, heap, main, native, put, words } = hotSpotScene(17);
  const lambda = heap.method({ className: 'com/acme/Pool$$Lambda$7+0x00007f0001', name: 'run', firstLine: 1 });
  const inlined = [grow, lambda, main].map((method) => ({ method, bytecode: 3 }));
  put(7, heap.compiled(inlined, 0x40));
  expect(
    openHotSpotReader(heap)
      .framesOf(heap.caught(words, { pc: native, fp: 0 }))
      ?.frames.slice(0, 3)
      .map(({ function: name }) => name),
  ).toEqual(['java.lang.Thread.start0', 'com.acme.Pool.grow', 'com.acme.Main.main']);
});

describe('a JVM that begins', () => {
  it('has no Java yet, and is asked again', () => {
    const heap = new HotSpotHeap(17);
    const { caught } = hotSpotScene(17, heap);
    const reader = openHotSpotReader(heap);
    expect(reader.framesOf(caught())).toBeUndefined();
    heap.begin();
    expect(reader.framesOf(caught())?.frames).toHaveLength(5);
  });
  it('its code is newer than the maps that the native frames were followed by', () => {
    const { caught, heap, native } = hotSpotScene(17);
    const image = elfWithRules([{ functions: [{ start: 0x1000, length: 0x100 }] }]);
    const libc = { path: '/lib/libc.so.6', base: 0x7f50_0000_0000, image };
    const registers = new Float64Array(17).fill(Number.NaN);
    registers.set([slot(-1)], 7);
    heap.memory.word(slot(-1), native);
    const steps = [{ pc: libc.base + 0x1010, registers }];
    expect(openHotSpotReader(heap, [libc]).framesOf({ ...caught(), steps })?.frames).toEqual(FRAMES);
  });
  it('its own threads have no Java', () => {
    const { heap, words } = hotSpotScene(25);
    expect(openHotSpotReader(heap).framesOf(heap.caught(words, { pc: 0x7f10_0000_1234, fp: 0 }))).toBeUndefined();
  });
  it.for([
    'CodeBlob._name',
    'CodeCache._heaps',
    'Method._constMethod',
    'nmethod._scopes_pcs_offset',
    'Abstract_VM_Version._vm_major_version',
  ])('a build that does not tell %s', (field) => {
    const heap = new HotSpotHeap(17, [field]);
    const { caught } = hotSpotScene(17, heap.begin());
    expect(openHotSpotReader(heap).framesOf(caught())).toBeUndefined();
  });
});

describe('what was there before', () => {
  it('a process that has ended: what was seen once is known', () => {
    const { caught, heap } = hotSpotScene(25);
    const reader = openHotSpotReader(heap);
    const record = caught();
    expect(reader.framesOf(record)?.frames).toEqual(FRAMES);
    heap.memory.unmap();
    expect(reader.framesOf(record)?.frames).toEqual(FRAMES);
  });
  it('code that was thrown away, with other code in its place', () => {
    const { caught, heap, main, pool } = hotSpotScene(17);
    const reader = openHotSpotReader(heap);
    reader.framesOf(caught());
    heap.replace(pool, [{ method: main, bytecode: 3 }]);
    expect(reader.framesOf(caught())?.frames.map(({ line }) => line)).toEqual([undefined, 5, 304, 5]);
  });
});

describe('a stack that is longer than its copy', () => {
  const COPIED = 26 * 8;
  it('callers above it count while they wait', () => {
    const { caught, heap } = hotSpotScene(25);
    expect(openHotSpotReader(heap).framesOf(caught(COPIED))?.frames).toEqual(FRAMES);
  });
  it('once they have returned only the copy counts', () => {
    const { caught, heap } = hotSpotScene(25);
    const record = caught(COPIED);
    heap.memory.word(slot(25), 0x1234);
    expect(openHotSpotReader(heap).framesOf(record)?.frames).toEqual(FRAMES.slice(0, 4));
  });
});

describe('a stack that lies', () => {
  const framesWith = (index: number, value: number): number => {
    const { caught, heap, put } = hotSpotScene(17);
    put(index, value);
    return openHotSpotReader(heap).framesOf(caught())?.frames.length ?? 0;
  };
  it.for([
    ['a return address outside of all code', 7, 0x1234, 1],
    ['a return address in the middle of code that describes no such place', 7, 0x7f20_0000_6500, 1],
    ['a frame that is its own caller', FP - 1, slot(0), 4],
    ['an interpreted frame without a method', FP - 3, slot(3), 3],
    ['a method far away', FP - 3, 2 ** 60, 3],
    ['a bytecode of another method', FP - 8, 0x1000, 3],
    ['a frame pointer that is no stack', 14, 0x1000, 3],
    ['a wrapper below the frame', 30, slot(2), 4],
    ['a last Java frame below the frame', 44, slot(2), 4],
  ] as const)('%s', ([, index, value, want]) => {
    expect(framesWith(index, value)).toBe(want);
  });
});

describe('tables that lie', () => {
  it('a map of segments that goes back for ever', () => {
    const { caught, heap, native } = hotSpotScene(17);
    const segment = Math.floor((native - 0x7f20_0000_0000) / 0x2000);
    heap.memory.byte(0x7f28_0000_0000 + segment, 0xfe);
    expect(openHotSpotReader(heap).framesOf(caught())).toBeUndefined();
  });
  it('a name of 60,000 bytes', () => {
    const { caught, grow, heap } = hotSpotScene(17);
    const window = heap.memory.open().window(0, 8);
    const pool = window.readWord((window.readWord(grow + 8) as number) + 8) as number;
    heap.memory.int32((window.readWord(pool + 72 + 8) as number) + 4, 60_000);
    expect(
      openHotSpotReader(heap)
        .framesOf(caught())
        ?.frames.map(({ function: name }) => name),
    ).toEqual(['java.lang.Thread.start0']);
  });
});
