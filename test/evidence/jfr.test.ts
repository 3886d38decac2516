import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JfrChunk } from '../../src/evidence/jfr/chunk.ts';
import { threadStarts } from '../../src/evidence/jfr/threadStarts.ts';

/** Seven bits a byte; a ninth byte has eight. */
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}
const latin1 = (text: string): number[] => [5, ...varint(text.length), ...Buffer.from(text, 'latin1')];
const utf8 = (text: string): number[] => [3, ...varint(Buffer.byteLength(text)), ...Buffer.from(text)];
const list = (items: readonly number[][]): number[] => [...varint(items.length), ...items.flat()];

/** A record begins with its length, padded to four bytes as the JVM does. */
function record(type: number, body: readonly number[]): number[] {
  const size = 4 + varint(type).length + body.length;
  return [(size & 127) | 128, ((size >> 7) & 127) | 128, (size >> 14) | 128, 0, ...varint(type), ...body];
}

interface Element {
  name: string;
  attributes?: Record<string, string>;
  children?: Element[];
}
const field = (name: string, type: number, more: Record<string, string> = {}): Element => ({
  name: 'field',
  attributes: { name, class: String(type), ...more },
});
const CONSTANT = { constantPool: 'true' };
const type = (id: number, name: string, ...children: Element[]): Element => ({
  name: 'class',
  attributes: { id: String(id), name },
  children,
});

const TYPES = [
  type(10, 'long'),
  type(11, 'int'),
  type(12, 'boolean'),
  type(13, 'java.lang.String'),
  type(20, 'jdk.types.Symbol', field('string', 13)),
  type(21, 'java.lang.Class', field('name', 20, CONSTANT)),
  type(22, 'jdk.types.Method', field('type', 21, CONSTANT), field('name', 20, CONSTANT)),
  type(23, 'jdk.types.StackFrame', field('method', 22, CONSTANT), field('lineNumber', 11)),
  type(24, 'jdk.types.StackTrace', field('truncated', 12), field('frames', 23, { dimension: '1' })),
  type(30, 'jdk.ThreadStart', field('startTime', 10), field('stackTrace', 24, CONSTANT)),
  type(31, 'jdk.Other', field('startTime', 10)),
];

function metadata(types: readonly Element[]): number[] {
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
  const tree = element({ name: 'root', children: [{ name: 'metadata', children: [...types] }] });
  return record(0, [1, 0, 1, ...list(texts.map(utf8)), ...tree]);
}

/** One whose constants come after the events and before their description, as in a file that the JVM still writes. */
function chunk(starts: readonly number[], size?: number): Buffer {
  const pool = (id: number, values: readonly number[][]): number[] => [
    ...varint(id),
    ...list(values.map((value, index) => [...varint(index + 1), ...value])),
  ];
  const symbols = ['com/acme/Server$Pool', 'grow', 'main', 'com/acme/Main'].map(latin1);
  const constants = record(1, [
    ...[1, 0, 0, 0],
    ...list([
      pool(20, symbols),
      pool(21, [[1], [4]]),
      pool(22, [
        [1, 2],
        [2, 3],
      ]),
      pool(24, [
        [
          0,
          ...list([
            [1, ...varint(311)],
            [2, 7],
          ]),
        ],
        [0, ...list([[2, 9]])],
        [0, 0],
      ]),
    ]),
  ]);
  const events = starts.map((trace) => record(30, [...varint(123_456_789), ...varint(trace)]));
  const body = [...record(31, [5]), ...events.flat(), ...constants, ...metadata(TYPES)];
  const head = Buffer.alloc(68);
  head.write('FLR\0', 'latin1');
  head.writeUInt16BE(2, 4);
  head.writeBigInt64BE(BigInt(size ?? 68 + body.length), 8);
  return Buffer.concat([head, Buffer.from(body)]);
}

const GROW = { function: 'com.acme.Server$Pool.grow', file: 'Server', line: 311 };

describe('threadStarts', () => {
  it('who started each thread; those of the JVM itself have no stack', () => {
    const samples = threadStarts(chunk([1, 1, 2, 3, 0]));
    expect(samples.map(({ frames }) => frames.slice(1))).toEqual([
      [GROW, { function: 'com.acme.Main.main', file: 'Main', line: 7 }],
      [GROW, { function: 'com.acme.Main.main', file: 'Main', line: 7 }],
      [{ function: 'com.acme.Main.main', file: 'Main', line: 9 }],
    ]);
    expect(samples[0]?.frames === samples[1]?.frames).toBe(true);
  });
  it('all chunks of a file', () => {
    expect(threadStarts(Buffer.concat([chunk([1]), chunk([2, 2])]))).toHaveLength(3);
  });
  it.each<[why: string, bytes: Buffer, want: number]>([
    ['nothing', Buffer.alloc(0), 0],
    ['no recording', Buffer.from('hello'.repeat(40)), 0],
    ['another format', Buffer.concat([Buffer.from('FLR\0\0\u0001', 'latin1'), Buffer.alloc(100)]), 0],
    ['never flushed: its size is 0', chunk([1, 1], 0), 0],
    ['longer than the file: what there is counts', chunk([1, 1], 1_000_000), 2],
    ['cut in its description', chunk([1, 1]).subarray(0, 300), 0],
  ])('%s', (_, bytes, want) => {
    expect(threadStarts(bytes)).toHaveLength(want);
  });
});

it('a chunk of any bytes gives some events and an end, never an error or a loop', () => {
  const whole = chunk([1, 2, 1]);
  const flips = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(flips, fc.nat(whole.length), (changes, length) => {
      const bytes = Buffer.from(whole);
      for (const [at, value] of changes) if (at >= 16) bytes[at] = value;
      expect(threadStarts(bytes).length).toBeLessThanOrEqual(3);
      threadStarts(bytes.subarray(0, length));
      expect(JfrChunk.at(bytes, 0)?.end).toBeGreaterThan(0);
    }),
    { numRuns: 2_000 },
  );
});
