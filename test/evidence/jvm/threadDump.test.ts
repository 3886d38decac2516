import { describe, expect, it } from 'vitest';
import { parseThreadDump } from '../../../src/evidence/jvm/threadDump.ts';

const HEAD = `2026-11-24 10:00:00
Full thread dump OpenJDK 64-Bit Server VM (17.0.15+6-Debian mixed mode, sharing):

Threads class SMR info:
_java_thread_list=0x00007f1c5c001f10, length=13, elements={
0x00007f1cd0024550, 0x00007f1cd01d3e80
}
`;
const worker = (name: string, nid = '0x1f') => `
"${name}" #12 daemon prio=5 os_prio=0 cpu=0.12ms elapsed=3.90s tid=0x00007f1cd0024550 nid=${nid} waiting on condition  [0x00007f1cd4dfe000]
   java.lang.Thread.State: TIMED_WAITING (sleeping)
\tat java.lang.Thread.sleep(java.base@17.0.15/Native Method)
\t- locked <0x000000071a1b2c30> (a java.lang.Object)
\tat com.acme.Server.idle(Server.java:42)
\tat com.acme.Server$$Lambda$14/0x00007f1c5c000a08.run(Unknown Source)
\tat java.lang.Thread.run(java.base@17.0.15/Thread.java:840)
`;
const TAIL = `
"VM Thread" os_prio=0 cpu=1.1ms elapsed=4.0s tid=0x00007f1cd01bd390 nid=0x11 runnable

JNI global refs: 17, weak refs: 0
`;

describe('parseThreadDump', () => {
  it('names, states, frames, and threads of the JVM itself', () => {
    const dump = parseThreadDump(HEAD + worker('main-1') + TAIL);
    expect(dump.isWhole).toBe(true);
    expect(dump.threads.map(({ name, nid, state }) => [name, nid, state])).toEqual([
      ['main-1', 31, 'TIMED_WAITING (sleeping)'],
      ['VM Thread', 17, ''],
    ]);
    expect(dump.threads[0]?.frames).toEqual([
      { function: 'java.lang.Thread.sleep' },
      { function: 'com.acme.Server.idle', file: 'Server.java', line: 42 },
      { function: 'com.acme.Server$$Lambda$14/0x00007f1c5c000a08.run' },
      { function: 'java.lang.Thread.run', file: 'Thread.java', line: 840 },
    ]);
  });
  it.for([
    ['quotes', 'a "b" c'],
    ['what looks like a header', 'x" nid=0x7 y'],
    ['nothing', ''],
    ['spaces at its ends', ' a '],
  ] as const)('a name with %s', ([, name]) => {
    expect(parseThreadDump(worker(name) + TAIL).threads[0]).toMatchObject({ name, nid: 31 });
  });
  it('a decimal thread id (JDK 22 and newer)', () => {
    expect(parseThreadDump(worker('w', '4711') + TAIL).threads[0]?.nid).toBe(4711);
  });
  it('a name that breaks the line loses its header, not its neighbours', () => {
    const dump = parseThreadDump(worker('first', '1') + worker('two\nlines', '2') + worker('third', '3') + TAIL);
    expect(dump.threads.map(({ nid }) => nid)).toEqual([1, 3, 17]);
  });
  it('the program’s own output in between', () => {
    const text = (worker('w') + TAIL).replace('\tat com.acme', 'GET /index 200\n\tat com.acme');
    expect(parseThreadDump(text).threads[0]?.frames).toHaveLength(4);
  });
  it('cut short: what is there, and that it is not all', () => {
    const dump = parseThreadDump((HEAD + worker('a', '1') + worker('b', '2')).slice(0, -120));
    expect(dump.isWhole).toBe(false);
    expect(dump.threads).toHaveLength(2);
  });
  it('equal stacks share one array', () => {
    const { threads } = parseThreadDump(worker('a', '1') + worker('b', '2') + TAIL);
    expect(threads[0]?.frames).toBe(threads[1]?.frames);
  });
  it.for(['', 'Killed', '"', '"x', '\tat nothing'])('no dump at all: %j', (text) => {
    expect(parseThreadDump(text)).toEqual({ threads: [], isWhole: false });
  });
});

describe('a dump that is endless', () => {
  it('is read until the time is up', () => {
    let looks = 0;
    const text = Array.from({ length: 4_000 }, (_, index) => worker(`w-${index}`, String(index + 1))).join('');
    const dump = parseThreadDump(text + TAIL, () => {
      looks += 1;
      return looks > 3;
    });
    expect(dump.isWhole).toBe(false);
    expect(dump.threads.length).toBeGreaterThan(100);
    expect(dump.threads.length).toBeLessThan(1_000);
  });
  it('a stack without an end has as many frames as HotSpot prints', () => {
    const text = `"w" #1 prio=5 tid=0x1 nid=0x1 runnable \n${'\tat a.B.c(B.java:1)\n'.repeat(100_000)}`;
    expect(parseThreadDump(text + TAIL).threads[0]?.frames).toHaveLength(1_024);
  });
});
