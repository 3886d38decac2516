/** A value of a D-Bus message, as far as systemd's manager is asked with them. */
export type DbusValue =
  | { readonly type: 's' | 'o' | 'g'; readonly value: string }
  | { readonly type: 'b'; readonly value: boolean }
  | { readonly type: 'u'; readonly value: number }
  | { readonly type: 't'; readonly value: bigint }
  | { readonly type: 'au'; readonly value: readonly number[] }
  /** Properties: an array of (name, variant). */
  | { readonly type: 'a(sv)'; readonly value: readonly (readonly [name: string, value: DbusValue])[] }
  /** Further units; always empty here. */
  | { readonly type: 'a(sa(sv))' };

export interface DbusCall {
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly body: readonly DbusValue[];
}

/** The answer to a call: nothing, or the name and the text of an error. */
export interface DbusReply {
  readonly error: string | undefined;
}

const METHOD_CALL = 1;
const METHOD_RETURN = 2;
const ERROR = 3;
const VERSION = 1;
/** Header fields (D-Bus Specification, "Header Fields"). */
const FIELD = { path: 1, interface: 2, member: 3, errorName: 4, signature: 8 } as const;
const HEADER_BYTES = 16;

/** A method call, little endian, without a destination: the peer is systemd itself. */
export function encodeCall(call: DbusCall, serial: number): Buffer {
  const body = new Writer();
  for (const value of call.body) body.value(value);
  const fields = new Writer();
  fields.field(FIELD.path, { type: 'o', value: call.path });
  fields.field(FIELD.interface, { type: 's', value: call.interface });
  fields.field(FIELD.member, { type: 's', value: call.member });
  fields.field(FIELD.signature, { type: 'g', value: call.body.map(({ type }) => type).join('') });
  const head = new Writer();
  head.bytes(Buffer.from(['l'.charCodeAt(0), METHOD_CALL, 0, VERSION]));
  head.uint32(body.length);
  head.uint32(serial);
  head.uint32(fields.length);
  head.bytes(fields.toBuffer());
  head.align(8);
  head.bytes(body.toBuffer());
  return head.toBuffer();
}

/** The first whole message of `bytes`: its length and what it answers. `undefined` while it is not whole. */
export function decodeReply(
  bytes: Buffer,
): { readonly length: number; readonly reply: DbusReply | undefined } | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const fieldBytes = bytes.readUInt32LE(12);
  const bodyAt = aligned(HEADER_BYTES + fieldBytes, 8);
  const length = bodyAt + bytes.readUInt32LE(4);
  if (bytes.length < length) return undefined;
  const type = bytes[1];
  if (type === METHOD_RETURN) return { length, reply: { error: undefined } };
  // Signals and calls of the peer are not for us.
  if (type !== ERROR) return { length, reply: undefined };
  const body = bytes.subarray(bodyAt, length);
  const text = body.length > 4 ? body.toString('utf8', 4, 4 + Math.min(body.readUInt32LE(0), body.length - 5)) : '';
  return { length, reply: { error: text === '' ? 'an error without a text' : text } };
}

function aligned(offset: number, to: number): number {
  return Math.ceil(offset / to) * to;
}

/** Bytes with the alignment of D-Bus ("Marshaling"): every value begins at a multiple of its own size. */
class Writer {
  readonly #parts: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  toBuffer(): Buffer {
    return Buffer.concat(this.#parts);
  }

  bytes(part: Buffer): void {
    this.#parts.push(part);
    this.#length += part.length;
  }

  align(to: number): void {
    this.bytes(Buffer.alloc(aligned(this.#length, to) - this.#length));
  }

  uint32(value: number): void {
    this.align(4);
    const part = Buffer.alloc(4);
    part.writeUInt32LE(value);
    this.bytes(part);
  }

  field(code: number, value: DbusValue): void {
    this.align(8);
    this.bytes(Buffer.from([code]));
    this.#variant(value);
  }

  value(value: DbusValue): void {
    switch (value.type) {
      case 's':
      case 'o':
        this.#text(value.value);
        return;
      case 'g':
        this.#signature(value.value);
        return;
      case 'b':
        this.uint32(value.value ? 1 : 0);
        return;
      case 'u':
        this.uint32(value.value);
        return;
      case 't': {
        this.align(8);
        const part = Buffer.alloc(8);
        part.writeBigUInt64LE(value.value);
        this.bytes(part);
        return;
      }
      case 'au':
        this.uint32(4 * value.value.length);
        for (const one of value.value) this.uint32(one);
        return;
      case 'a(sv)':
        this.#properties(value.value);
        return;
      case 'a(sa(sv))':
        this.uint32(0);
        this.align(8);
        return;
      default:
        value satisfies never;
    }
  }

  #variant(value: DbusValue): void {
    this.#signature(value.type);
    this.value(value);
  }

  #text(text: string): void {
    const bytes = Buffer.from(text);
    this.uint32(bytes.length);
    this.bytes(bytes);
    this.bytes(Buffer.alloc(1));
  }

  #signature(text: string): void {
    this.bytes(Buffer.from([text.length, ...Buffer.from(text), 0]));
  }

  /** The length of an array counts from its first element: the padding before that is not in it. */
  #properties(entries: readonly (readonly [string, DbusValue])[]): void {
    this.align(4);
    const at = this.#length + 4;
    const inner = new Writer();
    const start = aligned(at, 8);
    for (const [name, value] of entries) {
      inner.align(8);
      inner.#text(name);
      inner.#variant(value);
    }
    this.uint32(inner.length);
    this.bytes(Buffer.alloc(start - at));
    this.bytes(inner.toBuffer());
  }
}
