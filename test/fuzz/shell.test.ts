import fc from 'fast-check';
import { describe } from 'vitest';
import { BashFrames } from '../../src/evidence/shell/bashFrames.ts';
import { PosixFrames } from '../../src/evidence/shell/posixFrames.ts';
import { heapOf, SHELL, shellCaught, shellProcess } from '../evidence/builders/shellScene.ts';
import { BashHeap, PosixTrees, SHELL_HEAP } from '../evidence/builders/shellTrees.ts';
import { fuzz, oddNumber } from './fuzz.ts';

/** Words of the heap that become pointers into it, and words that become odd numbers. */
const links = fc.array(fc.tuple(fc.nat(0xff), fc.nat(0xff)), { maxLength: 120 });
const numbers = fc.array(fc.tuple(fc.nat(0xff), oddNumber), { maxLength: 30 });
const stack = fc.array(fc.nat(0xff), { maxLength: 64 });
const at = (slot: number): number => SHELL_HEAP + 8 * slot;

describe('shells', () => {
  fuzz('a heap of dash of any pointers', fc.tuple(links, numbers, stack), ([pointers, odd, words]) => {
    const trees = new PosixTrees();
    const called = trees.define('f', 1, () => trees.node(3, trees.command(2, 'sleep', '9')));
    const loop = trees.node(9, trees.command(3, ':'), trees.pipe(trees.command(4, 'f'), trees.command(4, 'g')));
    const { memory } = trees;
    for (const [slot, target] of pointers) memory.word(at(slot), at(target));
    for (const [slot, value] of odd) memory.write(at(slot), wordOf(value));
    const caught = shellCaught(memory, called + 8, [called, loop, ...words.map(at)]);
    new PosixFrames(shellProcess(memory, '/nowhere'), heapOf(memory), SHELL, 1).framesOf(caught);
  });
  fuzz('a heap of bash of any pointers', fc.tuple(links, numbers, stack), ([pointers, odd, words]) => {
    const heap = new BashHeap();
    const called = heap.define('f', 'lib.sh', heap.connect(heap.simple(3, ['sleep', '9']), 38));
    const loop = heap.loop(heap.simple(11, [':']), heap.simple(12, ['f']));
    heap.job(701, 'sleep 9');
    const { memory } = heap;
    for (const [slot, target] of pointers) memory.word(at(slot), at(target));
    for (const [slot, value] of odd) memory.write(at(slot), wordOf(value));
    const caught = shellCaught(memory, called, [called, loop, ...words.map(at)]);
    new BashFrames(shellProcess(memory, '/nowhere'), heapOf(memory), SHELL, heap.tables).framesOf(caught);
  });
});

function wordOf(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}
