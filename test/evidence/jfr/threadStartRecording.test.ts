import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ThreadStartRecording } from '../../../src/evidence/jfr/threadStartRecording.ts';
import { kernelRoot } from '../../../src/procfs/root.ts';
import { threadStartChunk } from '../builders/jfrChunk.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tgjfr-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** What a JVM writes by itself: a directory of its own, chunks in it. */
function writes(name: string, bytes: Buffer): void {
  mkdirSync(join(dir, 'repository/2026_11_24_10_00_00_42'), { recursive: true });
  writeFileSync(join(dir, 'repository/2026_11_24_10_00_00_42', name), bytes);
}

it('a JVM is started with a recording of thread starts and of nothing else', () => {
  const options = new ThreadStartRecording(dir).options().join('\n');
  expect(options).toContain(`repository=${join(dir, 'repository')}`);
  expect(options).toMatch(/-XX:StartFlightRecording=name=threadguard,settings=\S+,maxsize=32m/);
  const settings = readFileSync(join(dir, 'thread-starts.jfc'), 'utf8');
  expect(settings.match(/<event name="[^"]*"/g)).toEqual(['<event name="jdk.ThreadStart"']);
});

it('a directory with a space in its name is quoted, as JDK_JAVA_OPTIONS wants it', () => {
  const spaced = join(dir, 'a b');
  mkdirSync(spaced);
  for (const option of new ThreadStartRecording(spaced).options().slice(1)) expect(option).toMatch(/^".* .*"$/);
});

describe('read', () => {
  it('nothing was written', () => {
    expect(new ThreadStartRecording(dir).read()).toEqual([]);
  });
  it('what several JVMs wrote by themselves', () => {
    const recording = new ThreadStartRecording(dir);
    writes('1.jfr', threadStartChunk([1, 2]));
    writes('2.jfr', threadStartChunk([2]));
    writes('notes.txt', Buffer.from('no recording'));
    expect(recording.read()).toHaveLength(3);
  });
  it('the answer of a JVM, if it has more', () => {
    const recording = new ThreadStartRecording(dir);
    writes('1.jfr', threadStartChunk([1]));
    writeFileSync(join(dir, 'asked.jfr'), threadStartChunk([1, 1, 2]));
    expect(recording.read()).toHaveLength(3);
    writes('2.jfr', threadStartChunk([1, 1, 1, 1]));
    expect(recording.read()).toHaveLength(5);
  });
  it('a file that is none, and a directory that is gone', () => {
    const recording = new ThreadStartRecording(dir);
    writes('1.jfr', Buffer.from('garbage'));
    expect(recording.read()).toEqual([]);
    rmSync(join(dir, 'repository'), { recursive: true });
    expect(recording.read()).toEqual([]);
  });
});

it('a JVM that is gone is asked in vain: what lies there counts', () => {
  const recording = new ThreadStartRecording(dir);
  writes('1.jfr', threadStartChunk([1]));
  expect(recording.ask(kernelRoot(), 4_194_000, undefined, 100)).toHaveLength(1);
});
