import { describe, expect, it } from 'vitest';
import { CreationNotes } from '../../../../src/evidence/python/creations/creationNotes.ts';
import type { Place } from '../../../../src/evidence/python/creations/noteLayout.ts';
import { BpfKernel } from '../../builders/bpfKernel.ts';
import { FakeMemory } from '../../builders/fakeMemory.ts';

const PLACE: Place = {
  headAt: 0x1000,
  interpreter: 0x2000,
  holderAt: 0x3000,
  nativeId: 0x90,
  steps: [0x38, 8],
  frame: { code: 0, instruction: 56, previous: 8 },
};

/** A thread with one frame: where its parts are is said by `PLACE`. */
const memory = (): FakeMemory =>
  new FakeMemory()
    .word(0x1000, 0x2000)
    .word(0x3000, 0x4000)
    .word(0x4090, 7)
    .word(0x4038, 0x5000)
    .word(0x5008, 0x6000)
    .words(0x6000, 0xc0de, 0)
    .words(0x6038, 0xc0ff, 0, 0);

const creation = { pid: 7, tid: 7, task: 8, atNs: 5e6, memory: memory() };

describe('notes of creations', () => {
  it('where, when and by whom a task was made', () => {
    const bpf = new BpfKernel();
    const notes = new CreationNotes(bpf.kernel);
    expect(notes.watch(7, PLACE)).toBe(true);
    bpf.create(creation);
    expect(notes.noteOf({ atMs: 5.1, task: 8 })).toMatchObject({
      atMs: 5,
      nativeId: 7,
      leaf: 0x6000,
      frames: [{ code: 0xc0de, instruction: 0xc0ff }],
    });
  });
  it('none of a process that is not watched, of another task, of another time', () => {
    const bpf = new BpfKernel();
    const notes = new CreationNotes(bpf.kernel);
    notes.watch(9, PLACE);
    bpf.create(creation);
    expect(notes.noteOf({ atMs: 5, task: 8 })).toBeUndefined();
    notes.watch(7, PLACE);
    bpf.create(creation);
    expect(notes.noteOf({ atMs: 5, task: 88 })).toBeUndefined();
    expect(notes.noteOf({ atMs: 500, task: 8 })).toBeUndefined();
  });
  it.for([
    ['another interpreter', (one: FakeMemory) => one.word(0x1000, 0x2222)],
    ['nobody had the GIL', (one: FakeMemory) => one.word(0x3000, 0)],
  ] as const)('nothing is noted: %s', ([, change]) => {
    const bpf = new BpfKernel();
    const notes = new CreationNotes(bpf.kernel);
    notes.watch(7, PLACE);
    bpf.create({ ...creation, memory: change(memory()) });
    expect([notes.noteOf({ atMs: 5, task: 8 }), bpf.answer]).toEqual([undefined, 1n]);
  });
  it.for(['map', 'program', 'event', 'hang'] as const)(
    'the kernel refuses the %s: all is closed, and it is not asked again',
    (what) => {
      const bpf = new BpfKernel();
      bpf.refuses = what;
      const notes = new CreationNotes(bpf.kernel);
      expect(notes.watch(7, PLACE)).toBe(false);
      const opened = { map: 0, program: 2, event: 3, hang: 4 }[what];
      expect(bpf.closed).toHaveLength(opened);
      bpf.refuses = undefined;
      expect([notes.watch(7, PLACE), notes.noteOf({ atMs: 5, task: 8 })]).toEqual([false, undefined]);
    },
  );
  it('everything is closed at the end, and nothing is loaded before the first process', () => {
    const bpf = new BpfKernel();
    const unused = new CreationNotes(bpf.kernel);
    unused.close();
    expect([bpf.maps.size, bpf.closed]).toEqual([0, []]);
    const notes = new CreationNotes(bpf.kernel);
    notes.watch(7, PLACE);
    notes.watch(8, PLACE);
    expect(bpf.maps.size).toBe(2);
    notes.close();
    expect(new Set(bpf.closed).size).toBe(4);
    expect(notes.watch(7, PLACE)).toBe(false);
  });
});
