import { afterEach, describe, expect, it } from 'vitest';
import type { FrameReader } from '../../../../src/evidence/creators/makers/frameReader.ts';
import { CreationNotes } from '../../../../src/evidence/python/creations/creationNotes.ts';
import { HeapFrames } from '../../../../src/evidence/python/creations/heapFrames.ts';
import { type FakeProc, makeProc } from '../../../fixtures/procTree.ts';
import { BpfKernel } from '../../builders/bpfKernel.ts';
import { type PythonHeap, RUNTIME_AT } from '../../builders/pythonHeap.ts';
import { caughtOf, heapOf, makerOf, PID, runtimeOf } from '../../builders/pythonMaker.ts';
import { threadObject } from '../../builders/pythonObjects.ts';

const TASK = 202;
const AT_MS = 1_000;
const THREADING = '/usr/lib/python3/threading.py';

const procs: FakeProc[] = [];
afterEach(() => {
  for (const proc of procs.splice(0)) proc.remove();
});

interface Scene {
  readonly heap: PythonHeap;
  readonly bpf: BpfKernel;
  readonly reader: FrameReader;
  readonly thread: number;
  readonly interpreter: number;
  /** The bound method that is handed to the new thread. */
  readonly method: number;
  readonly start: number;
  readonly serve: number;
}

/** A process in which `serve` starts a thread that runs `wait`: its maker stands in `start`. */
function scene(version: string, { hasNotes = true, isStanding = true, lives = true } = {}): Scene {
  const heap = heapOf(version);
  const start = heap.code({ name: 'Thread.start', file: THREADING, firstLine: 900 });
  const serve = heap.code({ name: 'serve', file: '/app/server.py', firstLine: 100 });
  const wait = heap.code({ name: 'wait', file: '/app/jobs.py', firstLine: 7 });
  const bootstrap = heap.code({ name: 'Thread._bootstrap', file: THREADING, firstLine: 1000 });
  const self = threadObject(heap, heap.text('Thread-1'), { target: heap.function(wait) });
  const callers = [{ code: serve, offset: 54 }];
  const leaf = heap.frames(isStanding ? [{ code: start, offset: 32, self }, ...callers] : callers);
  const thread = heap.thread(PID, leaf);
  const interpreter = heap.interpreter(thread);
  heap.run(interpreter);
  heap.hold(interpreter, thread);
  const bpf = new BpfKernel();
  const notes = hasNotes ? new CreationNotes(bpf.kernel) : undefined;
  const proc = makeProc({ pid: PID, threads: [PID, ...(lives ? [TASK] : [])].map((tid) => ({ tid, name: 'python' })) });
  procs.push(proc);
  const reader = new HeapFrames(makerOf(heap, proc.root, notes), runtimeOf(heap));
  return { heap, bpf, reader, thread, interpreter, start, serve, method: heap.method(bootstrap, self) };
}

const creation = ({ heap }: Scene) => ({ pid: PID, tid: PID, task: TASK, atNs: AT_MS * 1e6, memory: heap.memory });
const caught = ({ method }: Scene, record = {}) => caughtOf([{ pc: 1, words: [0, method, 7] }], record);
const STARTED = {
  runtime: 'python',
  certainty: 'exact',
  frames: [
    { function: 'Thread.start', file: THREADING, line: 903 },
    { function: 'serve', file: '/app/server.py', line: 105 },
  ],
};

describe.each(['3.11', '3.12', '3.13'])('CPython %s', (version) => {
  it('what the kernel noted at the creation, wherever the maker is by now', () => {
    const made = scene(version);
    made.bpf.create(creation(made));
    made.heap.stand(made.thread, 0);
    expect(made.reader.framesOf(caught(made))).toEqual(STARTED);
  });
  it('a process that was forked is known from its first moment on', () => {
    const made = scene(version);
    made.bpf.create({ ...creation(made), task: 300, flags: 0x1200011 });
    made.bpf.create({ ...creation(made), pid: 300, tid: 300 });
    expect(made.reader.framesOf(caught(made))).toEqual(STARTED);
  });
  it('without a note: as it is now, if `start` has not returned', () => {
    const made = scene(version, { hasNotes: false });
    expect(made.reader.framesOf(caught(made))).toEqual(STARTED);
  });
  it('else what the new thread runs, in words that name no maker', () => {
    const made = scene(version, { hasNotes: false, isStanding: false });
    expect(made.reader.framesOf(caught(made))).toEqual({
      runtime: 'python',
      certainty: 'begins',
      frames: [{ function: 'code that starts wait (/app/jobs.py:7)' }],
    });
  });
  it.each([true, false])('nothing of a thread that has ended: its object may be another one by now', (isStanding) => {
    const made = scene(version, { hasNotes: false, isStanding, lives: false });
    expect(made.reader.framesOf(caught(made))).toBeUndefined();
  });
  it('the program lets the record live, also of a process that it does not know', () => {
    const made = scene(version);
    for (const pid of [PID, 999]) {
      made.bpf.create({ ...creation(made), pid });
      expect(made.bpf.answer).toBe(1n);
    }
  });
});

describe('a note is not believed', () => {
  const version = '3.12';
  const isOther = (change: (made: Scene) => void, record = {}): unknown => {
    const made = scene(version);
    change(made);
    made.bpf.create(creation(made));
    // Only the note counts: `start` returns.
    made.heap.stand(made.thread, 0);
    return made.reader.framesOf({ ...caught(made, record), steps: [] })?.certainty;
  };
  it('of a task that had the same id before', () => {
    expect(isOther(() => {}, { atMs: AT_MS + 500 })).toBe('begins');
  });
  it('of another thread than the maker: it had the GIL, and the maker did not', () => {
    expect(isOther(({ heap, thread }) => heap.memory.word(thread + 144, 77))).toBeUndefined();
  });
  it('but of the maker in a namespace of its own: its leaf is on the copied stack', () => {
    const made = scene(version);
    made.heap.memory.word(made.thread + 144, 1);
    made.bpf.create(creation(made));
    const leaf = made.heap.word(made.heap.word(made.thread + 56));
    expect(made.reader.framesOf(caughtOf([{ pc: 1, words: [0, leaf] }]))).toEqual(STARTED);
  });
  it('of an instruction that the function does not have', () => {
    expect(isOther(({ heap, serve, start }) => heap.memory.words(serve + 16, 1).words(start + 16, 1))).toBeUndefined();
  });
});

describe('several interpreters', () => {
  it.each(['3.11', '3.12', '3.13'])('are refused, in %s', (version) => {
    const made = scene(version);
    const second = made.heap.interpreter(0, made.interpreter);
    made.heap.memory.word(RUNTIME_AT + made.heap.layout.runtime.interpretersHead, second);
    made.bpf.create(creation(made));
    expect(made.reader.framesOf(caught(made, { atMs: AT_MS }))).toBeUndefined();
  });
});

describe('hostile memory', () => {
  it('a chain that leads back to itself: fourteen frames are noted', () => {
    const made = scene('3.11');
    const leaf = made.heap.word(made.heap.word(made.thread + 56) + 8);
    made.heap.memory.word(leaf + made.heap.layout.frame.previous, leaf);
    made.bpf.create(creation(made));
    expect(made.reader.framesOf(caught(made))?.frames).toHaveLength(14);
  });
  it('a process that is gone', () => {
    const made = scene('3.11');
    made.bpf.create(creation(made));
    made.heap.memory.unmap();
    expect(made.reader.framesOf(caught(made))).toBeUndefined();
  });
  it('the last records of a process that has ended: what was known of it is told', () => {
    const made = scene('3.12');
    made.bpf.create(creation(made));
    made.reader.framesOf(caught(made, { atMs: AT_MS - 15 }));
    made.heap.memory.unmap();
    expect(made.reader.framesOf(caught(made, { atMs: AT_MS + 10 }))).toEqual(STARTED);
  });
  it('process creations have no Thread object', () => {
    const made = scene('3.11', { hasNotes: false });
    expect(made.reader.framesOf(caught(made, { isThread: false }))).toBeUndefined();
  });
  it('the stack of the maker is not believed for what the maker itself runs', () => {
    const made = scene('3.11', { hasNotes: false });
    const bottom = made.heap.frames([{ code: made.serve, offset: 4, self: made.heap.word(made.method + 24) }]);
    made.heap.stand(made.thread, bottom);
    expect(made.reader.framesOf(caught(made))).toBeUndefined();
  });
});
