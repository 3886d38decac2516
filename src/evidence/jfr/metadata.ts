import type { Cursor } from '../elf/bytes.ts';
import { type JfrType, readList, readString, varint } from './values.ts';

/** An element of the metadata: a tree with attributes, all of it text. */
interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly Element[];
}

const MOST_DEEP = 16;

/**
 * The types that the metadata of a chunk describes, by their numbers: start, duration, id, all texts, then the tree
 * root → metadata → class → field.
 */
export function readTypes(cursor: Cursor): Map<number, JfrType> {
  for (let field = 0; field < 3; field += 1) varint(cursor);
  const texts = readList(cursor, () => String(readString(cursor, 0) ?? ''));
  const root = readElement(cursor, texts, 0);
  const types = new Map<number, JfrType>();
  for (const one of root.children.flatMap(({ children, name }) => (name === 'metadata' ? children : []))) {
    if (one.name === 'class') types.set(Number(one.attributes.get('id')), toType(one));
  }
  return types;
}

function readElement(cursor: Cursor, texts: readonly string[], depth: number): Element {
  const text = (): string => texts[varint(cursor)] ?? '';
  const name = text();
  const attributes = new Map(readList(cursor, () => [text(), text()] as const));
  if (depth > MOST_DEEP) cursor.isBroken = true;
  return { name, attributes, children: readList(cursor, () => readElement(cursor, texts, depth + 1)) };
}

function toType({ attributes, children }: Element): JfrType {
  const fields = children
    .filter(({ name }) => name === 'field')
    .map((field) => ({
      name: field.attributes.get('name') ?? '',
      type: Number(field.attributes.get('class')),
      isConstant: field.attributes.get('constantPool') === 'true',
      isArray: field.attributes.get('dimension') === '1',
    }));
  return { name: attributes.get('name') ?? '', fields };
}
