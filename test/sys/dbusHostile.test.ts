import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DbusCall, type DbusValue, decodeReply, encodeCall } from '../../src/sys/dbusMessage.ts';

/** Reads what `encodeCall` writes, by the alignment that the specification gives each type. */
class Reader {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  align(to: number): void {
    while (this.at % to !== 0) {
      expect(this.#bytes[this.at]).toBe(0);
      this.at += 1;
    }
  }

  uint32(): number {
    this.align(4);
    this.at += 4;
    return this.#bytes.readUInt32LE(this.at - 4);
  }

  text(length: number): string {
    const text = this.#bytes.toString('utf8', this.at, this.at + length);
    expect(this.#bytes[this.at + length]).toBe(0);
    this.at += length + 1;
    return text;
  }

  signature(): string {
    this.at += 1;
    return this.text(this.#bytes[this.at - 1] as number);
  }

  array<T>(alignment: number, one: () => T): T[] {
    const length = this.uint32();
    this.align(alignment);
    const end = this.at + length;
    const all: T[] = [];
    while (this.at < end) all.push(one());
    expect(this.at).toBe(end);
    return all;
  }

  value(type: string): DbusValue {
    switch (type) {
      case 's':
      case 'o':
        return { type, value: this.text(this.uint32()) };
      case 'g':
        return { type, value: this.signature() };
      case 'b':
        return { type, value: this.uint32() === 1 };
      case 'u':
        return { type, value: this.uint32() };
      case 't':
        this.align(8);
        this.at += 8;
        return { type, value: this.#bytes.readBigUInt64LE(this.at - 8) };
      case 'au':
        return { type, value: this.array(4, () => this.uint32()) };
      case 'a(sv)':
        return {
          type,
          value: this.array(8, () => {
            this.align(8);
            return [this.text(this.uint32()), this.variant()] as const;
          }),
        };
      case 'a(sa(sv))':
        expect(this.array(8, () => this.at++)).toEqual([]);
        return { type };
      default:
        throw new Error(`no such type: ${type}`);
    }
  }

  variant(): DbusValue {
    return this.value(this.signature());
  }
}

/** The call that is in a message, and all of the message is it. */
function callIn(bytes: Buffer): DbusCall & { serial: number } {
  const bodyBytes = bytes.readUInt32LE(4);
  const reader = new Reader(bytes, 12);
  const fields = new Map(
    reader.array(8, () => {
      reader.align(8);
      reader.at += 1;
      return [bytes[reader.at - 1], reader.variant()] as const;
    }),
  );
  reader.align(8);
  expect(reader.at + bodyBytes).toBe(bytes.length);
  const field = (code: number): string => {
    const found = fields.get(code);
    return found !== undefined && 'value' in found ? String(found.value) : '';
  };
  const body: DbusValue[] = [];
  for (const type of field(8).match(/a\(sa\(sv\)\)|a\(sv\)|au|./g) ?? []) body.push(reader.value(type));
  expect(reader.at).toBe(bytes.length);
  return { path: field(1), interface: field(2), member: field(3), body, serial: bytes.readUInt32LE(8) };
}

const text = fc.string({ unit: fc.constantFrom('a', 'Z', '_', 'ä', '€', '😀', ' '), maxLength: 40 });
const simple: fc.Arbitrary<DbusValue> = fc.oneof(
  fc.record({ type: fc.constantFrom('s', 'o'), value: text }),
  fc.record({ type: fc.constant('b'), value: fc.boolean() }),
  fc.record({ type: fc.constant('u'), value: fc.nat(0xffffffff) }),
  fc.record({ type: fc.constant('t'), value: fc.bigInt(0n, 2n ** 64n - 1n) }),
  fc.record({ type: fc.constant('au'), value: fc.array(fc.nat(0xffffffff), { maxLength: 5 }) }),
  fc.record({ type: fc.constant('g'), value: fc.constantFrom('', 's', 'a(sv)') }),
) as fc.Arbitrary<DbusValue>;
const value: fc.Arbitrary<DbusValue> = fc.oneof(
  { weight: 3, arbitrary: simple },
  fc.record({
    type: fc.constant('a(sv)' as const),
    value: fc.array(fc.tuple(text, simple), { maxLength: 4 }),
  }),
  fc.constant<DbusValue>({ type: 'a(sa(sv))' }),
);

describe('a call, read by the specification', () => {
  it('says what was to be said, whatever stands before what', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 6 }), text, fc.nat(0xffffffff), (body, member, serial) => {
        const call = { path: '/org/x', interface: 'org.x.Y', member, body };
        expect(callIn(encodeCall(call, serial))).toEqual({ ...call, serial });
      }),
    );
  });
  it('without a body has an empty signature', () => {
    const call = { path: '/', interface: 'a.b', member: 'Ping', body: [] };
    expect(callIn(encodeCall(call, 1))).toEqual({ ...call, serial: 1 });
  });
});

/** An answer of a peer: its type, what it says of the lengths, and its body. */
function answer(over: { type?: number; fields?: number; body?: Buffer; claims?: number }): Buffer {
  const { type = 3, fields = 0, body = Buffer.alloc(0) } = over;
  const { claims = body.length } = over;
  const head = Buffer.alloc(Math.ceil((16 + Math.min(fields, 64)) / 8) * 8);
  head.write('l', 0);
  head[1] = type;
  head.writeUInt32LE(claims, 4);
  head.writeUInt32LE(fields, 12);
  return Buffer.concat([head, body]);
}

describe('an answer of somebody who means no good', () => {
  it('is no more than noise: nothing is thrown, and what is read lies within it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (noise) => {
        const bytes = Buffer.from(noise);
        const found = decodeReply(bytes);
        if (found === undefined) return;
        // A length of 0 would be read again for ever.
        expect(found.length).toBeGreaterThanOrEqual(16);
        expect(found.length).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
  it.each([
    ['a body of 4 GB', { claims: 0xffffffff }],
    ['fields of 4 GB', { fields: 0xffffffff }],
    ['both', { claims: 0xffffffff, fields: 0xffffffff }],
    ['a body with one byte more than there is', { body: Buffer.alloc(8), claims: 9 }],
  ])('is not whole where it claims %s', (_, over) => {
    expect(decodeReply(answer(over))).toBeUndefined();
  });
  it.each([0, 1, 2, 3, 4, 5])('an error with a body of %i bytes has no text', (length) => {
    expect(decodeReply(answer({ body: Buffer.alloc(length, 0xff) }))?.reply).toEqual({
      error: 'an error without a text',
    });
  });
  it('a text that begins in one message does not go on in the next', () => {
    const lying = Buffer.concat([Buffer.from([0xff, 0, 0, 0]), Buffer.from('mine\0')]);
    const both = Buffer.concat([answer({ body: lying }), Buffer.from('secret')]);
    expect(decodeReply(both)?.reply).toEqual({ error: 'mine' });
  });
  it.each([0, 1, 4, 5, 255])('a message of type %i is passed over, with its length', (type) => {
    const bytes = answer({ type, body: Buffer.alloc(24), fields: 9 });
    expect(decodeReply(bytes)).toEqual({ length: bytes.length, reply: undefined });
  });
  it('bytes that are no UTF-8 are text all the same', () => {
    const body = Buffer.from([2, 0, 0, 0, 0xc3, 0x28, 0]);
    expect(decodeReply(answer({ body }))?.reply?.error).toBe('\ufffd(');
  });
});
