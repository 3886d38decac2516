import { afterEach, describe, expect, it } from 'vitest';
import { type FakeProc, makeProc } from '../../fixtures/procTree.ts';
import { toldOf } from '../builders/interpreterFile.ts';
import { caughtOf, PID } from '../builders/pythonMaker.ts';
import { type FakeIseq, generatedStep, loopStep, plainStep, RUBY_HEAP, RubyHeap } from '../builders/rubyHeap.ts';

const MAIN: FakeIseq = { name: '<main>', file: 'app.rb', lines: [1, 1, 20, 20, 21] };
const SITE: FakeIseq = { name: 'open_session', file: 'lib/server.rb', lines: [4, 4, 5, 5, 7] };

let proc: FakeProc | undefined;
afterEach(() => proc?.remove());

/** A site that the main program has called. */
function scene(version = '3.1.2', site: FakeIseq = SITE) {
  const heap = new RubyHeap(version);
  const [main, called] = [heap.iseq(MAIN), heap.iseq(site)];
  return { heap, main, called };
}

describe('the line that makes a task', () => {
  it.for(['3.0.6', '3.1.2', '3.2.8', '3.3.0'])('Ruby %s', (version) => {
    const { called, heap, main } = scene(version);
    const [control = 0] = heap.control([
      [called.address, called.behind(2)],
      [main.address, main.behind(3)],
    ]);
    const caught = caughtOf([plainStep(), loopStep(called.behind(2), control), plainStep()]);
    expect(heap.open()?.framesOf(caught)).toEqual({
      runtime: 'ruby',
      certainty: 'exact',
      frames: [{ function: 'open_session', file: 'lib/server.rb', line: 5 }],
    });
  });
  it.for([0, 53, 54, 117, 118, 565, 566, 1_100])('at word %i of a long method', (word) => {
    const lines = Array.from({ length: 1_200 }, (_, index) => 10 + Math.floor(index / 3));
    const { called, heap } = scene('3.1.2', { ...SITE, lines });
    const [control = 0] = heap.control([[called.address, called.behind(word)]]);
    const found = heap.open()?.framesOf(caughtOf([loopStep(called.behind(word), control), plainStep()]));
    expect(found?.frames[0]?.line).toBe(10 + Math.floor(word / 3));
  });
  it('is from the register, also when its control frame is that of another call by now', () => {
    const { called, heap, main } = scene();
    const [control = 0] = heap.control(['C', [main.address, main.behind(2)], [called.address, called.behind(4)]]);
    const found = heap.open()?.framesOf(caughtOf([loopStep(called.behind(2), control), plainStep()]));
    expect(found?.frames[0]?.line).toBe(5);
  });
  it('no version that is known', () => {
    expect(new RubyHeap('2.5.1').open()).toBeUndefined();
    expect(new RubyHeap('4.0.0').open()).toBeUndefined();
  });
});

describe('a method that no control frame leads to', () => {
  const maps = `${RUBY_HEAP.toString(16)}-${(RUBY_HEAP + 0x40000).toString(16)} rw-p 00000000 00:00 0 \n`;
  const unseen = () => {
    const made = scene();
    const [control = 0] = made.heap.control(['C', [made.main.address, made.main.behind(2)]]);
    return { ...made, steps: [loopStep(made.called.behind(2), control), plainStep()] };
  };
  it('is searched for in the memory of Ruby', () => {
    proc = makeProc({ pid: PID, maps });
    const { heap, main, steps } = unseen();
    const reader = heap.open(proc.root);
    // The loop has no symbol: it is known once code that is known ran in it.
    expect(toldOf(reader, steps)).toBeUndefined();
    const [control = 0] = heap.control(['C', [main.address, main.behind(2)]]);
    reader?.framesOf(caughtOf([loopStep(main.behind(2), control), plainStep()]));
    expect(toldOf(reader, steps)?.frames[0]?.function).toBe('open_session');
  });
  it('is not known where the memory may not be searched, and its caller is not told in its place', () => {
    const { called, heap, main } = unseen();
    const [control = 0] = heap.control(['C', [main.address, main.behind(2)]]);
    const caught = caughtOf([
      loopStep(called.behind(2), control - 64),
      plainStep(),
      loopStep(main.behind(2), control + 64),
      plainStep(),
    ]);
    expect(heap.open()?.framesOf(caught)).toBeUndefined();
  });
});

describe('callers', () => {
  const chain = (frames: readonly (readonly [number, number] | 'C')[], heap: RubyHeap, at: readonly number[]) => {
    const controls = heap.control(frames);
    const steps = at.flatMap((index) => {
      const [, pc] = frames[index] as readonly [number, number];
      return [loopStep(pc, controls[index] as number), plainStep()];
    });
    return heap.open()?.framesOf(caughtOf(steps));
  };
  it('are told where at most one function in C lies between', () => {
    const { called, heap, main } = scene();
    const inner = [called.address, called.behind(2)] as const;
    const found = chain([inner, 'C', [main.address, main.behind(2)]], heap, [0, 2]);
    expect(found?.frames.map(({ line }) => line)).toEqual([5, 20]);
  });
  it('are left out where others may lie between', () => {
    const { called, heap, main } = scene();
    const inner = [called.address, called.behind(2)] as const;
    const between = [main.address, main.behind(4)] as const;
    const found = chain([inner, between, 'C', [main.address, main.behind(2)]], heap, [0, 3]);
    expect(found).toMatchObject({ certainty: 'exact', frames: [{ line: 5 }] });
    expect(found?.frames).toHaveLength(1);
  });
  it('stand for a method of the core, whose own line says nothing', () => {
    const { called, heap, main } = scene('3.1.2', { ...SITE, name: 'loop', file: '<internal:kernel>' });
    const inner = [called.address, called.behind(2)] as const;
    const between = [main.address, main.behind(4)] as const;
    expect(chain([inner, between, 'C', [main.address, main.behind(2)]], heap, [0, 3])).toMatchObject({
      certainty: 'called from',
      frames: [{ function: '<main>', line: 20 }],
    });
  });
});

describe('what is not to be believed', () => {
  it('callers of code that was made at run time', () => {
    const { called, heap } = scene();
    const [control = 0] = heap.control([[called.address, called.behind(2)]]);
    const caught = caughtOf([plainStep(), generatedStep(), loopStep(called.behind(2), control), plainStep()]);
    expect(heap.open()?.framesOf(caught)).toBeUndefined();
  });
  it.for([
    ['that was freed', (heap: RubyHeap, address: number) => heap.memory.word(address, 0)],
    ['whose name is none', (heap: RubyHeap, address: number) => heap.memory.word(address + 0x4000 + 80, address)],
    ['whose path is itself', (heap: RubyHeap, address: number) => heap.memory.word(address + 0x4000 + 64, address)],
    ['with a line table of one', (heap: RubyHeap, address: number) => heap.memory.int32(address + 0x4000 + 136, 1)],
    ['in memory that is gone', (heap: RubyHeap) => heap.memory.unmap()],
  ] as const)('code %s', ([, damage]) => {
    const { called, heap } = scene();
    const [control = 0] = heap.control([[called.address, called.behind(2)]]);
    damage(heap, called.address);
    expect(heap.open()?.framesOf(caughtOf([loopStep(called.behind(2), control), plainStep()]))).toBeUndefined();
  });
});
