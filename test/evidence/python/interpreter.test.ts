import { describe, expect, it } from 'vitest';
import { readDebugOffsets } from '../../../src/evidence/python/debugOffsets.ts';
import { openPython, type Python, reopenPython } from '../../../src/evidence/python/interpreter.ts';
import { layoutOf } from '../../../src/evidence/python/knownLayouts.ts';
import type { PythonLayout } from '../../../src/evidence/python/layout.ts';
import { modulesFrom } from '../builders/program.ts';
import { debugOffsets } from '../builders/pythonDebug.ts';
import { PYTHON_BASE, PythonHeap, pythonFile, RUNTIME_AT } from '../builders/pythonHeap.ts';
import { threadObject } from '../builders/pythonObjects.ts';

const VERSIONS = ['3.8', '3.9', '3.10', '3.11', '3.12', '3.13', '3.14'] as const;
type Version = (typeof VERSIONS)[number];

function heapOf(version: Version): PythonHeap {
  const isSelfDescribed = version === '3.13' || version === '3.14';
  const described = debugOffsets(version === '3.14' ? 14 : 13);
  const layout = isSelfDescribed ? readDebugOffsets(described) : layoutOf(version);
  const heap = new PythonHeap(layout as PythonLayout);
  if (isSelfDescribed) heap.memory.write(RUNTIME_AT, described);
  return heap;
}

const modules = (version: Version) => modulesFrom([pythonFile(`/usr/bin/python${version}`)]);
const open = (heap: PythonHeap, version: Version, tids: readonly number[]): Python | undefined =>
  openPython(heap.memory.open(), modules(version), new Set(tids));

/** `read` at its third line, called by `serve` at its sixth, in a thread that `threading` began. */
function serving(heap: PythonHeap, self = 0): number {
  const read = heap.code({ name: 'read', file: '/app/io.py', firstLine: 10 });
  const serve = heap.code({ name: 'Server.serve', file: '/app/server.py', firstLine: 100 });
  const bootstrap = heap.code({
    name: 'Thread._bootstrap',
    file: '/usr/lib/python3/threading.py',
    firstLine: 1000,
  });
  return heap.frames([
    { code: read, offset: 22 },
    { code: serve, offset: 54 },
    { code: bootstrap, offset: 4, self },
  ]);
}

describe.each(VERSIONS)('CPython %s', (version) => {
  it('function, file and line of each frame', () => {
    const heap = heapOf(version);
    heap.run(heap.interpreter(heap.thread(101, serving(heap))));
    const python = open(heap, version, [101]);
    expect(python?.version).toBe(version);
    expect(python?.stackOf(101).frames).toEqual([
      { function: 'read', file: '/app/io.py', line: 12 },
      { function: 'Server.serve', file: '/app/server.py', line: 105 },
      { function: 'Thread._bootstrap', file: '/usr/lib/python3/threading.py', line: 1000 },
    ]);
  });
  it('every thread of every interpreter, by the ids of the kernel; equal stacks share one array', () => {
    const heap = heapOf(version);
    const leaf = serving(heap);
    const second = heap.interpreter(heap.thread(104, leaf));
    heap.run(heap.interpreter(heap.thread(101, leaf, heap.thread(102, leaf)), second));
    const python = open(heap, version, [101, 102, 103, 104]);
    expect([...(python?.threads.keys() ?? [])]).toEqual([101, 102, 104]);
    expect(python?.stackOf(101).frames).toBe(python?.stackOf(104).frames);
    expect(python?.stackOf(103)).toEqual({ frames: [], label: undefined });
  });
  it('a thread that has no frame yet', () => {
    const heap = heapOf(version);
    heap.run(heap.interpreter(heap.thread(101, 0)));
    expect(open(heap, version, [101])?.stackOf(101)).toEqual({ frames: [], label: undefined });
  });
  it('the name that a thread has in Python', () => {
    const heap = heapOf(version);
    const self = threadObject(heap, heap.text('conn-7 é中'));
    heap.run(heap.interpreter(heap.thread(101, serving(heap, self))));
    // From 3.14 on the kernel has it.
    expect(open(heap, version, [101])?.stackOf(101).label).toBe(version === '3.14' ? undefined : 'conn-7 é中');
  });
  it('the name of one whose attributes lie in a dictionary of its own', () => {
    const heap = heapOf(version);
    const self = threadObject(heap, heap.text('dicted'), { attributes: 'own dictionary' });
    heap.run(heap.interpreter(heap.thread(101, serving(heap, self))));
    expect(open(heap, version, [101])?.stackOf(101).label).toBe(version === '3.14' ? undefined : 'dicted');
  });
  it('no name: the attribute is not there, or is no text', () => {
    for (const make of [
      (heap: PythonHeap) => threadObject(heap, 0, { names: ['_target', '_daemonic'] }),
      (heap: PythonHeap) => threadObject(heap, heap.bytes(Buffer.from('x'))),
      (heap: PythonHeap) => threadObject(heap, 12),
      () => 0x1234_5000,
    ]) {
      const heap = heapOf(version);
      heap.run(heap.interpreter(heap.thread(101, serving(heap, make(heap)))));
      expect(open(heap, version, [101])?.stackOf(101).label).toBeUndefined();
    }
  });
  it('is found again without its list of threads', () => {
    const heap = heapOf(version);
    heap.run(heap.interpreter(heap.thread(101, serving(heap))));
    const threads = open(heap, version, [101])?.threads ?? new Map();
    expect(reopenPython(heap.memory.open(), modules(version), threads)?.stackOf(101).frames).toHaveLength(3);
  });
});

describe('a thread at work', () => {
  const version = '3.11';
  it('is read as it is, if it stands still for a moment', () => {
    const heap = heapOf(version);
    heap.run(heap.interpreter(heap.thread(101, serving(heap))));
    const python = open(heap, version, [101]);
    expect(python?.steadyStackOf(101)?.frames.map((frame) => frame.function)).toEqual([
      'read',
      'Server.serve',
      'Thread._bootstrap',
    ]);
    expect(python?.steadyStackOf(999)).toBeUndefined();
  });
  it('is not believed if it moves on with every look', () => {
    const heap = heapOf(version);
    const thread = heap.thread(101, serving(heap));
    heap.run(heap.interpreter(thread));
    const others = Array.from({ length: 20 }, () => serving(heap));
    const memory = heap.memory.open();
    // Each time that the leaf is looked for, it is another one.
    const restless = {
      ...memory,
      window: (before: number, after: number) => {
        const window = memory.window(before, after);
        return {
          ...window,
          readWord: (address: number) => {
            const leaf = address === thread + 56 ? others.pop() : undefined;
            if (leaf !== undefined) {
              heap.stand(thread, leaf);
              window.refresh();
            }
            return window.readWord(address);
          },
        };
      },
    };
    const python = openPython(restless, modules(version), new Set([101]));
    expect(python?.steadyStackOf(101)).toBeUndefined();
  });
});

describe('what is no interpreter that is known', () => {
  it.for([
    ['no file of Python', '/usr/bin/server', '_PyRuntime'],
    ['a version that has no table', '/usr/bin/python3.7', '_PyRuntime'],
    ['a program that only has the word in its name', '/usr/bin/python3.11', '_PySomethingElse'],
  ] as const)('%s', ([, path, symbol]) => {
    const heap = heapOf('3.11');
    heap.run(heap.interpreter(heap.thread(101, serving(heap))));
    const found = openPython(heap.memory.open(), modulesFrom([pythonFile(path, symbol)]), new Set([101]));
    expect(found).toBeUndefined();
  });
  it('an interpreter that has not begun', () => {
    const heap = heapOf('3.11').run(0);
    expect(open(heap, '3.11', [101])).toBeUndefined();
  });
  it('threads of another namespace', () => {
    const heap = heapOf('3.11');
    heap.run(heap.interpreter(heap.thread(7, serving(heap))));
    expect(open(heap, '3.11', [101])).toBeUndefined();
  });
  it('a file without any table of symbols', () => {
    const modulesOfNothing = modulesFrom([{ path: '/usr/bin/python3.11', base: PYTHON_BASE, image: Buffer.alloc(0) }]);
    expect(openPython(heapOf('3.11').memory.open(), modulesOfNothing, new Set([101]))).toBeUndefined();
  });
});

describe('damage', () => {
  const version = '3.11';
  it('a list of threads that leads back to itself ends', () => {
    const heap = heapOf(version);
    const thread = heap.thread(101, serving(heap));
    heap.memory.word(thread + heap.layout.thread.next, thread);
    heap.run(heap.interpreter(thread));
    expect(open(heap, version, [101])?.threads.size).toBe(1);
  });
  it('and is left at once when the time is up', () => {
    const heap = heapOf(version);
    const thread = heap.thread(101, serving(heap));
    heap.memory.word(thread + heap.layout.thread.next, thread);
    heap.run(heap.interpreter(thread));
    let asked = 0;
    const goesOn = () => {
      asked += 1;
      return asked < 50;
    };
    openPython(heap.memory.open(), modules(version), new Set([101]), goesOn);
    // Once more for each interpreter that is left.
    expect(asked).toBeLessThan(120);
  });
  it('a list of interpreters that leads back to itself ends', () => {
    const heap = heapOf(version);
    const interpreter = heap.interpreter(heap.thread(101, serving(heap)));
    heap.memory.word(interpreter + heap.layout.interpreter.next, interpreter);
    expect(open(heap.run(interpreter), version, [101])?.threads.size).toBe(1);
  });
  it('a stack that leads back to itself has so many frames and no more', () => {
    const heap = heapOf(version);
    const leaf = heap.frames([{ code: heap.code({ name: 'f', file: 'a.py', firstLine: 1 }), offset: 0 }]);
    heap.memory.word(leaf + heap.layout.frame.previous, leaf);
    heap.run(heap.interpreter(heap.thread(101, leaf)));
    expect(open(heap, version, [101])?.stackOf(101).frames).toHaveLength(512);
  });
  it('frames of the interpreter itself, and frames whose code cannot be read, are left out', () => {
    const heap = heapOf('3.12');
    const code = heap.code({ name: 'f', file: 'a.py', firstLine: 1 });
    const leaf = heap.frames([
      { code, offset: 0 },
      { code, offset: 0, isShim: true },
      { code: 0x1234_5678, offset: 0 },
      { code: 8, offset: 0 },
      { code, offset: 10 },
    ]);
    heap.run(heap.interpreter(heap.thread(101, leaf)));
    expect(
      open(heap, '3.12', [101])
        ?.stackOf(101)
        .frames.map(({ line }) => line),
    ).toEqual([1, 2]);
  });
  it('a reference with flags in its low bits, as in 3.14', () => {
    const heap = heapOf('3.14');
    const code = heap.code({ name: 'f', file: 'a.py', firstLine: 1 });
    const leaf = heap.frames([{ code, offset: 0 }]);
    heap.memory.word(leaf + heap.layout.frame.code, code + 1);
    heap.run(heap.interpreter(heap.thread(101, leaf)));
    expect(open(heap, '3.14', [101])?.stackOf(101).frames).toHaveLength(1);
  });
});
