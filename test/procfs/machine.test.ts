import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readMachine } from '../../src/procfs/machine.ts';
import { programName } from '../../src/procfs/programName.ts';
import { livingThread } from '../../src/procfs/task.ts';
import { type FakeProc, makeProc } from '../fixtures/procTree.ts';

let proc: FakeProc | undefined;
afterEach(() => proc?.remove());

function running(name: string, bytes: Buffer = Buffer.alloc(0)): FakeProc {
  proc = makeProc();
  const exe = join(proc.top, name);
  writeFileSync(exe, bytes);
  proc.put({ pid: 42, exe });
  return proc;
}

/** The first bytes of an ELF file. */
function head(bits: 1 | 2, machine: number): Buffer {
  const bytes = Buffer.alloc(64);
  bytes.write('\x7fELF', 'latin1');
  bytes[4] = bits;
  bytes.writeUInt16LE(machine, 18);
  return bytes;
}

const OWN = process.arch === 'x64' ? 'x64' : 'arm64';

describe('what code a process is made of', () => {
  it.for([
    ['64 bits', head(2, 62), 'x64'],
    ['32 bits', head(1, 3), 'i386'],
    ['64 bits with addresses of 32: x32 has numbers of its own', head(1, 62), 'other'],
    ['arm64', head(2, 183), 'arm64'],
    ['RISC-V', head(2, 243), 'other'],
    ['too short to tell: that of this machine', Buffer.from('\x7fELF'), OWN],
    ['no ELF file', Buffer.alloc(64), OWN],
  ] as const)('%s', ([, bytes, want]) => {
    expect(readMachine(running('app', bytes).root, 42)).toBe(want);
  });
  it('one that is gone', () => {
    proc = makeProc();
    expect(readMachine(proc.root, 42)).toBe(OWN);
  });
});

describe('what a process is called', () => {
  it.for([
    ['as its file', 'nginx', 'nginx', 'nginx'],
    ['started through a link', 'busybox', 'httpd', 'httpd, run by busybox'],
    ['a name that the kernel cut', 'a-very-long-program', 'a-very-long-pro', 'a-very-long-program'],
    ['cut, but of another program', 'other', 'a-very-long-pro', 'a-very-long-pro, run by other'],
  ] as const)('%s', ([, file, name, want]) => {
    expect(programName(running(file).root, 42, name)).toBe(want);
  });
  it('whose file may not be seen', () => {
    proc = makeProc({ pid: 42 });
    expect(programName(proc.root, 42, 'nginx')).toBe('nginx');
  });
});

describe('the thread that shows what belongs to its process', () => {
  it.for([
    ['its main thread', ['S', 'S'], 42],
    ['another one, when that has ended', ['Z', 'Z', 'S'], 44],
    ['none is left', ['Z', 'X'], 42],
  ] as const)('%s', ([, states, want]) => {
    proc = makeProc({ pid: 42, threads: states.map((state, index) => ({ tid: 42 + index, state })) });
    expect(livingThread(proc.root, 42)).toBe(want);
  });
  it('of a process that is gone', () => {
    proc = makeProc();
    expect(livingThread(proc.root, 42)).toBe(42);
  });
});
