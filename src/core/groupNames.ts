import { NUMBERS, normaliseName } from './threadName.ts';

/** A name for some threads, and how many they are. */
export interface NameCount {
  readonly name: string;
  readonly count: number;
}

/** So many values of a number in the middle of a name tell kinds of threads apart, as `C1` and `C2` do. More are counted. */
const MOST_KINDS = 3;

/**
 * Names as they are told, the most frequent first: a number that they all have stays, one that differs is `N`. So
 * `pool-1-thread-7` and `pool-1-thread-9` are `pool-1-thread-N`, and `C2 CompilerThread0` is what it is.
 */
export function tellNames(names: ReadonlyMap<string, number>, most: number): NameCount[] {
  const alike = new Map<string, Map<string, number>>();
  for (const [name, count] of names) {
    const normal = normaliseName(name);
    const some = alike.get(normal) ?? new Map<string, number>();
    alike.set(normal, some);
    some.set(name, count);
  }
  return [...alike.values()]
    .flatMap(tellAlike)
    .sort((a, b) => b.count - a.count)
    .slice(0, most);
}

/** Names that differ in their numbers only. */
function tellAlike(names: ReadonlyMap<string, number>): NameCount[] {
  const first = names.keys().next().value ?? '';
  // What is not taken out of a name is not counted either: a line of Ruby.
  if (normaliseName(first) === first) return [...names].map(([name, count]) => ({ name, count }));
  const values: Set<string>[] = [];
  for (const name of names.keys()) {
    for (const [index, number] of numbersOf(name).entries()) {
      values[index] ??= new Set();
      if ((values[index]?.size ?? 0) <= MOST_KINDS) values[index]?.add(number);
    }
  }
  const stays = values.map(({ size }, index) => {
    const isKind = index < values.length - 1 || tellsKind(first);
    return size === 1 || (size <= MOST_KINDS && isKind);
  });
  const told = new Map<string, number>();
  for (const [name, count] of names) {
    let index = -1;
    const text = name.replace(NUMBERS, (number) => {
      index += 1;
      return stays[index] === true ? number : 'N';
    });
    told.set(text, (told.get(text) ?? 0) + count);
  }
  return [...told].map(([name, count]) => ({ name, count }));
}

/** Whether the last number of a name is a part of a word in its middle: `C2 CompilerThre`. */
function tellsKind(name: string): boolean {
  return /[a-z]\d+[^\d]+$/i.test(name);
}

function numbersOf(name: string): readonly string[] {
  return name.match(NUMBERS) ?? [];
}
