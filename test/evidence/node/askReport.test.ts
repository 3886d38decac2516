import { execFileSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askNode } from '../../../src/evidence/node/askReport.ts';
import { reportPlan } from '../../../src/evidence/node/reportOptions.ts';
import { type FakeProc, makeProc } from '../../fixtures/procTree.ts';
import { FakeClock } from '../builders/fakeClock.ts';

const USR2 = 12;
const USR1 = 10;
const NAME = 'report.20261124.100000.7.0.001.json';
const report = (...stack: string[]) =>
  JSON.stringify({
    header: { commandLine: ['node', 'app.js'] },
    javascriptStack: { stack },
    workers: [...Array(3)].map(() => ({ header: {}, javascriptStack: { stack: ['at compute (/app/worker.js:3:1)'] } })),
    environmentVariables: { API_TOKEN: 'hunter2' },
  });

let proc: FakeProc;
let cwd: string;
beforeEach(() => {
  proc = makeProc();
  cwd = join(proc.top, 'cwd');
  mkdirSync(cwd);
});
afterEach(() => proc.remove());

function start(flags: readonly string[], { caught = [USR2], environ = [] as readonly string[] } = {}): void {
  proc.put({ pid: 42, cmdline: ['node', ...flags, 'app.js', '--report-filename=not-mine'], environ, caught });
  symlinkSync(cwd, proc.root.proc(42, 'cwd'));
}

/** Asks, and lets it write when it has been sent the signal. */
function ask(write: (waits: number) => void) {
  const clock = new FakeClock();
  const sent: string[] = [];
  let waits = 0;
  const answer = askNode(proc.root, 42, {
    now: clock.now,
    wait: (ms) => {
      clock.wait(ms);
      write(waits);
      waits += 1;
    },
    endMs: clock.nowMs + 1_000,
    libc: undefined,
    recording: undefined,
    signals: { send: (_, signal) => sent.push(signal), jvmOutput: undefined },
  });
  return { answer, sent, waitedMs: clock.waitedMs };
}

describe('how a Node process writes reports', () => {
  it.for([
    ['not at all', [], undefined],
    ['on SIGUSR2', ['--report-on-signal'], { signal: 'SIGUSR2', file: undefined, dir: '' }],
    ['on another signal', ['--report-on-signal', '--report-signal=SIGUSR1'], { signal: 'SIGUSR1' }],
    ['somewhere else', ['--report-on-signal', '--report-directory=/var/tmp'], { dir: '/var/tmp' }],
    ['by the older name of that option', ['--report-on-signal', '--report-dir=reports'], { dir: 'reports' }],
    ['into a file', ['--report-on-signal', '--report-filename=r.json'], { file: 'r.json' }],
  ] as const)('%s', ([, flags, want]) => {
    start(flags);
    const plan = reportPlan(proc.root, 42);
    if (want === undefined) expect(plan).toBeUndefined();
    else expect(plan).toMatchObject(want);
  });
  it('NODE_OPTIONS counts, options behind the script do not', () => {
    start([], { environ: ['PATH=/bin', 'NODE_OPTIONS=--enable-source-maps  --report-on-signal'] });
    expect(reportPlan(proc.root, 42)).toMatchObject({ signal: 'SIGUSR2', file: undefined });
    proc.put({ pid: 42, cmdline: ['node', 'app.js', '--report-on-signal'] });
    expect(reportPlan(proc.root, 42)).toBeUndefined();
  });
  it('a process that is gone', () => {
    expect(reportPlan(proc.root, 43)).toBeUndefined();
  });
});

describe('askNode', () => {
  it('where its threads are in JavaScript, without its environment; the file is removed', () => {
    start(['--report-on-signal']);
    const { answer, sent } = ask((waits) => {
      if (waits === 2) writeFileSync(join(cwd, NAME), report('at main (/app/app.js:9:1)'));
    });
    expect(sent).toEqual(['SIGUSR2']);
    expect(answer?.notes).toEqual([
      'the main thread of Node process 42 is in main (/app/app.js:9)',
      '3 of 3 workers are in compute (/app/worker.js:3)',
    ]);
    expect(answer?.text).not.toContain('hunter2');
    expect(existsSync(join(cwd, NAME))).toBe(false);
  });
  it('a report that is half written is read when it is whole', () => {
    start(['--report-on-signal']);
    const whole = report();
    const { answer } = ask((waits) => {
      if (waits < 2) writeFileSync(join(cwd, NAME), whole.slice(0, 40 * (waits + 1)));
      if (waits === 2) writeFileSync(join(cwd, NAME), whole);
    });
    expect(answer?.notes).toEqual(['3 of 3 workers are in compute (/app/worker.js:3)']);
  });
  it('a report from before stays, and is not taken for the answer', () => {
    start(['--report-on-signal']);
    writeFileSync(join(cwd, NAME), report());
    const { answer, waitedMs } = ask(() => {});
    expect(answer).toEqual({ text: '', notes: [expect.stringContaining('did not write its report in time')] });
    expect(existsSync(join(cwd, NAME))).toBe(true);
    // Of the time the larger part: the native stacks are read in the rest.
    expect(waitedMs).toBeGreaterThanOrEqual(600);
    expect(waitedMs).toBeLessThan(620);
  });
  it('a report of a worker, and other files, are none', () => {
    start(['--report-on-signal']);
    const { answer } = ask(() => {
      writeFileSync(join(cwd, 'report.20261124.100000.7.3.001.json'), report());
      writeFileSync(join(cwd, 'report.json'), report());
    });
    expect(answer?.text).toBe('');
  });
  it('into the file that its options name, below its own root', () => {
    start(['--report-on-signal', '--report-directory=/var/reports', '--report-filename=mine.json']);
    const reports = proc.root.proc(42, 'root/var/reports');
    mkdirSync(reports, { recursive: true });
    const { answer } = ask(() => writeFileSync(join(reports, 'mine.json'), report()));
    expect(answer?.text).not.toBe('');
  });
  it.for([
    ['it was not started so', [], [USR2]],
    ['it does not handle the signal any more: that would end it', ['--report-on-signal'], []],
    ['it handles another one', ['--report-on-signal'], [USR1]],
  ] as const)('is sent nothing if %s', ([, flags, caught]) => {
    start(flags, { caught: [...caught] });
    const { answer, sent } = ask(() => {});
    expect({ answer, sent }).toEqual({ answer: undefined, sent: [] });
  });
  it('is gone between the look and the signal', () => {
    start(['--report-on-signal']);
    const clock = new FakeClock();
    const send = (): never => {
      throw new Error('kill ESRCH');
    };
    const reading = { libc: undefined, recording: undefined, signals: { send, jvmOutput: undefined }, endMs: 2_000 };
    expect(askNode(proc.root, 42, { ...reading, now: clock.now, wait: clock.wait })).toBeUndefined();
  });
});

describe('a target that lays traps', () => {
  const NOBODY = 65_534;
  let victim: string;
  beforeEach(() => {
    victim = join(proc.top, 'victim');
    mkdirSync(victim);
    writeFileSync(join(victim, NAME), report('at secret (/root/secret.js:1:1)'), { mode: 0o600 });
  });
  const intact = () => existsSync(join(victim, NAME));

  it('swaps its directory for a link while its report is read: only what lies in the old one is removed', () => {
    start(['--report-on-signal', '--report-directory=reports']);
    mkdirSync(join(cwd, 'reports'));
    const { answer } = ask((waits) => {
      if (waits !== 1) return;
      writeFileSync(join(cwd, 'reports', NAME), report('at main (/app/app.js:9:1)'));
      renameSync(join(cwd, 'reports'), join(cwd, 'old'));
      symlinkSync(victim, join(cwd, 'reports'));
    });
    expect(answer?.text).not.toBe('');
    expect([intact(), existsSync(join(cwd, 'old', NAME))]).toEqual([true, false]);
  });
  it.for([
    ['a link to the report of another process', () => symlinkSync(join(victim, NAME), join(cwd, NAME))],
    ['a second name of it', () => linkSync(join(victim, NAME), join(cwd, NAME))],
    ['a report that somebody else wrote', () => written((path) => chownSync(path, NOBODY, NOBODY))],
    ['a FIFO', () => execFileSync('mkfifo', [join(cwd, NAME)])],
    ['a directory', () => mkdirSync(join(cwd, NAME))],
    ['a hole of a gigabyte', () => written((path) => truncateSync(path, 2 ** 30))],
    [
      'one that takes longer to understand than the time that is left',
      () => writeFileSync(join(cwd, NAME), JSON.stringify({ header: {}, pad: 'x'.repeat(25 << 20) })),
    ],
  ] as const)('%s is no report, and stays', ([, lay]) => {
    start(['--report-on-signal']);
    const { answer } = ask((waits) => {
      if (waits === 0) lay();
    });
    expect(answer?.text).toBe('');
    expect(lstatSync(join(cwd, NAME), { throwIfNoEntry: false })).toBeDefined();
    expect(intact()).toBe(true);
  });
  function written(change: (path: string) => void): void {
    writeFileSync(join(cwd, NAME), report());
    change(join(cwd, NAME));
  }
  it('names a directory through a link of its own', () => {
    start(['--report-on-signal', '--report-directory=reports']);
    symlinkSync(victim, join(cwd, 'reports'));
    lchownSync(join(cwd, 'reports'), NOBODY, NOBODY);
    const { answer, sent } = ask(() => {});
    expect(sent).toEqual([]);
    expect(answer).toEqual({ text: '', notes: [expect.stringMatching(/no directory for its report that could be/)] });
    expect(intact()).toBe(true);
  });
  it('names a file with a path: only its last part counts, and only in its own directory', () => {
    start(['--report-on-signal', `--report-filename=../victim/${NAME}`]);
    expect(ask(() => {}).answer?.text).toBe('');
    expect(intact()).toBe(true);
  });
});
