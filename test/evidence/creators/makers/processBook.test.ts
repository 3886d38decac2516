import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProcessBook } from '../../../../src/evidence/creators/makers/processBook.ts';
import { kernelRoot } from '../../../../src/procfs/root.ts';
import { taskRecord } from '../../builders/perfRecords.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'book-'));
});
afterEach(() => rmSync(dir, { recursive: true }));
const runs = (pid: number, ...words: readonly string[]): void => {
  mkdirSync(join(dir, 'proc', String(pid)), { recursive: true });
  writeFileSync(join(dir, 'proc', String(pid), 'cmdline'), words.map((word) => `${word}\0`).join(''));
};
const process_ = (pid: number, task: number, name = 'sh') => taskRecord({ pid, task, name, isThread: false });
const lines = (book: ProcessBook, pid: number) => book.chain(pid).map((frame) => frame.function);

describe('the command lines of makers', () => {
  it('that of the maker, then those of who made it, by the records: an orphan keeps its maker', () => {
    runs(10, '/usr/bin/make', '-j8');
    runs(11, '/bin/sh', '-c', 'gcc a.c');
    const book = new ProcessBook(kernelRoot(dir));
    book.made(process_(10, 11, 'make'));
    book.begins({ kind: 'exec', pid: 11, atMs: 1, program: '/bin/sh' });
    book.made(process_(11, 12));
    expect(lines(book, 11)).toEqual(['sh -c gcc a.c', 'make -j8']);
  });
  it('one that had ended before it could be read has the name of its program', () => {
    const book = new ProcessBook(kernelRoot(dir));
    book.begins({ kind: 'exec', pid: 11, atMs: 1, program: '/opt/bin/worker' });
    book.made(process_(11, 12, 'worker'));
    expect(lines(book, 11)).toEqual(['worker']);
    expect(lines(book, 4711)).toEqual([]);
  });
  it('a child that has begun no program of its own is its maker once more', () => {
    runs(10, 'bash', 'forks.sh');
    runs(11, 'bash', 'forks.sh');
    const book = new ProcessBook(kernelRoot(dir));
    book.made(process_(10, 11, 'bash'));
    book.made(process_(11, 12, 'bash'));
    expect(lines(book, 11)).toEqual(['bash forks.sh']);
  });
  it('secrets are taken out, and long ones cut', () => {
    runs(10, 'app', '--password', 'hunter2', 'x'.repeat(500));
    const book = new ProcessBook(kernelRoot(dir));
    book.made(process_(10, 11));
    const command = book.of(10).command ?? '';
    expect(command).toMatch(/^app --password \[redacted\] x+…$/);
    expect(command).toHaveLength(80);
  });
  it('parents that go in a circle end', () => {
    const book = new ProcessBook(kernelRoot(dir));
    book.made(process_(10, 11, 'a'));
    book.made(process_(11, 10, 'b'));
    expect(lines(book, 10).length).toBeLessThanOrEqual(4);
    book.made(process_(7, 7, 'own'));
    expect(lines(book, 7)).toEqual(['own']);
  });
});
