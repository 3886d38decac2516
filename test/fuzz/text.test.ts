import fc from 'fast-check';
import { readKernelLine, readMessage } from '../../src/core/messages.ts';
import { redactWords } from '../../src/core/redact.ts';
import { goCreators, parseGoroutines } from '../../src/evidence/go/goroutineDump.ts';
import { parseThreadDump } from '../../src/evidence/jvm/threadDump.ts';
import { parseNodeReport } from '../../src/evidence/node/reportDocument.ts';
import { parseFailure } from '../../src/explain/trace/strace.ts';
import { parseMaps } from '../../src/procfs/maps.ts';
import { parseStatus } from '../../src/procfs/status.ts';
import { fuzz } from './fuzz.ts';

/** Pieces of a format in any order, each repeated as often as somebody likes. */
const textOf = (...pieces: readonly string[]): fc.Arbitrary<string> =>
  fc
    .array(
      fc.tuple(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 20 })), fc.constantFrom(1, 1, 1, 3, 500)),
      {
        maxLength: 40,
      },
    )
    .map((parts) => parts.map(([piece, times]) => piece.repeat(times)).join(''));

fuzz(
  'a thread dump of HotSpot',
  textOf(
    '"',
    '" #1 prio=5 tid=0x1 nid=0x1 ',
    'nid=',
    '\n',
    '\tat ',
    'a.B.c(D.java:1)',
    '(',
    ')',
    '/',
    '@',
    '   java.lang.Thread.State: ',
    'JNI global refs: 1\n',
  ),
  (text) => parseThreadDump(text),
);
fuzz(
  'a dump of Go, and lines of logs',
  textOf(
    'goroutine 1 [running]:\n',
    'goroutine ',
    'created by main.f in goroutine 1\n',
    '\t/a.go:1 +0x1\n',
    'main.f(0x1)\n',
    ' [',
    ']:',
    '(',
    '...',
    '\n',
    'clone(',
    ') = -1 EAGAIN (',
    'fork rejected by pids controller in ',
    'OutOfMemoryError: unable to create native thread',
    'https://u:p@h/',
    'token=',
  ),
  (text) => {
    goCreators(parseGoroutines(text));
    parseFailure(text);
    readMessage(text);
    readKernelLine(text);
    redactWords(text.split(' '));
    parseMaps(text);
    parseStatus(text);
  },
);
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, 0, -1, 1e308, '', 'at f (/a.js:1:1)', 'at '),
    fc.string({ maxLength: 30 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.constantFrom(
        'header',
        'workers',
        'javascriptStack',
        'stack',
        'commandLine',
        'environmentVariables',
        'message',
        'x',
        '__proto__',
      ),
      tie('value'),
      { maxKeys: 6 },
    ),
  ),
}));
fuzz('a report of Node', json.value, (value) => parseNodeReport(JSON.stringify(value)));
