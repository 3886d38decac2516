import leven from 'leven';

/** The name that was most likely meant, or `undefined` when none is near. */
export function nearest(word: string, names: Iterable<string>): string | undefined {
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const name of names) {
    const distance = leven(word.toLowerCase(), name.toLowerCase());
    if (best === undefined || distance < best.distance) best = { name, distance };
  }
  // A third of the letters wrong is a typing error, more is another word.
  return best !== undefined && best.distance <= Math.max(1, Math.ceil(word.length / 3)) ? best.name : undefined;
}
