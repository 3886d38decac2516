import { describe, expect, it } from 'vitest';
import { decodeReply, encodeCall } from '../../src/sys/dbusMessage.ts';

const call = {
  path: '/org/freedesktop/systemd1',
  interface: 'org.freedesktop.systemd1.Manager',
  member: 'SetUnitProperties',
  body: [
    { type: 's', value: 'a.slice' },
    { type: 'b', value: true },
    { type: 'a(sv)', value: [['TasksMax', { type: 't', value: 100n }]] },
  ],
} as const;

/** A message of the peer: only what is read of it. */
function answer(type: number, body: Buffer, fields = 0): Buffer {
  const head = Buffer.alloc(Math.ceil((16 + fields) / 8) * 8);
  head.write('l', 0);
  head[1] = type;
  head.writeUInt32LE(body.length, 4);
  head.writeUInt32LE(fields, 12);
  return Buffer.concat([head, body]);
}
const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes, Buffer.alloc(1)]);
};

describe('a call', () => {
  const bytes = encodeCall(call, 7);
  it('has a header of little endian, with the length of its body and its serial', () => {
    expect([...bytes.subarray(0, 4)]).toEqual([0x6c, 1, 0, 1]);
    const fields = bytes.readUInt32LE(12);
    const bodyAt = Math.ceil((16 + fields) / 8) * 8;
    expect([bytes.length - bodyAt, bytes.readUInt32LE(8)]).toEqual([bytes.readUInt32LE(4), 7]);
  });
  it('marshals text, a boolean and properties where D-Bus wants them', () => {
    const body = bytes.subarray(bytes.length - bytes.readUInt32LE(4));
    const want = [
      ...[7, 0, 0, 0, ...Buffer.from('a.slice'), 0], // s, 12 bytes
      ...[1, 0, 0, 0], // b
      ...[32, 0, 0, 0, 0, 0, 0, 0], // the length of the array, padded to 8: 4 bytes of 20 to 24
    ].slice(0, 20);
    expect([...body.subarray(0, 16)]).toEqual(want.slice(0, 16));
    const at = body.indexOf('TasksMax') - 4;
    expect(at % 8).toBe(0);
    expect(body.readBigUInt64LE(body.length - 8)).toBe(100n);
    expect(body.readUInt32LE(16)).toBe(body.length - at);
  });
  it('an array of numbers, and one of nothing', () => {
    const body = (values: Parameters<typeof encodeCall>[0]['body']) => {
      const whole = encodeCall({ ...call, body: values }, 1);
      return [...whole.subarray(whole.length - whole.readUInt32LE(4))];
    };
    expect(body([{ type: 'au', value: [5, 6] }])).toEqual([8, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0]);
    expect(body([{ type: 'a(sa(sv))' }])).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(body([{ type: 'u', value: 9 }])).toEqual([9, 0, 0, 0]);
    expect(body([])).toEqual([]);
  });
});

describe('an answer', () => {
  it('a return has nothing to say', () => {
    expect(decodeReply(answer(2, Buffer.alloc(0)))).toEqual({ length: 16, reply: { error: undefined } });
  });
  it('an error has its text', () => {
    expect(decodeReply(answer(3, text('Unit x already exists.'), 40))?.reply).toEqual({
      error: 'Unit x already exists.',
    });
  });
  it('an error without a text is one too', () => {
    expect(decodeReply(answer(3, Buffer.alloc(0)))?.reply).toEqual({ error: 'an error without a text' });
  });
  it('a text that claims more than there is, is cut', () => {
    const lying = text('abc');
    lying.writeUInt32LE(0xffffff, 0);
    expect(decodeReply(answer(3, lying))?.reply).toEqual({ error: 'abc' });
  });
  it('a signal is not for us, and what follows it is found', () => {
    const both = Buffer.concat([answer(4, text('x')), answer(2, Buffer.alloc(0))]);
    const first = decodeReply(both);
    expect(first?.reply).toBeUndefined();
    expect(decodeReply(both.subarray(first?.length))?.reply).toEqual({ error: undefined });
  });
  it('what is not whole yet is waited for', () => {
    const whole = answer(3, text('no'));
    for (let length = 0; length < whole.length; length += 1)
      expect(decodeReply(whole.subarray(0, length))).toBeUndefined();
  });
});
