import { afterEach, describe, expect, it } from 'vitest';
import { cpythonDumper } from '../../../src/evidence/dumpers/cpython.ts';
import { jvmAttachDumper, jvmSignalDumper } from '../../../src/evidence/dumpers/jvm.ts';
import { hasGoCode, nativeDumper } from '../../../src/evidence/dumpers/native.ts';
import { rubyDumper } from '../../../src/evidence/dumpers/rubyNames.ts';
import { readThread } from '../../../src/evidence/process/kernelThread.ts';
import { FakeSampled } from '../builders/fakeSampled.ts';
import { PID, SCENES, type Scene } from '../builders/scenes.ts';

let scene: Scene | undefined;
afterEach(() => {
  scene?.remove();
  scene = undefined;
});
async function open(name: string): Promise<Scene> {
  scene = await SCENES[name]?.(0);
  return scene as Scene;
}
const search = (more = {}) => ({ ...new FakeSampled([]).search(100), ...more });
const START = { function: 'java.lang.Thread.start' };

describe('the creators of a JVM', () => {
  it('are those that it recorded, if it was told to', async () => {
    const { process, reading } = await open('the attach listener of the JVM');
    const sample = { runtime: 'jvm' as const, frames: [START, { function: 'com.acme.Pool.grow' }] };
    const asked: number[] = [];
    const recording = {
      ask: (...args: readonly unknown[]) => {
        asked.push(args[3] as number);
        return [sample, sample];
      },
    };
    const { creators } = jvmAttachDumper.dump(process, { ...reading, recording: recording as never });
    expect(creators?.count?.(search())).toMatchObject([
      { count: 2, share: 1, source: 'the JVM recorded 2 thread starts' },
    ]);
    expect(asked).toEqual([100]);
  });
  it('are asked for again and again else', async () => {
    const { exchanges, process, reading } = await open('the attach listener of the JVM');
    const { creators } = jvmAttachDumper.dump(process, reading);
    expect(creators?.count?.(search())).toEqual([]);
    // The first time for the dump, then as often as the search may.
    expect(creators?.sample?.(search()).samples).toHaveLength(20);
    expect(exchanges).toHaveLength(21);
  });
  it('are not looked for in native stacks if it does not answer: only it can name them', async () => {
    const made = await open('the attach listener of the JVM');
    made.end();
    const { creators, why } = jvmAttachDumper.dump(made.process, made.reading);
    expect(why).toBe('it is gone');
    const stopped = search({ pause: () => expect.unreachable('it must not be stopped') });
    expect(creators?.sample?.(stopped)).toMatchObject({ samples: [], stops: 0 });
  });
  it('cannot be asked for by signals again and again', async () => {
    const { process, reading, sent } = await open('SIGQUIT to the JVM');
    const { creators } = jvmSignalDumper.dump(process, reading);
    expect(creators?.sample?.(search()).samples).toEqual([]);
    expect(sent).toEqual(['SIGQUIT']);
  });
});

describe('what a JVM says', () => {
  it('is kept as it printed it, and its threads have their whole names', async () => {
    const { process, reading } = await open('the attach listener of the JVM');
    const told = jvmAttachDumper.dump(process, reading);
    expect(told).toMatchObject({ runtime: 'JVM', notes: [], files: [{ name: `threads-${PID}.txt` }] });
    const thread = readThread(process.root, PID, PID, 'x64');
    expect(thread === undefined ? undefined : told.stackOf?.(thread)).toMatchObject({ label: 'conn-1', wait: 'sleep' });
  });
});

describe('CPython', () => {
  it('of a version that is not known says so', async () => {
    const made = await open('CPython');
    made.end();
    expect(cpythonDumper.dump(made.process, made.reading)).toEqual({
      why: 'it runs no interpreter that is known (3.8 to 3.13)',
    });
  });
  it('out of time says that', async () => {
    const made = await open('CPython');
    made.clock.pass(10_000);
    expect(cpythonDumper.dump(made.process, made.reading)).toEqual({ why: 'there was no time left' });
  });
  it('is looked at while it runs, never stopped', async () => {
    const { process, reading } = await open('CPython');
    const { creators } = cpythonDumper.dump(process, reading);
    // It cannot be opened again here: its memory is made up.
    const stopped = search({ pause: () => expect.unreachable('it must not be stopped') });
    expect(creators?.sample?.(stopped)).toMatchObject({ samples: [], stops: 0 });
  });
});

it('Ruby counts by the names of its threads', async () => {
  const { process, reading } = await open('names of Ruby threads');
  const stacks = ['app.rb:7', 'app.rb:7', 'ruby'].map((name) => ({
    ...readThread(process.root, PID, PID, 'x64')?.task,
    name,
  }));
  const { creators } = rubyDumper.dump(process, reading);
  expect(creators?.count?.(search({ stacks }))).toMatchObject([{ count: 2, frames: [{ file: 'app.rb', line: 7 }] }]);
});

describe('native stacks', () => {
  it('without rights it says whose they are', async () => {
    const { process, reading } = await open('native stacks');
    const told = nativeDumper.dump({ ...process, native: undefined }, reading);
    expect(told.stackOf).toBeUndefined();
    expect(told.notes).toEqual([expect.stringContaining('CAP_SYS_PTRACE')]);
  });
  it('of another processor there are none', async () => {
    const { process: made, reading } = await open('native stacks');
    const arch = Object.getOwnPropertyDescriptor(process, 'arch') as PropertyDescriptor;
    try {
      Object.defineProperty(process, 'arch', { ...arch, value: 'arm64' });
      expect(nativeDumper.dump(made, reading)).toEqual({
        notes: ['native stacks are not supported on arm64: names and waits only'],
      });
    } finally {
      Object.defineProperty(process, 'arch', arch);
    }
  });
  it.for([
    ['i386', 'of 32 bits'],
    ['other', 'not of x86-64'],
  ] as const)('of a process of %s there are none', async ([machine, code]) => {
    const { process, reading } = await open('native stacks');
    expect(nativeDumper.dump({ ...process, machine }, reading)).toEqual({
      notes: [`no native stacks of process ${PID}, its code is ${code}: names and waits only`],
    });
  });
  it('equal stacks share one array, and a thread that runs has none', async () => {
    const { process, reading } = await open('native stacks');
    const { stackOf } = nativeDumper.dump(process, reading);
    const thread = readThread(process.root, PID, PID, 'x64') as NonNullable<ReturnType<typeof readThread>>;
    expect(stackOf?.(thread)?.frames).toBe(stackOf?.(thread)?.frames);
    expect(stackOf?.({ ...thread, place: undefined })).toBeUndefined();
  });
  it('a futex in code without rules is a lock only if a name says so', async () => {
    const { process, reading } = await open('native stacks');
    const { stackOf } = nativeDumper.dump(process, reading);
    const thread = readThread(process.root, PID, PID, 'x64') as NonNullable<ReturnType<typeof readThread>>;
    const task = { ...thread.task, wait: 'lock' as const };
    const at = (pc: number) => ({ call: 202, args: [1, 0x80], sp: 0x1000, pc });
    expect(stackOf?.({ task, place: at(0x10) })?.wait).toBe('unknown');
    expect(stackOf?.({ task, place: thread.place })?.wait).toBeUndefined();
  });
  it('of a whole stack whose C library is stripped the two lowest frames are known', async () => {
    const { process, reading } = await open('native stacks');
    const { stackOf } = nativeDumper.dump(process, reading);
    const thread = readThread(process.root, PID, PID, 'x64') as NonNullable<ReturnType<typeof readThread>>;
    // The scene has one frame of the C library at its bottom only.
    expect(stackOf?.(thread)?.frames.map((frame) => frame.function)).toEqual(['[read]', 'serve', 'libc.so.6+0x1800']);
  });
});

it('code of Go is found in a library of another program, too', async () => {
  const { process } = await open('Go');
  expect(hasGoCode({ ...process, runtimes: ['native'] })).toBe(true);
  expect(hasGoCode({ ...process, runtimes: ['go'], native: undefined })).toBe(true);
  expect(hasGoCode({ ...process, runtimes: ['native'], native: undefined })).toBe(false);
});
