import fc from 'fast-check';
import { it } from 'vitest';
import { GuardError } from '../../src/errors.ts';

/** Seconds for all parsers together: a minute in the tests, as long as somebody likes by hand. */
const SECONDS = Number(process.env['FUZZ_SECONDS'] ?? 60);
/** The same inputs each time, unless another seed is asked for. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 42);
const PARSERS = 10;
/** On a processor, so that a busy machine does not count. An honest input takes a few milliseconds. */
const MOST_CPU_MS = 1_000;
const MOST_BYTES = 256 << 20;

/** Numbers at which readers of binary formats go wrong. */
export const oddNumber: fc.Arbitrary<bigint> = fc.oneof(
  fc.constantFrom(0n, 1n, 2n, 7n, 8n, 24n, 64n, 255n, 4096n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 0x1_0000_0000n),
  fc.constantFrom(2n ** 40n, 2n ** 53n, 2n ** 62n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n - 8n),
  fc.nat(0x10000).map(BigInt),
);

/** Writes numbers of eight bytes over an image, at places that are in it. */
export function overwritten(
  image: Buffer,
  changes: readonly (readonly [at: number, value: bigint, bytes: 1 | 2 | 4 | 8])[],
): Buffer {
  const copy = Buffer.from(image);
  for (const [at, value, bytes] of changes) {
    if (at < 0 || at + bytes > copy.length) continue;
    for (let index = 0; index < bytes; index += 1) copy[at + index] = Number((value >> BigInt(8 * index)) & 0xffn);
  }
  return copy;
}

/**
 * Tries inputs that are made as the format has them, for its share of the time. None may throw what is no error of the project,
 * take a second of a processor, or 256 MiB.
 */
export function fuzz<T>(name: string, input: fc.Arbitrary<T>, read: (input: T) => void): void {
  const ms = (SECONDS * 1_000) / PARSERS;
  it(`${name}: no input takes a second, 256 MiB, or throws`, { timeout: ms + 60_000 }, () => {
    fc.assert(
      fc.property(input, (one) => {
        const before = process.cpuUsage();
        const heap = process.memoryUsage.rss();
        try {
          read(one);
        } catch (error) {
          if (!(error instanceof GuardError)) throw error;
        }
        const { system, user } = process.cpuUsage(before);
        const cpuMs = (system + user) / 1_000;
        if (cpuMs > MOST_CPU_MS) throw new Error(`it took ${cpuMs} ms of a processor`);
        const grown = process.memoryUsage.rss() - heap;
        if (grown > MOST_BYTES) throw new Error(`it took ${grown >> 20} MiB`);
      }),
      { numRuns: 100_000_000, interruptAfterTimeLimit: ms, markInterruptAsFailure: false, seed: SEED },
    );
  });
}
