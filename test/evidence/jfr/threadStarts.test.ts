import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JfrChunk } from '../../../src/evidence/jfr/chunk.ts';
import { threadStarts } from '../../../src/evidence/jfr/threadStarts.ts';
import { threadStartChunk } from '../builders/jfrChunk.ts';

const GROW = { function: 'com.acme.Server$Pool.grow', file: 'Server', line: 311 };
const MAIN_7 = { function: 'com.acme.Main.main', file: 'Main', line: 7 };
const MAIN_9 = { function: 'com.acme.Main.main', file: 'Main', line: 9 };

describe('threadStarts', () => {
  it('who started each thread; those of the JVM itself have no stack', () => {
    const samples = threadStarts(threadStartChunk([1, 1, 2, 3, 0]));
    expect(samples.map(({ frames }) => frames.slice(1))).toEqual([[GROW, MAIN_7], [GROW, MAIN_7], [MAIN_9]]);
    expect(samples[0]?.frames[0]).toEqual({ function: 'java.lang.Thread.start' });
    expect(samples[0]?.frames === samples[1]?.frames).toBe(true);
  });
  it('all chunks of a file', () => {
    expect(threadStarts(Buffer.concat([threadStartChunk([1]), threadStartChunk([2, 2])]))).toHaveLength(3);
  });
  it.each<[why: string, bytes: Buffer, want: number]>([
    ['nothing', Buffer.alloc(0), 0],
    ['no recording', Buffer.from('hello'.repeat(40)), 0],
    ['another format', Buffer.concat([Buffer.from('FLR\0\0\u0001', 'latin1'), Buffer.alloc(100)]), 0],
    ['never flushed: its size is 0', threadStartChunk([1, 1], 0), 0],
    ['longer than the file: what there is counts', threadStartChunk([1, 1], 1_000_000), 2],
    ['cut in its description', threadStartChunk([1, 1]).subarray(0, 300), 0],
  ])('%s', (_, bytes, want) => {
    expect(threadStarts(bytes)).toHaveLength(want);
  });
});

it('a chunk of any bytes gives some events and an end, never an error or a loop', () => {
  const whole = threadStartChunk([1, 2, 1]);
  const flips = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(flips, fc.nat(whole.length), (changes, length) => {
      const bytes = Buffer.from(whole);
      for (const [at, value] of changes) if (at >= 16) bytes[at] = value;
      expect(threadStarts(bytes).length).toBeLessThanOrEqual(3);
      threadStarts(bytes.subarray(0, length));
      expect(JfrChunk.at(bytes, 0)?.end).toBeGreaterThan(0);
    }),
    { numRuns: 1_000, seed: 11 },
  );
});
