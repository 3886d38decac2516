/** The same answers, each worked out once: threads share their code. */
export function remembered<T>(find: (address: number) => T): (address: number) => T {
  const known = new Map<number, { readonly value: T }>();
  return (address) => {
    let found = known.get(address);
    if (found === undefined) {
      found = { value: find(address) };
      known.set(address, found);
    }
    return found.value;
  };
}
