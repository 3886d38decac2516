import fc from 'fast-check';
import { describe } from 'vitest';
import { INTERPRETER_BASE } from '../evidence/builders/interpreterFile.ts';
import { type FakeOp, makingStep, PERL_HEAP, PerlHeap, PP } from '../evidence/builders/perlHeap.ts';
import { PHP_HEAP, PhpHeap, phpLoop, phpNative } from '../evidence/builders/phpHeap.ts';
import { caughtOf } from '../evidence/builders/pythonMaker.ts';
import { loopStep, plainStep, RUBY_HEAP, RubyHeap } from '../evidence/builders/rubyHeap.ts';
import { fuzz, oddNumber } from './fuzz.ts';

/** Words of a heap become odd numbers, and pointers to other objects of it. */
const changes = fc.tuple(
  fc.array(fc.tuple(fc.nat(40), fc.nat(40), oddNumber), { maxLength: 20 }),
  fc.array(fc.tuple(fc.nat(40), fc.nat(40), fc.nat(40)), { maxLength: 20 }),
);
type Changes = typeof changes extends fc.Arbitrary<infer T> ? T : never;

function change(heap: { readonly memory: RubyHeap['memory'] }, base: number, slot: number, all: Changes): void {
  const [numbers, links] = all;
  for (const [object, word, value] of numbers) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(value);
    heap.memory.write(base + slot * object + 8 * word, bytes);
  }
  for (const [object, word, other] of links) heap.memory.word(base + slot * object + 8 * word, base + slot * other);
}

/** Long searches go on from one record to the next. */
const TIMES = [0, 20, 40, 2_000];

describe('heaps of scripts', () => {
  fuzz('Ruby', fc.tuple(fc.constantFrom('3.0.1', '3.1.2', '3.3.0'), changes), ([version, all]) => {
    const heap = new RubyHeap(version);
    const iseq = heap.iseq({ name: 'f', file: 'a.rb', lines: [1, 2, 3, 3] });
    const [control = 0] = heap.control([[iseq.address, iseq.behind(1)], 'C', [iseq.address, iseq.behind(2)]]);
    change(heap, RUBY_HEAP, 0x4000, all);
    const reader = heap.open();
    for (const atMs of TIMES) {
      reader?.framesOf(caughtOf([plainStep(), loopStep(iseq.behind(1), control), plainStep()], { atMs }));
    }
  });
  fuzz('PHP', changes, (all) => {
    const heap = new PhpHeap();
    const owner = heap.class('A');
    const closure = heap.function({ name: '{closure}', lines: [3] });
    const method = heap.function({ name: 'f', lines: [1, 2, 3], scope: owner.address, closures: [closure.address] });
    owner.own(method.address);
    heap.tables([closure.address], [owner.address]);
    const call = heap.calls(method.address, closure.address);
    change(heap, PHP_HEAP, 0x1000, all);
    const reader = heap.open();
    for (const atMs of TIMES) reader?.framesOf(caughtOf([phpNative(), phpLoop(method.op(1), call)], { atMs }));
  });
  const op: FakeOp = { kind: 'fork', target: 1 };
  fuzz('Perl', changes, (all) => {
    const heap = new PerlHeap();
    const value = heap.value();
    heap.sub(
      'f',
      heap.tree([
        { kind: 'statement', line: 3 },
        { kind: 'other', kids: [op] },
      ]),
      [0, value],
    );
    heap.main(heap.tree([op]), [0, value]);
    change(heap, PERL_HEAP, 0x800, all);
    const reader = heap.open();
    const steps = [makingStep(PP.other, 0), makingStep(PP.fork, value, [INTERPRETER_BASE]), makingStep(PP.other, 0)];
    for (const atMs of TIMES) reader?.framesOf(caughtOf(steps, { atMs }));
  });
});
