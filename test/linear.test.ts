import { describe, expect, it } from 'vitest';
import { cgroupOwner } from '../src/ceilings/owner.ts';
import { namedCreators } from '../src/core/creators.ts';
import { normaliseFunction } from '../src/core/functionName.ts';
import { tellNames } from '../src/core/groupNames.ts';
import { readKernelLine, readMessage } from '../src/core/messages.ts';
import { executorOf, isPlumbing } from '../src/core/plumbing.ts';
import { redactWords } from '../src/core/redact.ts';
import type { TaskStack } from '../src/core/stack.ts';
import { normaliseName } from '../src/core/threadName.ts';
import { escapeText } from '../src/core/units.ts';
import { waitKind, waitOfStack } from '../src/core/wait.ts';
import { demangle, withoutParts } from '../src/evidence/demangle.ts';
import { parseGoroutines } from '../src/evidence/go/goroutineDump.ts';
import { parseThreadDump } from '../src/evidence/jvm/threadDump.ts';
import { parseNodeReport } from '../src/evidence/node/reportDocument.ts';
import { parseFailure } from '../src/explain/trace/strace.ts';
import { parseEvent } from '../src/explain/trace/tracefs.ts';
import { parseCgroupFile } from '../src/procfs/cgroupFile.ts';
import { parseLimits } from '../src/procfs/limits.ts';
import { parseMaps } from '../src/procfs/maps.ts';
import { parseMountinfo } from '../src/procfs/mountinfo.ts';
import { parseStat } from '../src/procfs/stat.ts';
import { parseStatus } from '../src/procfs/status.ts';
import { escapeHtml } from '../src/reporters/report/markup.ts';
import { parseNotification } from '../src/service/notification.ts';
import { readSettings } from '../src/service/unitFile.ts';
import { growthOf, LINEAR } from './fixtures/growth.ts';

/** Letters of each text; four times as many must take about four times as long. */
const SIZE = 20_000;
const RUNTIMES = ['jvm', 'node', 'python', 'ruby', 'go', 'native'] as const;

/** Everything that reads text of somebody else, with the pieces that its own expressions look for. */
const READERS: readonly { readonly name: string; read(text: string): unknown; readonly pieces: readonly string[] }[] = [
  {
    name: 'messages of runtimes',
    read: (text) => [readMessage(text), readKernelLine(text)],
    pieces: [
      'os::commit_memory',
      'failed to create new OS thread ',
      'cannot fork',
      'fork: retry: ',
      'pthread_create',
      'mmap mprotect',
      'spawn',
      'spawn ',
      'spawn x EAGAI',
      'program exceeds 1',
      'unable to create new ',
      'node[1]: pthread_create: ',
      'cgroup: fork rejected by pids controller in x',
    ],
  },
  {
    name: 'secrets',
    read: (text) => redactWords([text, `--x=${text}`, `-D${text}`, `${text}: x`]),
    pieces: ['a', 'a.', 'a://', 'a://b:', 'a://b:c', '--pass', '-D', 'password', 'x:', 'api-', '://', 'a://b@'],
  },
  {
    name: 'a thread dump of a JVM',
    read: parseThreadDump,
    pieces: ['" ', '"a" nid=0x1 ', 'nid=', 'nid=1', ' nid=0x', '" #1 ', 'a" nid=1 b'].map((piece) => `"${piece}`),
  },
  {
    name: 'a frame of a JVM',
    read: (text) => parseThreadDump(`"a" nid=0x1 x\n\tat ${text}`),
    pieces: ['a', 'app/', 'a@', 'a@b/', 'a(', 'a(b@', 'a.b$', '/', ')', 'a@b/c('],
  },
  {
    name: 'a report of Node',
    read: (text) => parseNodeReport(JSON.stringify({ header: {}, javascriptStack: { stack: [`at ${text}`] } })),
    pieces: ['a', ' (', '(', ':', ':1', ':1:1', 'a (b:1:1', ' ', ')'],
  },
  {
    name: 'a goroutine',
    read: (text) => parseGoroutines(`goroutine 1 [${text}]:\ngoroutine 1 [x]:\n${text}\n\t${text}\ncreated by ${text}`),
    pieces: ['(', '()', '(a', ')', ':1', ':1 fp=', ':1 +0x1', ' in goroutine 1', ' gp=a m=b', ', ', '(()'],
  },
  { name: 'a demangled name', read: withoutParts, pieces: [' [clone a]', ' [clone ', ']', ' [clone a]]'] },
  { name: 'a mangled name', read: demangle, pieces: ['_ZN', '_ZN1a', '_RNv', '_RB_', '_ZS_', '_Z1aIS_'] },
  {
    name: 'a function',
    read: normaliseFunction,
    pieces: ['$$Lambda', '$$Lambda$1', '$Proxy', 'LambdaForm$MH', '::h0', '@@A_1', '@A_', 'GeneratedMethodAccessor1'],
  },
  { name: 'a thread', read: normaliseName, pieces: ['a', '0', '0g', '.rb:', 'deadbeef'] },
  {
    name: 'a frame',
    read: (text) => {
      const frame = { function: text, file: text, module: text };
      return [RUNTIMES.map((runtime) => isPlumbing(frame, runtime)), executorOf([frame])];
    },
    pieces: [
      'lib/python3',
      '/lib64/python3.1/',
      'libc.',
      'libc-1',
      'CompletableFuture.',
      'CompletableFuture.a',
      'std::',
      '<std::',
      '<std:: as ',
      ' as core::ops::function::Fn',
      '[a',
      '/',
    ],
  },
  {
    name: 'a name with a place',
    read: (text) =>
      namedCreators([{ tid: 1, name: `${text}.rb:1`, source: 'ruby', frames: [] } as unknown as TaskStack]),
    pieces: ['.rb:', '.rb:1', ':1', '.r', 'a'],
  },
  {
    name: 'where a thread waits',
    read: (text) => waitKind({ call: undefined, channel: text, state: 'S' }),
    pieces: ['fute', 'poll'],
  },
  {
    name: 'what functions wait for',
    read: (text) => waitOfStack('unknown', [{ function: text }]),
    pieces: ['_', 'pthread_mutex_', 'lock', 'lll_', 'thread::', '::thread::park', 'runtime.'],
  },
  {
    name: 'names of threads',
    read: (text) =>
      tellNames(
        new Map([
          [text, 1],
          [`${text}1`, 1],
        ]),
        5,
      ),
    pieces: ['a', 'a1', '1', '0g', 'deadbeef', 'a1b'],
  },
  { name: 'a line of strace', read: parseFailure, pieces: ['1', '1 ', '<... ', 'a(', ' = -1 ', 'a resumed> = -1 '] },
  { name: 'a line of tracefs', read: parseEvent, pieces: [': sys_a', ': sys_a -> 0x1', ': sys_a -> 0x1 ', ' '] },
  { name: 'maps', read: parseMaps, pieces: ['0', '0-0 r-xp 0 a 1 ', ' ', '0-0 r-xp 0 a 1 \n', '\r0-0 r-xp 0 a 1 '] },
  { name: 'cgroups', read: parseCgroupFile, pieces: ['0:', '0::/a', ':', '1:a:/\n'] },
  { name: 'limits', read: parseLimits, pieces: ['a ', 'a  ', ' ', 'Max a  1  1\n'] },
  { name: 'mounts', read: parseMountinfo, pieces: ['\\0', '\\040', ' - ', '1 1 1:1 / / a - b c d\n'] },
  { name: 'a process', read: parseStat, pieces: ['(', ')', ') R ', '1 (a) '] },
  {
    name: 'the status of a process',
    read: parseStatus,
    pieces: ['Uid:\t', '\nUid:\t', '\nThreads:\t1', 'NSpid:\t1\t'],
  },
  {
    name: 'the name of a cgroup',
    read: (text) => cgroupOwner(`/kubepods/${text}`, 'tasks'),
    pieces: ['-pod', 'pod0', 'docker-', '0', '.scope', '/'],
  },
  { name: 'a notification', read: parseNotification, pieces: ['READY=1', 'STATUS=a\n', '\n', 'ERRNO'] },
  {
    name: 'a unit',
    read: (text) => readSettings([`[Service]\nExecStart=${text}`], 'Service'),
    pieces: ['\\\n', '\\\n#', '[', 'a=b\n', '-', ' '],
  },
  {
    name: 'text to show',
    read: (text) => [escapeText(text), escapeHtml(text)],
    pieces: ['\u001b', '\u202e', '<', '&', 'a'],
  },
];
/** What lets an expression fail at its very end, and what `.` does not take. */
const ENDS = ['', 'x', '\r', '\u2028!', ' ', ')'];

describe('the time for text of somebody else grows as its length', { timeout: 120_000 }, () => {
  it.for(READERS)('$name', ({ pieces, read }) => {
    for (const piece of pieces)
      for (const end of ENDS) {
        const make = (size: number) => piece.repeat(Math.ceil(size / piece.length)) + end;
        expect(growthOf(make, read, SIZE), JSON.stringify({ piece, end })).toBeLessThan(LINEAR);
      }
  });
});
