/** An interval that an estimate lies in. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** How much is drawn, and how many answers are left out at either end: 199 and 2 make a 98 % interval. */
export interface Draws {
  readonly repeats: number;
  readonly cut: number;
}

/**
 * The interval of an estimate by a moving-block bootstrap (Künsch 1989). Blocks of neighbours are drawn and put together
 * to the same length, so neighbours that are alike stay together. `ask` gets each drawn series; it must not keep it. The
 * seed is fixed: the same series gives the same interval, always.
 */
export function blockBootstrap(
  values: readonly number[],
  { cut, repeats }: Draws,
  ask: (drawn: Float64Array) => number,
): Bounds {
  const n = values.length;
  const random = seeded(n);
  const block = Math.max(2, Math.round(Math.sqrt(n)));
  const answers = new Float64Array(repeats);
  const drawn = new Float64Array(n);
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    for (let filled = 0; filled < n; ) {
      const from = Math.floor(random() * (n - block + 1));
      for (let i = 0; i < block && filled < n; i += 1) drawn[filled++] = values[from + i] as number;
    }
    answers[repeat] = ask(drawn);
  }
  answers.sort();
  return { low: answers[cut] as number, high: answers[repeats - 1 - cut] as number };
}

/** A seeded generator of numbers from 0 up to, and without, 1 (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
