import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { calibratedAs } from '../../src/core/cost.ts';
import { detectRuntime, runtimesIn } from '../../src/procfs/runtime.ts';
import { type FakeProc, makeProc } from '../fixtures/procTree.ts';

let proc: FakeProc | undefined;
afterEach(() => proc?.remove());

/** A process 42 that runs an executable of this name. */
function running(name: string, bytes = ''): FakeProc {
  proc = makeProc();
  const exe = join(proc.top, name);
  writeFileSync(exe, bytes, 'latin1');
  proc.put({ pid: 42, exe });
  return proc;
}

const GO_NOTE = '\x04\x00\x00\x00Go\x00\x00';
const JVM = '/usr/lib/jvm/java-17/lib/server/libjvm.so';
const PYTHON = '/usr/lib/x86_64-linux-gnu/libpython3.12.so.1.0';

describe('the runtime of a process', () => {
  it.for([
    ['node', [], 'node'],
    ['nodejs', [], 'node'],
    ['nodejs-like', [], 'native'],
    ['python3.11', [], 'python'],
    ['python3.13t', [], 'python'],
    ['pythonista', [], 'native'],
    ['java', [JVM], 'jvm'],
    ['launcher', [JVM], 'jvm'],
    ['embeds', [PYTHON], 'python'],
    ['frozen', ['/app/lib/_ssl.cpython-311-x86_64-linux-gnu.so'], 'python'],
    ['ruby3.1', [], 'ruby'],
    ['unicorn', ['/usr/lib/libruby-3.1.so.3.1'], 'ruby'],
    ['electron', ['/opt/libnode.so.115'], 'node'],
    // Started as `ld-linux-x86-64.so.2 /usr/bin/python3.11`.
    ['ld-linux-x86-64.so.2', ['/usr/bin/python3.11'], 'python'],
    ['app', ['/usr/lib/libpythonic.so', '[heap]', ''], 'native'],
  ] as const)('%s with %j is %s', ([exe, paths, want]) => {
    expect(detectRuntime(running(exe).root, 42, paths)).toBe(want);
  });
  it('Go is known by the note of its linker, whatever the program is called', () => {
    expect(detectRuntime(running('server', `\x7fELF....${GO_NOTE}`).root, 42, [])).toBe('go');
  });
  it('a note further back than a linker puts it is something else', () => {
    expect(detectRuntime(running('server', `\x7fELF${' '.repeat(10_000)}${GO_NOTE}`).root, 42, [])).toBe('native');
  });
  it('a process that is gone is taken for a native one', () => {
    expect(detectRuntime(running('x').root, 43, [])).toBe('native');
  });
  it('an executable that was replaced while it ran keeps its name', () => {
    proc = makeProc({ pid: 42, exe: '/usr/bin/python3.11 (deleted)' });
    expect(detectRuntime(proc.root, 42, [])).toBe('python');
  });
});

describe('several runtimes in one process', () => {
  it('what it runs as comes first, then what it has loaded', () => {
    expect(runtimesIn(running('python3').root, 42, [PYTHON, JVM])).toEqual(['python', 'jvm']);
  });
  it('of two that are loaded the JVM comes first: it makes the threads', () => {
    expect(runtimesIn(running('app').root, 42, [PYTHON, JVM])).toEqual(['jvm', 'python']);
  });
  it('none', () => {
    expect(runtimesIn(running('app').root, 42, ['/usr/lib/libc.so.6'])).toEqual(['native']);
  });
});

it.for([
  ['jvm', 'jvm'],
  ['go', 'go'],
  ['ruby', 'native'],
  ['name', 'native'],
] as const)('%s costs as %s', ([detected, want]) => {
  expect(calibratedAs(detected)).toBe(want);
});
