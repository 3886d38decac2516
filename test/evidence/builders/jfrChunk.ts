/** Bytes of a flight recording as the JVM writes them. */
const HEADER_BYTES = 68;

/** Seven bits a byte; a ninth byte would have eight. */
export function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}

export const latin1 = (text: string): number[] => [5, ...varint(text.length), ...Buffer.from(text, 'latin1')];
export const utf8 = (text: string): number[] => [3, ...varint(Buffer.byteLength(text)), ...Buffer.from(text)];
export const list = (items: readonly (readonly number[])[]): number[] => [...varint(items.length), ...items.flat()];

/** A record begins with its length, padded to four bytes as the JVM does. */
export function record(type: number, body: readonly number[]): number[] {
  const size = 4 + varint(type).length + body.length;
  return [(size & 127) | 128, ((size >> 7) & 127) | 128, (size >> 14) | 128, 0, ...varint(type), ...body];
}

/** An element of the metadata. */
export interface Element {
  readonly name: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly children?: readonly Element[];
}

export const field = (name: string, type: number, more: Readonly<Record<string, string>> = {}): Element => ({
  name: 'field',
  attributes: { name, class: String(type), ...more },
});
export const CONSTANT = { constantPool: 'true' };
export const ARRAY = { dimension: '1' };
export const type = (id: number, name: string, ...children: readonly Element[]): Element => ({
  name: 'class',
  attributes: { id: String(id), name },
  children,
});

/** The types that a recording of thread starts has. */
export const THREAD_START_TYPES: readonly Element[] = [
  type(10, 'long'),
  type(11, 'int'),
  type(12, 'boolean'),
  type(13, 'java.lang.String'),
  type(20, 'jdk.types.Symbol', field('string', 13)),
  type(21, 'java.lang.Class', field('name', 20, CONSTANT)),
  type(22, 'jdk.types.Method', field('type', 21, CONSTANT), field('name', 20, CONSTANT)),
  type(23, 'jdk.types.StackFrame', field('method', 22, CONSTANT), field('lineNumber', 11)),
  type(24, 'jdk.types.StackTrace', field('truncated', 12), field('frames', 23, ARRAY)),
  type(30, 'jdk.ThreadStart', field('startTime', 10), field('stackTrace', 24, CONSTANT)),
  type(31, 'jdk.Other', field('startTime', 10)),
];

export function metadata(types: readonly Element[]): number[] {
  const texts: string[] = [];
  const text = (value: string): number[] => {
    if (!texts.includes(value)) texts.push(value);
    return varint(texts.indexOf(value));
  };
  const element = ({ attributes = {}, children = [], name }: Element): number[] => [
    ...text(name),
    ...list(Object.entries(attributes).map(([key, value]) => [...text(key), ...text(value)])),
    ...list(children.map(element)),
  ];
  const tree = element({ name: 'root', children: [{ name: 'metadata', children: types }] });
  return record(0, [1, 0, 1, ...list(texts.map(utf8)), ...tree]);
}

/** Pools of constants: by type, values in the order of their numbers, from 1 on. */
export function checkpoint(pools: Readonly<Record<number, readonly (readonly number[])[]>>): number[] {
  return record(1, [
    ...[1, 0, 0, 0],
    ...list(
      Object.entries(pools).map(([id, values]) => [
        ...varint(Number(id)),
        ...list(values.map((value, index) => [...varint(index + 1), ...value])),
      ]),
    ),
  ]);
}

/** Records with the header of a chunk before them. */
export function chunkOf(records: readonly number[], size?: number): Buffer {
  const head = Buffer.alloc(HEADER_BYTES);
  head.write('FLR\0', 'latin1');
  head.writeUInt16BE(2, 4);
  head.writeBigInt64BE(BigInt(size ?? HEADER_BYTES + records.length), 8);
  return Buffer.concat([head, Buffer.from(records)]);
}

/**
 * A recording of thread starts, each by the number of its stack (0 is none): 1 is `Server$Pool.grow:311` called by
 * `Main.main:7`, 2 is `Main.main:9`, 3 is empty. Constants come after the events and before their description, as in a file
 * that the JVM still writes.
 */
export function threadStartChunk(starts: readonly number[], size?: number): Buffer {
  const constants = checkpoint({
    20: ['com/acme/Server$Pool', 'grow', 'main', 'com/acme/Main'].map(latin1),
    21: [[1], [4]],
    22: [
      [1, 2],
      [2, 3],
    ],
    24: [
      [
        0,
        ...list([
          [1, ...varint(311)],
          [2, 7],
        ]),
      ],
      [0, ...list([[2, 9]])],
      [0, 0],
    ],
  });
  const events = starts.map((trace) => record(30, [...varint(123_456_789), ...varint(trace)]));
  return chunkOf([...record(31, [5]), ...events.flat(), ...constants, ...metadata(THREAD_START_TYPES)], size);
}
