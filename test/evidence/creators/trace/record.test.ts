import { describe, expect, it } from 'vitest';
import { tracepointAttribute } from '../../../../src/evidence/creators/trace/attribute.ts';
import { parseRecord, parseTracepoint } from '../../../../src/evidence/creators/trace/record.ts';
import { EXEC_FORMAT, execSample, NEW_TASK_FORMAT, TRACEPOINTS, taskSample } from '../../builders/perfRecords.ts';

const STACK = Buffer.from('0102030405060708', 'hex');

describe('the format of a tracepoint', () => {
  it('has its id and where its fields are, arrays and located texts too', () => {
    const { id, offsets } = TRACEPOINTS.newTask;
    expect(id).toBe(205);
    expect([offsets.get('pid'), offsets.get('comm'), offsets.get('clone_flags')]).toEqual([8, 12, 32]);
    expect(parseTracepoint(EXEC_FORMAT, ['filename'])?.offsets.get('filename')).toBe(8);
  });
  it('without a field that is needed, or without an id, is none', () => {
    expect(parseTracepoint(NEW_TASK_FORMAT, ['flags'])).toBeUndefined();
    expect(parseTracepoint('', [])).toBeUndefined();
    expect(parseTracepoint(NEW_TASK_FORMAT.replace('ID: 205', 'ID: x'), ['pid'])).toBeUndefined();
  });
});

describe('a record', () => {
  it('of a thread: who made it, when, with registers and the copy of the stack', () => {
    const bytes = taskSample({
      ...{ pid: 40, tid: 42, atMs: 1234.5, task: 99, name: 'pool-1', stack: STACK },
      registers: { 6: 0x7ffc_0000_1000, 7: 0x7ffc_0000_0f00, 16: 0x4010, 15: 15 },
    });
    const record = parseRecord(bytes, TRACEPOINTS, 7);
    expect(record).toMatchObject({ kind: 'task', pid: 40, tid: 42, atMs: 1234.5, weight: 7, task: 99, isThread: true });
    if (record?.kind !== 'task') throw new Error('no task');
    expect(record.name).toBe('pool-1');
    expect([6, 7, 16, 15].map((number) => record.registers?.[number])).toEqual([
      0x7ffc_0000_1000, 0x7ffc_0000_0f00, 0x4010, 15,
    ]);
    expect(record.stackStart).toBe(0x7ffc_0000_0f00);
    expect(record.stack).toEqual(STACK);
  });
  it('whose stack was shorter than what was asked for has only what was copied', () => {
    const record = parseRecord(taskSample({ pid: 1, registers: { 7: 64 }, stack: STACK, asked: 64 }), TRACEPOINTS);
    expect(record).toMatchObject({ stack: STACK });
  });
  it('of a process, and of a task that the kernel itself made', () => {
    const record = parseRecord(taskSample({ pid: 2, isThread: false }), TRACEPOINTS);
    expect(record).toMatchObject({ kind: 'task', isThread: false, registers: undefined });
  });
  it('whose name fills all of its 16 bytes', () => {
    expect(parseRecord(taskSample({ pid: 1, name: 'abcdefghijklmnop' }), TRACEPOINTS)).toMatchObject({
      name: 'abcdefghijklmnop',
    });
  });
  it('of a program that begins', () => {
    expect(parseRecord(execSample({ pid: 7, atMs: 3, program: '/usr/bin/make' }), TRACEPOINTS)).toEqual({
      kind: 'exec',
      pid: 7,
      atMs: 3,
      program: '/usr/bin/make',
    });
  });
  it('of neither is none: without the tracepoint of programs too', () => {
    const { newTask } = TRACEPOINTS;
    expect(parseRecord(execSample({ pid: 7, program: '/bin/x' }), { newTask })).toBeUndefined();
  });
});

describe('the attribute', () => {
  it('asks for a tracepoint by its id, each time, with the stack', () => {
    const attr = tracepointAttribute({ id: 205, stackBytes: 8192 });
    expect([attr.readUInt32LE(0), attr.readUInt32LE(4), attr.readBigUInt64LE(8), attr.readBigUInt64LE(16)]).toEqual([
      2,
      112,
      205n,
      1n,
    ]);
    // 17 registers: no flags, no segments, which the kernel refuses (bits 9 to 15).
    expect(attr.readBigUInt64LE(80)).toBe(0xff01ffn);
    expect(attr.readUInt32LE(88)).toBe(8192);
  });
  it('asks for neither registers nor stack where none is wanted', () => {
    const attr = tracepointAttribute({ id: 365, stackBytes: 0 });
    expect([attr.readBigUInt64LE(24) & 0x3000n, attr.readBigUInt64LE(80)]).toEqual([0n, 0n]);
  });
});
