import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PosixFrames } from '../../../src/evidence/shell/posixFrames.ts';
import { makeTree, type Tree } from '../../fixtures/tree.ts';
import { heapOf, SHELL, SHELL_PID, SHELL_SP, shellCaught, shellProcess } from '../builders/shellScene.ts';
import { PosixTrees } from '../builders/shellTrees.ts';

const SCRIPT = `retry() {
  sleep 9 &
}
handle() {
  retry
}
while :; do handle; done
`;
let tree: Tree & { remove(): void };
beforeEach(() => {
  tree = makeTree({
    [`proc/${SHELL_PID}/cmdline`]: 'dash\0/srv/app.sh\0',
    [`proc/${SHELL_PID}/root/srv/app.sh`]: SCRIPT,
  });
});
afterEach(() => tree.remove());

/** `retry` leaves a process behind, `handle` calls it, a loop calls that. */
function scene(trees = new PosixTrees()) {
  let [leaf, inner, outer] = [0, 0, 0];
  const retry = trees.define('retry', 1, () => {
    leaf = trees.node(3, trees.command(2, 'sleep', '9'));
    return leaf;
  });
  const handle = trees.define('handle', 4, () => {
    inner = trees.command(5, 'retry');
    return inner;
  });
  outer = trees.command(7, 'handle');
  const loop = trees.node(9, trees.command(7, ':'), outer);
  return { trees, memory: trees.memory, retry, handle, leaf, inner, outer, loop };
}
const read = ({ memory }: ReturnType<typeof scene>, rbx: number, words: readonly number[], more = () => {}) => {
  const caught = shellCaught(memory, rbx, words);
  more();
  return new PosixFrames(shellProcess(memory, tree.dir), heapOf(memory), SHELL, 4).framesOf(caught);
};
const told = (found: ReturnType<typeof read>) =>
  found && [found.certainty, ...found.frames.map((one) => `${one.function} ${one.file ?? '?'}:${one.line ?? '?'}`)];

describe('dash', () => {
  it('functions and lines by the nodes on the stack, out to the script', () => {
    const all = scene();
    const { handle, inner, leaf, loop, outer, retry } = all;
    expect(told(read(all, leaf, [retry, inner, handle, outer, loop]))).toEqual([
      'exact',
      'retry /srv/app.sh:2',
      'handle /srv/app.sh:5',
      'main /srv/app.sh:7',
    ]);
  });
  it('outside of functions', () => {
    const all = scene();
    expect(told(read(all, all.outer, [all.loop]))).toEqual(['exact', 'main /srv/app.sh:7']);
  });
  it('a loop that has ended says nothing of lines outside of functions: another command may be in its place', () => {
    const all = scene();
    const { leaf, loop, memory, outer, retry } = all;
    const end = () => memory.word(SHELL_SP + 16, 0);
    expect(told(read(all, leaf, [retry, outer, loop], end))).toEqual([
      'exact',
      'retry /srv/app.sh:2',
      'main /srv/app.sh:?',
    ]);
    expect(read(all, outer, [0, 0, loop], end)).toBeUndefined();
  });
  it('a function that was left behind by an earlier call is none', () => {
    const all = scene();
    const old = all.trees.define('old', 90, () => all.trees.command(91, 'true'));
    const { handle, inner, leaf, loop, outer, retry } = all;
    expect(told(read(all, leaf, [old + 72, old, retry, inner, handle, outer, loop]))).toEqual([
      'exact',
      'retry /srv/app.sh:2',
      'handle /srv/app.sh:5',
      'main /srv/app.sh:7',
    ]);
  });
  it('a function that the script does not have on that line has no file', () => {
    const all = scene();
    const { trees } = all;
    let leaf = 0;
    const sourced = trees.define('sourced', 3, () => {
      leaf = trees.pipe(trees.command(4, Buffer.from([0x82, 0x41]), 'x'), trees.command(5, 'cat'));
      return leaf;
    });
    expect(told(read(all, leaf, [sourced]))).toEqual(['exact', 'sourced ?:4', 'main /srv/app.sh:?']);
  });
});

describe('a text behind -c', () => {
  it('busybox counts its lines from 0', () => {
    tree.write(`proc/${SHELL_PID}/cmdline`, 'busybox\0sh\0-c\0f() { sleep 9 & }; f\0');
    const trees = new PosixTrees();
    let leaf = 0;
    const called = trees.define('f', 0, () => {
      leaf = trees.node(3, trees.command(0, 'sleep', '9'));
      return leaf;
    });
    const text = () => {
      const caught = shellCaught(trees.memory, leaf, [called, trees.command(0, 'f')]);
      const process = shellProcess(trees.memory, tree.dir);
      return told(new PosixFrames(process, heapOf(trees.memory), SHELL, 1).framesOf(caught));
    };
    expect(text()).toEqual(['exact', 'f ?:1', "sh -c 'f() { sleep 9 & }; f' ?:1"]);
    tree.write(`proc/${SHELL_PID}/cmdline`, 'busybox\0sh\0-c\0f() { sleep 9 & }\nf\0');
    expect(text()).toEqual(['function', 'f ?:?', "sh -c 'f() { sleep 9 & } f' ?:?"]);
  });
  it('is named, and its line is 1', () => {
    tree.write(`proc/${SHELL_PID}/cmdline`, 'sh\0-c\0while :; do handle; done\0');
    const all = scene();
    expect(told(read(all, all.outer, []))).toEqual(['exact', "sh -c 'while :; do handle; done' ?:7"]);
  });
});

describe('what is not as it should be', () => {
  it.for([
    ['nothing', (all: ReturnType<typeof scene>) => all.memory.unmap()],
    ['a tree that leads back to itself', ({ leaf, memory }: ReturnType<typeof scene>) => memory.word(leaf + 8, leaf)],
    [
      'words without an end',
      ({ memory, outer, trees }: ReturnType<typeof scene>) => {
        const word = trees.words(15, 0, 0, 0);
        memory.word(word + 8, word).word(outer + 16, word);
      },
    ],
    ['a line that no script has', ({ memory, outer }: ReturnType<typeof scene>) => memory.int32(outer + 4, -1)],
    ['a block of 2^60 bytes', ({ memory, retry }: ReturnType<typeof scene>) => memory.word(retry - 8, 2 ** 60)],
  ] as const)('%s', ([, damage]) => {
    const all = scene();
    expect(() => read(all, all.leaf, [all.retry, all.outer, all.loop], () => damage(all))).not.toThrow();
  });
});
