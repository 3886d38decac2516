import { describe, expect, it } from 'vitest';
import {
  calibratedCost,
  defaultStackBytes,
  fittedCost,
  kernelBytesPerThread,
  threadBytes,
  touchedCost,
} from '../../src/core/cost.ts';

it.for([
  ['8 MiB', 8 << 20, 8 << 20],
  ['unlimited is 2 MiB on x86-64', 'unlimited', 2 << 20],
  ['never below the least stack', 4096, 16 << 10],
] as const)('default stack: %s', ([, limit, bytes]) => {
  expect(defaultStackBytes(limit)).toBe(bytes);
});

it('a stack of 2 MiB or more takes a page-table page of its own', () => {
  expect(threadBytes(8_500, 2 << 20) - threadBytes(8_500, 1 << 20)).toBe(3_620);
});

it('each runtime has its own thread', () => {
  const maps = (['native', 'jvm', 'python', 'go', 'node'] as const).map((name) => calibratedCost(name, 0).threadMaps);
  expect(maps).toEqual([2, 2, 2, 0, 44]);
});

describe('touchedCost', () => {
  it('is the median of what stacks hold, and as unsure as they differ', () => {
    expect(touchedCost('native', 256 << 10, [8192, 8192, 8192, 16384, 40960])).toEqual({
      bytes: threadBytes(8192 + 288, 256 << 10),
      uncertainty: (16384 - 8192) / 2 + 4096,
    });
  });
  it('a runtime keeps more of its own for a thread than its stack', () => {
    expect(touchedCost('jvm', 1 << 20, [4096, 4096]).bytes).toBe(threadBytes(31_000, 1 << 20));
  });
  it('nothing seen is nothing touched', () => {
    expect(touchedCost('native', 1 << 20, []).bytes).toBe(threadBytes(288, 1 << 20));
  });
});

it('a kernel that tells the size of its task_struct is believed', () => {
  expect(kernelBytesPerThread(32_768 / 5)).toBeCloseTo(23_598, 0);
  expect(kernelBytesPerThread(undefined)).toBe(23_600);
});

describe('fittedCost', () => {
  const base = calibratedCost('native', 8 << 20);
  const slope = (perUnit: number, uncertainty: number, range = 100) => ({ perUnit, uncertainty, range });
  it('what was learnt of this target replaces the calibrated values', () => {
    const cost = fittedCost(base, { maps: slope(3, 0.1), userBytes: slope(50_000, 1_000) }, 23_600);
    expect(cost).toMatchObject({
      threadMaps: 3,
      threadBytes: threadBytes(50_000, 8 << 20),
      uncertainty: { maps: 0.1, bytes: 1_000 },
      isMeasured: true,
    });
  });
  it.for([
    ['nothing learnt', { maps: undefined, userBytes: undefined }],
    ['too few threads came or went', { maps: slope(3, 0, 15), userBytes: slope(50_000, 0, 15) }],
    ['memory that moved by itself', { maps: undefined, userBytes: slope(50_000, 30_000) }],
    ['memory that was given back meanwhile', { maps: undefined, userBytes: slope(-50_000, 100) }],
  ] as const)('%s: the calibrated ones stand', ([, fitted]) => {
    expect(fittedCost(base, fitted, 23_600)).toEqual({ ...base, isMeasured: false });
  });
  it('a slope that is no thread’s is cut', () => {
    expect(fittedCost(base, { maps: slope(500, 1), userBytes: undefined }, 23_600).threadMaps).toBe(64);
  });
});
