import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BashFrames } from '../../../src/evidence/shell/bashFrames.ts';
import { makeTree, type Tree } from '../../fixtures/tree.ts';
import { heapOf, SHELL, SHELL_PID, shellCaught, shellProcess } from '../builders/shellScene.ts';
import { BashHeap } from '../builders/shellTrees.ts';

let tree: Tree & { remove(): void };
beforeEach(() => {
  tree = makeTree({ [`proc/${SHELL_PID}/cmdline`]: 'bash\0app.sh\0' });
});
afterEach(() => tree.remove());

const AND = 38;
const SEMICOLON = 59;

/** `sleep 9 > /dev/null 2>&1 &` on line 3, the same in the foreground on 4; `( sleep 9 ) &` on 5; called on 9, in a loop on 12. */
function scene() {
  const heap = new BashHeap();
  const quiet = heap.redirect(0, heap.fileName('/dev/null'), heap.redirect(7, 1));
  const background = heap.simple(3, ['sleep', '9'], quiet);
  const rest = heap.connect(
    heap.simple(4, ['sleep', '9'], quiet),
    SEMICOLON,
    heap.connect(heap.subshell(5, heap.simple(5, ['sleep', '9'])), AND),
  );
  const retry = heap.define('retry', 'lib.sh', heap.connect(background, AND, rest));
  const handle = heap.define('handle', 'app.sh', heap.simple(9, ['retry', '"$1"']));
  const call = heap.simple(12, ['handle']);
  const loop = heap.loop(heap.simple(11, [':']), call);
  return { heap, memory: heap.memory, retry, handle, call, loop };
}
const read = ({ heap, memory }: ReturnType<typeof scene>, words: readonly number[]) => {
  const caught = shellCaught(memory, 0, words);
  return new BashFrames(shellProcess(memory, tree.dir), heapOf(memory), SHELL, heap.tables).framesOf(caught);
};
const told = (found: ReturnType<typeof read>) =>
  found && [found.certainty, ...found.frames.map((one) => `${one.function} ${one.file ?? '?'}:${one.line ?? '?'}`)];

describe('bash', () => {
  it.for([
    ['a command with redirections', 'sleep 9 > /dev/null 2>&1', 0, 'exact', 'lib.sh:3'],
    ['a subshell', '( sleep 9 )', 0, 'exact', 'lib.sh:5'],
    ['a text that stands on two lines, in the foreground', 'sleep 9 > /dev/null 2>&1', 1, 'function', 'lib.sh:?'],
    ['a text that is nowhere', 'sleep 99', 0, 'function', 'lib.sh:?'],
  ] as const)('%s: the line of the job that the process is', ([, text, flags, certainty, place]) => {
    const all = scene();
    all.heap.job(700, 'sleep 1');
    all.heap.job(701, text, flags);
    all.heap.job(702, 'sleep 2');
    expect(told(read(all, [all.retry, all.handle, all.call, all.loop]))).toEqual([
      certainty,
      `retry ${place}`,
      'handle app.sh:9',
      'main app.sh:12',
    ]);
  });
  it('a job that is forgotten: its function', () => {
    const all = scene();
    expect(told(read(all, [all.retry]))).toEqual(['function', 'retry lib.sh:?', 'main app.sh:?']);
  });
  it('outside of functions', () => {
    const all = scene();
    all.heap.job(701, 'handle');
    expect(told(read(all, [all.call, all.loop]))).toEqual(['exact', 'main app.sh:12']);
    expect(told(read(all, [all.call, 0]))).toEqual(['function', 'main app.sh:?']);
  });
  it('a function that is in no table is none', () => {
    const all = scene();
    all.memory.word(all.heap.tables.functions, 0);
    expect(read(all, [all.retry])).toBeUndefined();
  });
});

describe('what is not as it should be', () => {
  it.for([
    ['nothing', (all: ReturnType<typeof scene>) => all.memory.unmap()],
    [
      'a tree that leads back to itself',
      ({ call, loop, memory }: ReturnType<typeof scene>) => memory.words(call, 2, 0, 0, loop),
    ],
    [
      'a table with 2^31 buckets',
      ({ heap, memory }: ReturnType<typeof scene>) => memory.word(heap.tables.functions, heap.words(0, 2 ** 31)),
    ],
    [
      'a last job of 2^31',
      ({ heap, memory }: ReturnType<typeof scene>) => memory.int32(heap.tables.jobStats + 28, 2 ** 31 - 1),
    ],
  ] as const)('%s', ([, damage]) => {
    const all = scene();
    all.heap.job(701, 'sleep 9');
    damage(all);
    expect(() => read(all, [all.retry, all.handle, all.call, all.loop])).not.toThrow();
  });
});
