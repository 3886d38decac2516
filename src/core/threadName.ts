/** Numbers in a name, with the runs of hexadecimal digits that are numbers too. */
export const NUMBERS: RegExp = /[0-9a-f]{8,}|\d+/gi;

/**
 * A thread name with its numbers taken out: `pool-3-thread-17` and `pool-9-thread-2` are both `pool-N-thread-N`. Runs of
 * eight and more hexadecimal digits (addresses, hashes) are numbers too.
 */
export function normaliseName(name: string): string {
  // Ruby names a thread after the line that made it: that number is wanted.
  if (/\.rb:\d+/.test(name)) return name;
  return name.replace(NUMBERS, 'N');
}

/** How many threads have each normalised name. */
export function countNames(names: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) {
    const key = normaliseName(name);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
