import { appendFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenProcess, Reading } from '../../../src/evidence/dumpers/dumper.ts';
import { layoutOf } from '../../../src/evidence/python/knownLayouts.ts';
import type { PythonLayout } from '../../../src/evidence/python/layout.ts';
import { runtimesIn } from '../../../src/procfs/runtime.ts';
import { type FakeProc, type FakeProcess, makeProc } from '../../fixtures/procTree.ts';
import { symbolSections } from './elfImage.ts';
import { FakeClock } from './fakeClock.ts';
import { type Exchange, fakeLibc } from './fakeLibc.ts';
import { FakeMemory } from './fakeMemory.ts';
import { goImage, goTableBytes } from './goTableImage.ts';
import { jvmDump, jvmThread, listen } from './jvm.ts';
import { type Mapped, processOf } from './program.ts';
import { PythonHeap, pythonFile } from './pythonHeap.ts';
import { cfi, elfWithRules } from './unwindTables.ts';

/** A process that one dumper is made for, on a machine that is made up. */
export interface Scene {
  readonly proc: FakeProc;
  readonly process: OpenProcess;
  readonly clock: FakeClock;
  readonly reading: Reading;
  /** Signals that were sent, and what was said over sockets. */
  readonly sent: readonly string[];
  readonly exchanges: readonly Exchange[];
  /** The process ends: its files and its memory are gone. */
  end(): void;
  /** Everything that it says from now on is garbage. */
  spoil(): void;
  remove(): void;
}

export const PID = 42;
const SP = 0x7ffc_0000_0000;
const APP = 0x5555_5555_0000;
const LIBC = 0x7f00_0000_0000;
const READ_CALL = `0 0x3 0x0 0x0 0x0 0x0 0x0 0x${SP.toString(16)} 0x${(LIBC + 0x1010).toString(16)}\n`;
/** The program's own function, in every scene. */
export const OWN = 'serve';

interface Parts {
  readonly process: Omit<FakeProcess, 'pid'>;
  readonly files?: readonly Mapped[];
  readonly memory?: FakeMemory;
  /** What a listener or a signal is answered with. */
  readonly answer?: string;
  /** Where a signal makes it write. */
  readonly writes?: string;
  /** Each look at the clock takes so long. */
  readonly askingMs: number;
}

function makeScene({ answer, askingMs, files = [], memory = new FakeMemory(), process, writes }: Parts): Scene {
  const proc = makeProc({ ...process, pid: PID });
  const clock = new FakeClock(askingMs);
  const sent: string[] = [];
  let text = answer;
  const { exchanges, libc } = fakeLibc(() => text);
  const exe = join(proc.top, 'exe');
  writeFileSync(exe, '');
  const native = files.length === 0 ? undefined : processOf(files, memory);
  const tids = (Array.isArray(process.threads) ? process.threads : [{ tid: PID }]).map(({ tid }) => tid);
  const paths = files.map(({ path }) => path);
  const runtimes = runtimesIn(proc.root, PID, paths);
  return {
    proc,
    clock,
    process: { root: proc.root, pid: PID, tids, runtimes, machine: 'x64', native },
    sent,
    exchanges,
    reading: {
      now: clock.now,
      wait: clock.wait,
      endMs: clock.nowMs + 500,
      libc,
      recording: undefined,
      signals: {
        jvmOutput: undefined,
        send: (_, signal) => {
          sent.push(signal);
          if (writes !== undefined && text !== undefined) appendFileSync(join(proc.top, writes), text);
        },
      },
    },
    end: () => {
      proc.vanish(PID);
      memory.unmap();
      text = undefined;
    },
    spoil: () => {
      text = `\u0000"garbage" nid=\n${'\tat '.repeat(50)}\n`;
      memory.unmap();
      for (let at = 0; at < 0x20000; at += 8) memory.word(SP + at, (at * 2_654_435_761) % 2 ** 47);
    },
    remove: () => proc.remove(),
  };
}

const JVM_LIBRARY: Mapped = { path: '/usr/lib/jvm/lib/server/libjvm.so', base: LIBC, image: Buffer.alloc(0) };
const OWN_JVM = jvmDump(
  jvmThread(
    'conn-1',
    PID,
    'java.net.SocketInputStream.read(SocketInputStream.java:1)',
    `com.acme.${OWN}(Server.java:42)`,
  ),
);

/** The listener is closed when the scene is removed. */
async function jvmListening(askingMs: number): Promise<Scene> {
  const scene = makeScene({ process: {}, files: [JVM_LIBRARY], answer: `0\n${OWN_JVM}`, askingMs });
  const server = await listen(scene.proc, PID);
  return {
    ...scene,
    remove: () => {
      server.close();
      scene.remove();
    },
  };
}

function jvmWriting(askingMs: number): Scene {
  const scene = makeScene({
    process: { caught: [3] },
    files: [JVM_LIBRARY],
    answer: OWN_JVM,
    writes: 'stdout',
    askingMs,
  });
  writeFileSync(join(scene.proc.top, 'stdout'), '');
  mkdirSync(scene.proc.root.proc(PID, 'fd'));
  symlinkSync(join(scene.proc.top, 'stdout'), scene.proc.root.proc(PID, 'fd/1'));
  return scene;
}

const REPORT = JSON.stringify({
  header: { commandLine: ['node'] },
  javascriptStack: { stack: ['at processTicks (node:internal/process:1:1)', `at ${OWN} (/app/app.js:7:1)`] },
});

function node(askingMs: number): Scene {
  const scene = makeScene({
    process: { exe: '/usr/bin/node', cmdline: ['node', '--report-on-signal', 'app.js'], caught: [12] },
    answer: REPORT,
    writes: 'report.1.2.3.0.4.json',
    askingMs,
  });
  symlinkSync(scene.proc.top, scene.proc.root.proc(PID, 'cwd'));
  return scene;
}

function python(askingMs: number): Scene {
  const heap = new PythonHeap(layoutOf('3.11') as PythonLayout);
  const wait = heap.code({ name: 'Condition.wait', file: '/usr/lib/python3.11/threading.py', firstLine: 300 });
  const own = heap.code({ name: OWN, file: '/app/server.py', firstLine: 7 });
  const leaf = heap.frames([
    { code: wait, offset: 0 },
    { code: own, offset: 0 },
  ]);
  heap.run(heap.interpreter(heap.thread(PID, leaf)));
  return makeScene({ process: {}, files: [pythonFile('/usr/bin/python3.11')], memory: heap.memory, askingMs });
}

function ruby(askingMs: number): Scene {
  const threads = [
    { tid: PID, name: 'ruby' },
    { tid: PID + 1, name: 'app.rb:7' },
  ];
  return makeScene({ process: { exe: '/usr/bin/ruby3.1', threads }, askingMs });
}

function go(askingMs: number): Scene {
  const functions = [
    { name: 'syscall.Syscall', start: 0x1000, length: 0x100, stack: [[0x100, 0]] },
    { name: `main.${OWN}`, start: 0x1100, length: 0x100, stack: [[0x100, 0]], file: [[0x100, 0]], line: [[0x100, 16]] },
  ] as const;
  const image = goImage(goTableBytes(functions, ['/app/server.go']));
  return makeScene({ process: {}, files: [{ path: '/app/gopher', base: LIBC, image }], askingMs });
}

function native(askingMs: number): Scene {
  const libc = elfWithRules([
    { functions: [{ start: 0x1000, length: 0x100 }] },
    { functions: [{ start: 0x1800, length: 0x100, code: cfi.undefinedRule(16) }] },
  ]);
  const app = elfWithRules(
    [{ functions: [{ start: 0x1100, length: 0x100 }] }],
    symbolSections([{ name: OWN, start: 0x1100, size: 0x100 }]),
  );
  const files = [
    { path: '/lib/libc.so.6', base: LIBC, image: libc },
    { path: '/app/server', base: APP, image: app },
  ];
  const memory = new FakeMemory().word(SP, APP + 0x1150).word(SP + 8, LIBC + 0x1850);
  return makeScene({ process: { threads: [{ tid: PID, syscall: READ_CALL }] }, files, memory, askingMs });
}

/** A scene for every dumper, by its name. A dumper without one fails the contract. */
export const SCENES: Readonly<Record<string, (askingMs: number) => Scene | Promise<Scene>>> = {
  'the attach listener of the JVM': jvmListening,
  'SIGQUIT to the JVM': jvmWriting,
  'the report of Node': node,
  CPython: python,
  'names of Ruby threads': ruby,
  Go: go,
  'native stacks': native,
};
