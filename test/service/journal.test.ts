import { closeSync, fstatSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { journalEntry } from '../../src/reporters/journalReporter.ts';
import { isJournal, openJournal } from '../../src/service/journalSocket.ts';
import { type Libc, loadLibc } from '../../src/sys/libc.ts';

let dir: string;
let fd: number;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tgjournal-'));
  fd = openSync(join(dir, 'stderr'), 'w');
});
afterAll(() => {
  closeSync(fd);
  rmSync(dir, { recursive: true, force: true });
});

describe('the journal', () => {
  it('is where JOURNAL_STREAM says, and only while stderr still goes there', () => {
    const { dev, ino } = fstatSync(fd);
    expect(isJournal({ JOURNAL_STREAM: `${dev}:${ino}` }, fd)).toBe(true);
    expect(isJournal({ JOURNAL_STREAM: `${dev}:${ino + 1}` }, fd)).toBe(false);
    expect(isJournal({ JOURNAL_STREAM: 'nonsense' }, fd)).toBe(false);
    expect(isJournal({}, fd)).toBe(false);
    expect(isJournal({ JOURNAL_STREAM: `${dev}:${ino}` }, 999)).toBe(false);
  });
  it('takes an entry as it was made, and none when nobody is there', () => {
    const libc = loadLibc() as Libc;
    const path = join(dir, 'socket');
    expect(openJournal(libc, path)).toBeUndefined();
    const receiver = libc.bindDatagram(path);
    const journal = openJournal(libc, path);
    if (typeof receiver === 'string' || journal === undefined) throw new Error('no socket');
    const entry = journalEntry({ MESSAGE: 'two\nlines', PRIORITY: '3' });
    expect(journal.send(entry)).toBe(true);
    expect(receiver.receive()?.text).toBe(entry.toString('utf8'));
    receiver.close();
    expect(journal.send(entry)).toBe(false);
    journal.close();
  });
  it('cannot be had without libc', () => {
    expect(openJournal(undefined)).toBeUndefined();
  });
});
