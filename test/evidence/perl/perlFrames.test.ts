import { describe, expect, it } from 'vitest';
import { toldOf } from '../builders/interpreterFile.ts';
import { type FakeOp, makingStep, PERL_HEAP, PerlHeap, PP } from '../builders/perlHeap.ts';

const outer = makingStep(PP.other, 0);
const at = (line: number): FakeOp => ({ kind: 'statement', line });
const framesOf = (heap: PerlHeap, code: number, value: number, words?: readonly number[]) => {
  return toldOf(heap.open(), [outer, makingStep(code, value, words), outer]);
};

describe('the statement that makes a process', () => {
  const scene = () => {
    const heap = new PerlHeap();
    const [forked, ran, own] = [heap.value(), heap.value(), heap.value()];
    const tree = heap.tree([
      at(3),
      { kind: 'fork', target: 1 },
      at(4),
      { kind: 'other', kids: [{ kind: 'system', target: 2 }] },
    ]);
    const sub = heap.sub('open_session', tree, [0, forked, ran]);
    for (let more = 0; more < 4; more += 1) heap.sub(`other_${more}`, heap.tree([at(50)]), []);
    heap.main(heap.tree([at(20), { kind: 'fork', target: 1 }]), [0, own]);
    return { heap, forked, ran, own, sub };
  };
  it('by the value for its result, in a register', () => {
    const { forked, heap } = scene();
    expect(framesOf(heap, PP.fork, forked)).toEqual({
      runtime: 'perl',
      certainty: 'exact',
      frames: [{ function: 'main::open_session', file: 'app.pl', line: 3 }],
    });
  });
  it('or on the stack of its function', () => {
    const { heap, ran } = scene();
    expect(framesOf(heap, PP.system, 0, [7, ran])?.frames[0]?.line).toBe(4);
  });
  it('outside of subs', () => {
    const { heap, own } = scene();
    expect(framesOf(heap, PP.fork, own)?.frames).toEqual([{ function: 'main', file: 'app.pl', line: 20 }]);
  });
  it('not by a value that another function has', () => {
    const { forked, heap } = scene();
    expect(framesOf(heap, PP.system, forked)).toBeUndefined();
    expect(toldOf(heap.open(), [makingStep(PP.other, forked), outer])).toBeUndefined();
  });
  it('not by a value that its pad has no more', () => {
    const { forked, heap, sub } = scene();
    const reader = heap.open();
    const steps = [makingStep(PP.fork, forked), outer];
    expect(toldOf(reader, steps)?.frames[0]?.line).toBe(3);
    heap.memory.word(sub.slots + 8, heap.value());
    expect(toldOf(reader, steps)).toBeUndefined();
  });
  it('not in a version that is not known', () => {
    expect(new PerlHeap(5, 30).open()).toBeUndefined();
    expect(new PerlHeap(7, 36).open()).toBeUndefined();
  });
});

describe('lines', () => {
  const lineOf = (ops: readonly FakeOp[]) => {
    const heap = new PerlHeap();
    const value = heap.value();
    heap.sub('f', heap.tree(ops), [0, value]);
    return framesOf(heap, PP.fork, value)?.frames[0]?.line;
  };
  it('a block in a statement has its own; what follows it has that of the statement', () => {
    const block: FakeOp = { kind: 'other', kids: [at(6), { kind: 'other' }] };
    expect(lineOf([at(5), { kind: 'other', kids: [block, { kind: 'fork', target: 1 }] }])).toBe(5);
  });
  it('a statement that was left out has kept its line', () => {
    const block: FakeOp = {
      kind: 'other',
      kids: [
        { kind: 'left out', line: 6 },
        { kind: 'fork', target: 1 },
      ],
    };
    expect(lineOf([at(5), block])).toBe(6);
  });
  it('two operations that put their results into one variable: only the sub is known', () => {
    const heap = new PerlHeap();
    const value = heap.value();
    const ops: readonly FakeOp[] = [at(5), { kind: 'system', target: 1 }, at(6), { kind: 'system', target: 1 }];
    heap.sub('f', heap.tree(ops), [0, value]);
    expect(framesOf(heap, PP.system, value)).toMatchObject({
      certainty: 'function',
      frames: [{ function: 'main::f', file: 'app.pl' }],
    });
    heap.sub('g', heap.tree([at(9), { kind: 'system', target: 1 }]), [0, value]);
    expect(framesOf(heap, PP.system, value)).toBeUndefined();
  });
  it('subs without a name are told apart by where they begin', () => {
    const heap = new PerlHeap();
    const value = heap.value();
    heap.sub('__ANON__', heap.tree([at(8), at(9), { kind: 'fork', target: 1 }]), [0, value]);
    expect(framesOf(heap, PP.fork, value)?.frames[0]).toMatchObject({ function: 'main::__ANON__[8]', line: 9 });
  });
});

describe('damage', () => {
  it('operations and blocks of values that lead back to themselves', () => {
    const heap = new PerlHeap();
    const value = heap.value();
    const tree = heap.tree([{ kind: 'other' }, at(5)]);
    heap.memory.word(tree + 8, tree);
    const { code } = heap.sub('f', tree, [0, value]);
    heap.memory.word(code - 24, code - 24);
    const reader = heap.open();
    expect(toldOf(reader, [makingStep(PP.fork, value), outer])).toBeUndefined();
  });
  it('memory that is gone', () => {
    const heap = new PerlHeap();
    heap.memory.unmap();
    expect(framesOf(heap, PP.fork, PERL_HEAP)).toBeUndefined();
  });
});
