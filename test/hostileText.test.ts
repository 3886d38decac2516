import { afterEach, describe, expect, it } from 'vitest';
import { readMessage } from '../src/core/messages.ts';
import { redactWords } from '../src/core/redact.ts';
import { withoutParts } from '../src/evidence/demangle.ts';
import { parseGoroutines } from '../src/evidence/go/goroutineDump.ts';
import { parseThreadDump } from '../src/evidence/jvm/threadDump.ts';
import { parseNodeReport } from '../src/evidence/node/reportDocument.ts';
import { parseMaps, readCodeMaps } from '../src/procfs/maps.ts';
import { type FakeProc, makeProc } from './fixtures/procTree.ts';

// What is read by hand, because an expression for it takes the square of its length (see linear.test.ts).

describe('a header of a JVM thread', () => {
  it.each<[string, string | undefined, number?]>([
    ['"main" #1 prio=5 tid=0x7f nid=0x2b03 waiting on condition', 'main', 0x2b03],
    ['"VM Thread" os_prio=0 tid=0x7f nid=71 runnable', 'VM Thread', 71],
    ['"a "quoted" name" #3 nid=0x10 x', 'a "quoted" name', 16],
    ['"x" nid=0x1 y" #3 nid=0x2 runnable', 'x" nid=0x1 y', 2],
    ['"" #3 nid=0x2 runnable', '', 2],
    ['"a\rb" #3 nid=0x2 runnable', 'a\rb', 2],
    ['"main" #1 prio=5 tid=0x7f', undefined],
    ['"main" #1 xnid=0x2 runnable', undefined],
    ['"main" #1 nid=0x2', undefined],
    ['"nid=0x2 runnable', undefined],
  ])('%j', (line, name, nid) => {
    const want = name === undefined ? [] : [{ name, nid }];
    expect(parseThreadDump(line).threads.map((one) => ({ name: one.name, nid: one.nid }))).toEqual(want);
  });
});

describe('a frame of Node', () => {
  it.each([
    ['at main (file:///a.js:3:7)', { function: 'main', file: 'file:///a.js', line: 3 }],
    ['at node:internal/x:12:3', { function: '(anonymous)', file: 'node:internal/x', line: 12 }],
    ['at (a.js:1:2)', { function: '(anonymous)', file: 'a.js', line: 1 }],
    ['at new Pool (/srv/a b.js:1:2)', { function: 'new Pool', file: '/srv/a b.js', line: 1 }],
    ['at a(b.js:1:2)', { function: 'a', file: 'b.js', line: 1 }],
    ['at x:1:2:3', { function: '(anonymous)', file: 'x:1', line: 2 }],
    ['at a.js:1', undefined],
    ['at a.js:x:1', undefined],
    ['at <anonymous>', undefined],
    ['main (a.js:1:2)', undefined],
  ])('%j', (line, want) => {
    const report = parseNodeReport(JSON.stringify({ header: {}, javascriptStack: { stack: [line] } }));
    expect(report?.stacks[0]).toEqual(want === undefined ? [] : [want]);
  });
});

describe('a frame of Go', () => {
  it.each([
    ['main.serve(0x1, {0x2, 0x3})', '\t/srv/a.go:12 +0x2a fp=0xc0 sp=0x1 pc=0x2', 'main.serve', '/srv/a.go', 12],
    ['main.(*T).serve(...)', '\t/srv/a.go:12', 'main.(*T).serve', '/srv/a.go', 12],
    ['main.f(g(h(1)))', '\t/srv/a:1.go:7 +0x1', 'main.f', '/srv/a:1.go', 7],
    ['main.f(', '\t/srv/a.go:7 fp=0x1 \r', 'main.f(', '/srv/a.go', 7],
  ])('%j', (name, place, ...want) => {
    const [goroutine] = parseGoroutines(`goroutine 1 [running]:\n${name}\n${place}\n`);
    expect(goroutine?.frames.map((frame) => [frame.function, frame.file, frame.line])).toEqual([want]);
  });
});

it.each([
  ['work(int) [clone .part.0]', 'work(int)'],
  ['work(int) [clone .part.0] [clone .cold]', 'work(int)'],
  ['work(int) [clone .part.0] x', 'work(int) [clone .part.0] x'],
  ['operator[]', 'operator[]'],
  ['a [clone b]]', 'a [clone b]]'],
])('parts of %j', (name, want) => {
  expect(withoutParts(name)).toBe(want);
});

it.each([
  ['x http://user:pw@host/a', 'x http://user:[redacted]@host/a'],
  ['a+b.c://u:p@h,redis://:q@h', 'a+b.c://u:[redacted]@h,redis://:[redacted]@h'],
  ['http://user@host/a:b@c', 'http://user@host/a:b@c'],
])('secrets of %j', (word, want) => {
  expect(redactWords([word])).toEqual([want]);
});

it.each([
  ['os::commit_memory(0x1, 2, 0) failed; error=x (errno=12)', 'jvm'],
  ['errno=12 before os::commit_memory', undefined],
  ['runtime: failed to create new OS thread (have 5; errno=11)', 'go'],
  ['Error: spawn /bin/ls EAGAIN', 'node'],
  ['sh: 1: Cannot fork: Resource temporarily unavailable', 'shell'],
  ['mprotect: mmap: Cannot allocate memory', 'native'],
])('who printed %j', (line, runtime) => {
  expect(readMessage(line)?.runtime).toBe(runtime);
});

describe('a path with what looks like the end of a line', () => {
  let proc: FakeProc | undefined;
  afterEach(() => proc?.remove());
  const forged = '400000-500000 r-xp 00000000 08:01 7                  /usr/bin/python3.11';
  const line = (mark: string) => `7f0000000000-7f0000001000 r-xp 00000000 08:01 5  /tmp/a${mark}${forged}`;

  const latin1 = (text: string) => Buffer.from(text).toString('latin1');

  it.each(['\r', '\u2028', '\u2029'])('%j is one map, with all of its path', (mark) => {
    const path = `/tmp/a${mark}${forged}`;
    expect(parseMaps(`${line(mark)}\n`)).toMatchObject([{ start: 0x7f0000000000, path }]);
    proc = makeProc({ pid: 7, maps: `${line(mark)}\n8000-9000 rw-p 00000000 00:00 0 \n` });
    expect(readCodeMaps(proc.root, 7)).toMatchObject([{ start: 0x7f0000000000, path: latin1(path) }]);
  });
});
