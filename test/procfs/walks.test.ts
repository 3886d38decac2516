import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countIds, countUidTasks } from '../../src/procfs/ids.ts';
import { readLimits } from '../../src/procfs/limits.ts';
import { countMaps, countMapsNow, readCodeMaps, readMaps } from '../../src/procfs/maps.ts';
import { hidesProcesses, isNested, rootOutside } from '../../src/procfs/namespace.ts';
import { readTouched } from '../../src/procfs/pagemap.ts';
import { KeptFile, readNumber, readOrThrow, readShort, readText } from '../../src/procfs/read.ts';
import { kernelRoot } from '../../src/procfs/root.ts';
import { catches } from '../../src/procfs/status.ts';
import { countThreads, listChildren, listProcesses, listThreads } from '../../src/procfs/task.ts';
import { addProcess } from '../fixtures/processes.ts';
import { makeTree } from '../fixtures/tree.ts';

let tree: ReturnType<typeof makeTree>;
beforeEach(() => {
  tree = makeTree();
});
afterEach(() => tree.remove());

const root = () => kernelRoot(tree.dir);
const at = (path: string) => join(tree.dir, path);

describe('reading a kernel file', () => {
  it('is whole, however long it is', () => {
    const text = 'line\n'.repeat(40_000);
    tree.write('long', text);
    expect([readText(at('long')), readOrThrow(at('long'))]).toEqual([text, text]);
    // A short file is read once: 64 KiB of it.
    expect(readShort(at('long'))?.length).toBe(65_536);
  });
  it('one that is not there: nothing, or the reason', () => {
    expect([readText(at('x')), readShort(at('x')), readNumber(at('x'))]).toEqual([undefined, undefined, 'unknown']);
    expect(() => readOrThrow(at('x'))).toThrow(/ENOENT/);
    tree.mkdir('dir');
    expect(readText(at('dir'))).toBeUndefined();
    expect(() => readOrThrow(at('dir'))).toThrow(/EISDIR/);
  });
  it('a kept file is read from its start each time, and says why it cannot be', () => {
    tree.write('n', '12\n');
    const kept = new KeptFile(at('n'));
    expect([kept.isOpen, kept.readNumber(), kept.error]).toEqual([true, 12, undefined]);
    writeFileSync(at('n'), 'max\n');
    expect(kept.readNumber()).toBe('unlimited');
    kept.close();
    kept.close();
    expect([kept.isOpen, kept.read(), kept.readNumber()]).toEqual([false, undefined, 'unknown']);
    const none = new KeptFile(at('nowhere'));
    expect([none.isOpen, none.read(), none.error]).toEqual([false, undefined, 'ENOENT']);
    tree.mkdir('dir');
    const dir = new KeptFile(at('dir'));
    expect([dir.read(), dir.error]).toEqual([undefined, 'EISDIR']);
    dir.close();
  });
});

describe('processes and threads', () => {
  it('are counted by links, and listed by number', () => {
    addProcess(tree, 42, { threads: 3, children: [50, 51] });
    tree.mkdir('proc/net');
    tree.write('proc/loadavg', '');
    expect(listProcesses(root())).toEqual([42]);
    expect([countThreads(root(), 42), listThreads(root(), 42), listChildren(root(), 42)]).toEqual([
      3,
      [42, 43, 44],
      [50, 51],
    ]);
  });
  it('one that is gone has none', () => {
    expect([
      countThreads(root(), 42),
      listThreads(root(), 42),
      listChildren(root(), 42),
      listProcesses(root()),
    ]).toEqual([undefined, [], undefined, []]);
  });
  it('whether a signal has a handler', () => {
    addProcess(tree, 42);
    // SIGTERM is 15, so its bit is the fifteenth.
    tree.write('proc/42/status', 'Name:\tx\nThreads:\t1\nSigCgt:\t0000000000004000\n');
    expect([catches(root(), 42, 'SIGTERM'), catches(root(), 42, 'SIGINT'), catches(root(), 42, 'SIGNONE')]).toEqual([
      true,
      false,
      false,
    ]);
    expect(catches(root(), 43, 'SIGTERM')).toBe(false);
  });
  it('limits of one that is gone are none', () => {
    expect(readLimits(root(), 42).size).toBe(0);
  });
});

describe('numbers of a pid namespace', () => {
  const range = { from: 300, below: 1_000 };
  it('a task below the range, one above it, and a session whose leader is gone', () => {
    addProcess(tree, 42, { threads: 2 });
    addProcess(tree, 400, { threads: 3 });
    addProcess(tree, 1_500);
    // Its group 500 and its session 500 have no leader any more; group 42 has.
    tree.write('proc/400/stat', '400 (x) S 1 500 500 0 -1 0 0 0 0 0 0 0 0 0 20 0 3 0 7 0 0\n');
    expect(countIds(root(), range)).toEqual({ tasks: 6, outside: 3, pinned: 1 });
  });
  it('two dead leaders are two numbers, one that lives is none', () => {
    addProcess(tree, 400);
    addProcess(tree, 401);
    addProcess(tree, 402);
    const calls = {
      getpgid: (pid: number) => (pid === 400 ? 401 : pid === 401 ? 600 : 0),
      getsid: (pid: number) => (pid === 402 ? 700 : pid === 401 ? 600 : 5),
    };
    expect(countIds(root(), range, calls)).toEqual({ tasks: 3, outside: 0, pinned: 2 });
  });
  it('a process that ends between the list and the look is none', () => {
    addProcess(tree, 400);
    tree.mkdir('proc/401');
    expect(countIds(root(), range).tasks).toBe(1);
  });
});

it('tasks of a uid: the owner is enough, but for processes of root', () => {
  const own = process.getuid?.() ?? 0;
  addProcess(tree, 42, { uid: 1000, threads: 4 });
  addProcess(tree, 43, { uid: own, threads: 2 });
  // The folders of this test belong to whoever runs it: as root the real uid is read from the status.
  expect(countUidTasks(root(), own)).toBe(own === 0 ? 2 : 6);
  expect(countUidTasks(root(), 1000)).toBe(own === 0 ? 4 : own === 1000 ? 6 : 0);
  expect(countUidTasks(root(), 77)).toBe(0);
});

describe('maps', () => {
  const MAP = '7f0000000000-7f0000001000 rw-p 00000000 00:00 0 \n';
  const CODE = '55d0a0000000-55d0a0001000 r-xp 00000000 08:01 12 /bin/x\n';
  const VSYSCALL = 'ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n';
  it.for([
    ['with the page of the kernel', CODE + MAP + VSYSCALL, 2],
    ['without it', MAP + MAP, 2],
    ['many', MAP.repeat(30_000), 30_000],
    ['none, as a zombie has', '', 0],
  ] as const)('are counted alike by both ways: %s', async ([, text, want]) => {
    tree.write('proc/42/maps', text);
    expect([await countMaps(root(), 42), countMapsNow(root(), 42), readMaps(root(), 42)?.length]).toEqual([
      want,
      want,
      want,
    ]);
  });
  it('of code alone', () => {
    tree.write('proc/42/maps', MAP + CODE + MAP);
    expect(readCodeMaps(root(), 42)?.map(({ path }) => path)).toEqual(['/bin/x']);
    tree.write('proc/42/maps', MAP);
    expect(readCodeMaps(root(), 42)).toEqual([]);
  });
  it('that may not be read are unknown, not none', async () => {
    expect([
      await countMaps(root(), 42),
      countMapsNow(root(), 42),
      readMaps(root(), 42),
      readCodeMaps(root(), 42),
    ]).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe('pages of a range', () => {
  const entry = (bits: number): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes[7] = bits;
    return bytes;
  };
  it('those in memory and those that were swapped out are held', () => {
    tree.mkdir('proc/42');
    // Four pages from address 0: present, swapped, neither, present.
    writeFileSync(at('proc/42/pagemap'), Buffer.concat([entry(0x80), entry(0x40), entry(0), entry(0x81)]));
    expect(readTouched(root(), 42, [{ start: 0, end: 4 * 4096 }])).toEqual([3 * 4096]);
    expect(
      readTouched(root(), 42, [
        { start: 4096, end: 3 * 4096 },
        { start: 0, end: 4096 },
      ]),
    ).toEqual([4096, 4096]);
  });
  it('of a large range only its upper end is read', () => {
    tree.mkdir('proc/42');
    const pages = 10_000;
    const entries = Buffer.alloc(8 * pages, 0);
    for (let page = 0; page < pages; page += 1) entries[8 * page + 7] = 0x80;
    writeFileSync(at('proc/42/pagemap'), entries);
    expect(readTouched(root(), 42, [{ start: 0, end: pages * 4096 }])).toEqual([8_192 * 4096]);
  });
  it('of a process that may not be read is unknown', () => {
    expect(readTouched(root(), 42, [{ start: 0, end: 4096 }])).toBeUndefined();
  });
});

describe('namespaces', () => {
  const link = (pid: string, kind: string, target: string) => {
    tree.mkdir(`proc/${pid}/ns`);
    symlinkSync(target, at(`proc/${pid}/ns/${kind}`));
  };
  it.for([
    ['pid', 'pid:[4026531836]', false],
    ['pid', 'pid:[4026532001]', true],
    ['user', 'user:[4026531837]', false],
    ['user', 'user:[4026532002]', true],
  ] as const)('%s %s is nested: %s', ([kind, target, want]) => {
    link('42', kind, target);
    expect(isNested(root(), 42, kind)).toBe(want);
  });
  it('of another user cannot be told', () => expect(isNested(root(), 42, 'pid')).toBeUndefined());
  it.for([
    ['the host', '         0          0 4294967295\n', 0],
    ['a rootless container', '         0       1000          1\n         1     100000      65536\n', 1000],
    ['a map without root', '      1000       1000          1\n', undefined],
    ['none', '', undefined],
  ] as const)('root outside: %s', ([, text, want]) => {
    tree.write('proc/self/uid_map', text);
    expect(rootOutside(root())).toBe(want);
  });
  it.for([
    ['rw', false],
    ['rw,hidepid=0', false],
    ['rw,hidepid=off', false],
    ['rw,hidepid=1', true],
    ['rw,hidepid=2,gid=5', true],
    ['rw,hidepid=invisible', true],
    ['rw,hidepid=ptraceable', true],
  ] as const)('a /proc mounted %s hides processes: %s', ([options, want]) => {
    tree.write('proc/self/mountinfo', `20 1 0:5 / /proc rw - proc proc ${options}\n`);
    expect(hidesProcesses(root())).toBe(want);
  });
  it('the last mount over /proc counts, and other mounts of proc do not', () => {
    tree.write(
      'proc/self/mountinfo',
      '20 1 0:5 / /proc rw - proc proc rw,hidepid=2\n21 20 0:6 / /proc rw - proc proc rw\n22 1 0:7 / /chroot/proc rw - proc proc rw,hidepid=2\n',
    );
    expect(hidesProcesses(root())).toBe(false);
  });
});
