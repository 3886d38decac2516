import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { measureProcess, readKernelBytes } from '../../src/ceilings/measure.ts';
import { kernelRoot } from '../../src/procfs/root.ts';
import { addProcess } from '../fixtures/processes.ts';
import { makeTree } from '../fixtures/tree.ts';

let tree: ReturnType<typeof makeTree>;
beforeEach(() => {
  tree = makeTree();
});
afterEach(() => tree.remove());

describe('measuring a process', () => {
  const GUARD = '7f0000000000-7f0000001000 ---p 00000000 00:00 0 \n';
  const STACK = '7f0000001000-7f0000801000 rw-p 00000000 00:00 0 \n';
  it('without the rights of ptrace its maps are unknown and the cost is the calibrated one', () => {
    addProcess(tree, 42);
    tree.rm('proc/42/maps');
    expect(measureProcess(kernelRoot(tree.dir), 42)).toMatchObject({
      maps: 'unknown',
      runtime: 'native',
      cost: { threadMaps: 2, isMeasured: false },
    });
  });
  it('a zombie has no maps', () => {
    tree.write('proc/42/maps', '');
    expect(measureProcess(kernelRoot(tree.dir), 42).maps).toBe(0);
  });
  it('a thread whose stack and guard are found takes two maps, of that size', () => {
    addProcess(tree, 42);
    tree.write('proc/42/maps', GUARD + STACK);
    tree.mkdir('proc/42/task/43');
    tree.write('proc/42/task/43/syscall', '202 0x1 0x0 0x0 0x0 0x0 0x0 0x7f0000800f00 0x7f12aaaa0000\n');
    const { cost: found, maps } = measureProcess(kernelRoot(tree.dir), 42);
    expect(maps).toBe(2);
    expect(found).toMatchObject({ stackBytes: 0x800000, guardBytes: 4_096 });
  });
  it('the memory of a thread in this kernel is known where its slabs may be read', () => {
    expect(readKernelBytes(kernelRoot(tree.dir))).toBe(23_600);
    tree.write('proc/slabinfo', 'task_struct 121 140 5888 5 8 : tunables 0 0 0 : slabdata 28 28 0\n');
    expect(readKernelBytes(kernelRoot(tree.dir))).toBeCloseTo(16_384 + (8 * 4096) / 5 + 660, 6);
  });
  it('the default stack is the soft limit of the process, 2 MiB where that is unlimited', () => {
    const stackOf = (soft: string) => {
      tree.write('proc/42/maps', '');
      tree.write(
        'proc/42/limits',
        `Limit                     Soft Limit           Hard Limit           Units     \nMax stack size            ${soft.padEnd(21)}unlimited            bytes     \n`,
      );
      return measureProcess(kernelRoot(tree.dir), 42).cost.stackBytes;
    };
    expect([stackOf('1048576'), stackOf('unlimited'), stackOf('4096')]).toEqual([1 << 20, 2 << 20, 16 << 10]);
  });
});

describe('a runtime', () => {
  const anonymous = (count: number): string =>
    Array.from({ length: count }, (_, index) => {
      const start = 0x7f0000000000 + index * 0x2000;
      return `${start.toString(16)}-${(start + 0x1000).toString(16)} rw-p 00000000 00:00 0 \n`;
    }).join('');
  const measure = (exe: string, threads: number, maps: number) => {
    addProcess(tree, 42, { exe, threads });
    tree.write('proc/42/maps', anonymous(maps));
    return measureProcess(kernelRoot(tree.dir), 42);
  };
  it.for([
    ['three workers are too few to tell', 14, 120 + 3 * 50, 44, false],
    ['workers by the maps that Node alone does not have', 21, 120 + 10 * 50, 50, true],
    ['a program that maps thousands itself says nothing about them', 15, 120 + 4 * 132, 44, false],
    ['just below that', 15, 120 + 4 * 132 - 1, 131.75, true],
  ] as const)('Node: %s', ([, threads, maps, each, isMeasured]) => {
    expect(measure('/usr/bin/node', threads, maps)).toMatchObject({
      runtime: 'node',
      maps,
      cost: { threadMaps: each, isMeasured },
    });
  });
  it('Python may take a map more for its frames, once the holes are full', () => {
    // 20 threads, each with a stack and a guard beside it.
    addProcess(tree, 42, { exe: '/usr/bin/python3.12', threads: 21 });
    const pairs = Array.from({ length: 20 }, (_, index) => {
      const at = (offset: number) => (0x7f0000000000 + index * 0x900000 + offset).toString(16);
      return `${at(0)}-${at(0x1000)} ---p 00000000 00:00 0 \n${at(0x1000)}-${at(0x801000)} rw-p 00000000 00:00 0 \n`;
    });
    tree.write('proc/42/maps', pairs.join(''));
    expect(measureProcess(kernelRoot(tree.dir), 42)).toMatchObject({
      runtime: 'python',
      maps: 40,
      cost: { threadMaps: 2, stackBytes: 0x800000, uncertainty: { maps: 1 }, isMeasured: true },
    });
  });
  it('a JVM keeps more for a thread than its stack: never less than was calibrated', () => {
    tree.write('proc/42/status', 'Name:\tjava\nVmData:\t2000 kB\nThreads:\t1\n');
    tree.write('proc/42/maps', '7f0000000000-7f0000001000 r-xp 00000000 08:01 9 /usr/lib/jvm/lib/server/libjvm.so\n');
    expect(measureProcess(kernelRoot(tree.dir), 42)).toMatchObject({
      runtime: 'jvm',
      cost: { threadBytes: 23_600 + 3_620 + 31_000, writableBytes: 2_000 * 1024 },
    });
  });
});
