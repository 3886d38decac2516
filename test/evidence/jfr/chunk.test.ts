import { describe, expect, it } from 'vitest';
import { JfrChunk } from '../../../src/evidence/jfr/chunk.ts';
import { JfrRef } from '../../../src/evidence/jfr/values.ts';
import {
  ARRAY,
  CONSTANT,
  checkpoint,
  chunkOf,
  field,
  latin1,
  list,
  metadata,
  record,
  type,
  utf8,
  varint,
} from '../builders/jfrChunk.ts';

const PLAIN = ['long', 'int', 'short', 'char', 'byte', 'boolean', 'float', 'double', 'java.lang.String'];
const ids = new Map(PLAIN.map((name, index) => [name, index + 2]));
const plain = PLAIN.map((name) => type(ids.get(name) ?? 0, name));
const STRING = ids.get('java.lang.String') ?? 0;
const INT = ids.get('int') ?? 0;

/** The events of one type whose fields are these, from these bytes each. */
function eventsOf(fields: readonly ReturnType<typeof field>[], ...bodies: readonly (readonly number[])[]) {
  const records = bodies.flatMap((body) => record(40, body));
  const chunk = JfrChunk.at(chunkOf([...records, ...metadata([...plain, type(40, 'Event', ...fields)])]), 0);
  return [...(chunk?.events('Event') ?? [])];
}

describe('values', () => {
  it('of every plain type', () => {
    const fields = PLAIN.slice(0, 8).map((name) => field(name, ids.get(name) ?? 0));
    const body = [...varint(2 ** 40), ...varint(300), ...varint(7), ...varint(65), 200, 1, ...new Array(12).fill(9)];
    expect(eventsOf(fields, body)).toEqual([
      { long: 2 ** 40, int: 300, short: 7, char: 65, byte: 200, boolean: 1, float: 0, double: 0 },
    ]);
  });
  it.for([
    ['none', [0], undefined],
    ['empty', [1], ''],
    ['a constant', [2, 5], new JfrRef(STRING, 5)],
    ['UTF-8', utf8('é中'), 'é中'],
    ['characters', [4, ...list([varint(0x4e2d), varint(0x61)])], '中a'],
    ['Latin-1', latin1('main'), 'main'],
  ] as const)('a text: %s', ([, bytes, want]) => {
    expect(eventsOf([field('text', STRING)], bytes)).toEqual([{ text: want }]);
  });
  it('a text of two hundred thousand characters', () => {
    const bytes = [4, ...list(Array.from({ length: 200_000 }, () => [0x61]))];
    const [event] = eventsOf([field('text', STRING)], bytes) as { text: string }[];
    expect(event?.text).toHaveLength(200_000);
  });
  it('lists, structures in structures, and constants', () => {
    const types = [
      ...plain,
      type(30, 'Point', field('x', INT), field('y', INT)),
      type(40, 'Event', field('points', 30, ARRAY), field('name', STRING, CONSTANT), field('none', STRING, CONSTANT)),
    ];
    const body = [
      ...list([
        [1, 2],
        [3, 4],
      ]),
      1,
      9,
    ];
    const pools = checkpoint({ [STRING]: [latin1('a name')] });
    const chunk = JfrChunk.at(chunkOf([...record(40, body), ...pools, ...metadata(types)]), 0);
    const [event] = [...(chunk?.events('Event') ?? [])];
    expect(chunk?.get(event, 'points')).toEqual([
      { x: 1, y: 2 },
      { x: 3, y: 4 },
    ]);
    expect([chunk?.get(event, 'name'), chunk?.get(event, 'none')]).toEqual(['a name', undefined]);
    expect([chunk?.get(event, 'no such field'), chunk?.get(event, 'points', 'x'), chunk?.get(7, 'x')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('damage', () => {
  it.for([
    ['a text of an unknown kind', [9]],
    ['a text that is longer than its event', [3, 100, 65]],
    ['a list that is longer than its event', [4, 100, 65]],
    ['nothing', []],
  ] as const)('%s: the event is left out, the next is read', ([, body]) => {
    expect(eventsOf([field('text', STRING)], body, latin1('next'))).toEqual([{ text: 'next' }]);
  });
  it('a type that nothing describes', () => {
    expect(eventsOf([field('odd', 99)], [1])).toEqual([]);
  });
  it('a type that holds itself', () => {
    const types = [type(40, 'Event', field('self', 40))];
    const chunk = JfrChunk.at(chunkOf([...record(40, [1, 2, 3]), ...metadata(types)]), 0);
    expect([...(chunk?.events('Event') ?? [])]).toEqual([]);
  });
  it('types that unfold to ten billion values out of no bytes: it ends', () => {
    // Ten fields of the next type each, ten deep; the last has none.
    const nested = Array.from({ length: 11 }, (_, depth) =>
      type(
        40 + depth,
        depth === 0 ? 'Event' : `T${depth}`,
        ...(depth === 10 ? [] : Array.from({ length: 10 }, (_unused, at) => field(`f${at}`, 41 + depth))),
      ),
    );
    const chunk = JfrChunk.at(chunkOf([...record(40, [1]), ...metadata(nested)]), 0);
    expect([...(chunk?.events('Event') ?? [])]).toEqual([]);
  });
  it('metadata as deep as it is long', () => {
    // A name, no attributes, one child, a hundred thousand times.
    const deep = new Array(100_000).fill([0, 0, 1]).flat();
    const chunk = JfrChunk.at(chunkOf(record(0, [1, 0, 1, ...list([utf8('e')]), ...deep])), 0);
    expect([...(chunk?.events('e') ?? [])]).toEqual([]);
  });
  it('a record of no length ends the chunk', () => {
    const chunk = JfrChunk.at(chunkOf([...metadata(plain), 0, 0, 0, 0]), 0);
    expect([...(chunk?.events('Event') ?? [])]).toEqual([]);
  });
});
