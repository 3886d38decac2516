import { describe, expect, it } from 'vitest';
import { toldOf } from '../builders/interpreterFile.ts';
import { PhpHeap, phpGenerated, phpLoop, phpNative } from '../builders/phpHeap.ts';

const LINES = [7, 7, 8, 9];
const framesOf = (heap: PhpHeap, op: number, call = 0) => {
  return toldOf(heap.open(), [phpNative(), phpLoop(op, call), phpNative()]);
};

describe('the line that makes a process', () => {
  it.for([
    ['8.1', 20210902],
    ['8.2', 20220829],
    ['8.3', 20230831],
    ['8.4', 20240924],
  ] as const)('PHP %s', ([, api]) => {
    const heap = new PhpHeap(api);
    const { address, op } = heap.function({ name: 'start', lines: LINES });
    heap.tables([heap.native(), address], []);
    expect(framesOf(heap, op(2))).toEqual({
      runtime: 'php',
      certainty: 'exact',
      frames: [{ function: 'start', file: '/srv/app.php', line: 8 }],
    });
  });
  it.for([
    ['a version that is not known', new PhpHeap(20190902)],
    ['a build for threads', new PhpHeap(20220829, { isThreaded: true })],
    ['a build without registers', new PhpHeap(20220829, { kind: Buffer.from('b801000000c3') })],
  ] as const)('%s is not read', ([, heap]) => {
    expect(heap.open()).toBeUndefined();
  });
});

describe('names', () => {
  it('of a method, and of a closure in it', () => {
    const heap = new PhpHeap();
    const pool = heap.class('App\\Pool');
    const closure = heap.function({ name: 'App\\{closure}', lines: [12, 13], scope: pool.address });
    const method = heap.function({ name: 'grow', lines: LINES, scope: pool.address, closures: [closure.address] });
    pool.own(heap.native(), method.address);
    heap.tables([], [pool.address]);
    expect(framesOf(heap, method.op(0))?.frames[0]?.function).toBe('App\\Pool::grow');
    expect(framesOf(heap, closure.op(1))?.frames[0]?.function).toBe('App\\Pool::App\\{closure:12}');
  });
  it('of a method of a trait that two classes use: the class is not told', () => {
    const heap = new PhpHeap();
    const [one, other] = [heap.class('One'), heap.class('Other')];
    const first = heap.function({ name: 'grow', lines: LINES, scope: one.address });
    const second = heap.function({ name: 'grow', lines: LINES, scope: other.address, code: first.op(0) });
    one.own(first.address);
    other.own(second.address);
    heap.tables([], [one.address, other.address]);
    expect(framesOf(heap, first.op(1))?.frames).toEqual([{ function: 'grow', file: '/srv/app.php', line: 7 }]);
  });
  it('of code outside of functions, and of eval, by the calls that run now', () => {
    const heap = new PhpHeap();
    const main = heap.function({ lines: [1, 2] });
    const evaluated = heap.function({ lines: [1], isEval: true, file: "/srv/app.php(3) : eval()'d code" });
    const call = heap.calls(evaluated.address, heap.native(), main.address);
    expect(framesOf(heap, main.op(1))?.frames[0]).toMatchObject({ function: 'main', line: 2 });
    expect(framesOf(heap, evaluated.op(0), call)?.frames[0]).toMatchObject({ function: 'eval', line: 1 });
  });
});

describe('what is not to be believed', () => {
  const scene = () => {
    const heap = new PhpHeap();
    const site = heap.function({ name: 'start', lines: LINES });
    const outer = heap.function({ name: 'outer', lines: LINES });
    heap.tables([outer.address], []);
    return { heap, site, outer };
  };
  it('an instruction of a function that is not known: its caller is another one', () => {
    const { heap, outer, site } = scene();
    const steps = [phpLoop(site.op(1)), phpNative(), phpLoop(outer.op(1)), phpNative()];
    expect(toldOf(heap.open(), steps)).toBeUndefined();
  });
  it('registers below code that was made at run time', () => {
    const { heap, outer } = scene();
    const steps = [phpNative(), phpGenerated(), phpLoop(outer.op(1)), phpNative()];
    expect(toldOf(heap.open(), steps)).toBeUndefined();
  });
  it('a place between two instructions', () => {
    const { heap, outer } = scene();
    expect(framesOf(heap, outer.op(1) + 8)).toBeUndefined();
  });
  it('a line that is not in the function', () => {
    const { heap, outer } = scene();
    heap.memory.int32(outer.op(1) + 24, 10);
    expect(framesOf(heap, outer.op(1))).toBeUndefined();
  });
  it('a function that was freed, and another one at its place', () => {
    const { heap, outer } = scene();
    const reader = heap.open();
    const steps = [phpLoop(outer.op(1)), phpNative()];
    expect(toldOf(reader, steps)?.frames[0]?.function).toBe('outer');
    heap.memory.word(outer.address + 8, heap.text('another'));
    heap.tables([], []);
    expect(toldOf(reader, steps)).toBeUndefined();
  });
  it('calls that lead back to themselves, and tables without end', () => {
    const { heap, outer } = scene();
    const call = heap.calls(heap.native());
    heap.memory.word(call + 48, call);
    heap.memory.word(0x5600_0000_2000 + 432, heap.table(heap.take(), ...Array(600).fill(outer.address)));
    expect(framesOf(heap, 0x7e00_0000_0008)).toBeUndefined();
    heap.memory.unmap();
    expect(heap.open()).toBeUndefined();
  });
});
