/**
 * A thread name with its numbers taken out: `pool-3-thread-17` and `pool-9-thread-2` are one group.
 * Hex runs of eight and more (addresses, hashes) go the same way.
 */
export function normaliseName(name: string): string {
  // Ruby names a thread after the line that made it: that number is what is looked for.
  if (/\.rb:\d+/.test(name)) return name;
  return name.replace(/[0-9a-f]{8,}/gi, 'N').replace(/\d+/g, 'N');
}

/** Count of tasks per normalised name: part of a baseline. */
export function countNames(names: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) {
    const key = normaliseName(name);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
