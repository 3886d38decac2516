import { afterEach, describe, expect, it } from 'vitest';
import { siteOf } from '../../../src/core/plumbing.ts';
import { RUNTIMES, type StackSource } from '../../../src/core/runtimes.ts';
import { DUMPERS } from '../../../src/evidence/dumpers/allDumpers.ts';
import type { Dumper, OpenProcess } from '../../../src/evidence/dumpers/dumper.ts';
import { readThread } from '../../../src/evidence/process/kernelThread.ts';
import { runtimesIn } from '../../../src/procfs/runtime.ts';
import { makeProc } from '../../fixtures/procTree.ts';
import { OWN, PID, SCENES, type Scene } from '../builders/scenes.ts';

const ALL = Object.entries(DUMPERS).flatMap(([source, dumpers]) =>
  dumpers.map((dumper) => ({ source: source as StackSource, dumper, name: dumper.name })),
);

let scene: Scene | undefined;
afterEach(() => {
  scene?.remove();
  scene = undefined;
});

async function open(name: string, askingMs = 0): Promise<Scene> {
  const make = SCENES[name];
  if (make === undefined) throw new Error(`the dumper "${name}" has no scene in test/evidence/builders/scenes.ts`);
  scene = await make(askingMs);
  return scene;
}

/** What it says of every thread of its scene, as a dump asks it. */
function dumpAll(dumper: Dumper, { process, reading }: Scene) {
  const told = dumper.dump(process, reading);
  const threads = process.tids.flatMap((tid) => readThread(process.root, PID, tid, 'x64') ?? []);
  return { told, stacks: threads.map((thread) => told.stackOf?.(thread)) };
}

it('names are told apart: a note that one failed names it', () => {
  expect(new Set(ALL.map(({ name }) => name)).size).toBe(ALL.length);
  expect(Object.keys(SCENES).sort()).toEqual(ALL.map(({ name }) => name).sort());
});

it('every runtime has its row, and every dumper stands in its own', () => {
  expect(Object.keys(DUMPERS).sort()).toEqual(Object.keys(RUNTIMES).sort());
  for (const { dumper, source } of ALL) expect(dumper.runtime, dumper.name).toBe(source);
});

it('native code is asked last: what a runtime says of its threads counts more', () => {
  expect(ALL.at(-1)?.source).toBe('native');
});

describe.each(ALL)('$name', ({ dumper, name }) => {
  it('matches nothing of a process that is gone', async () => {
    const { reading } = await open(name);
    const gone = makeProc();
    const process: OpenProcess = {
      root: gone.root,
      pid: PID,
      tids: [],
      runtimes: runtimesIn(gone.root, PID, []),
      machine: 'x64',
      native: undefined,
    };
    expect(dumper.matches(process, reading)).toBe(false);
    gone.remove();
  });
  it('matches the process that it is made for, and asks it nothing for that', async () => {
    const { exchanges, process, reading, sent } = await open(name);
    expect(dumper.matches(process, reading)).toBe(true);
    expect([...exchanges, ...sent]).toEqual([]);
  });
  it('says something about it, and its plumbing is hidden', async () => {
    const { told, stacks } = dumpAll(dumper, await open(name));
    expect(told.runtime ?? told.notes ?? told.creators ?? told.stackOf).toBeDefined();
    for (const stack of stacks) {
      if (stack === undefined) continue;
      expect(stack.frames.length).toBeGreaterThan(1);
      expect(siteOf(stack.frames, stack.runtime)?.function).toMatch(new RegExp(`${OWN}$`));
      expect(siteOf(stack.frames, stack.runtime)).not.toBe(stack.frames[0]);
    }
  });
  it('a process that ends between the match and the dump is no error', async () => {
    const made = await open(name);
    dumper.matches(made.process, made.reading);
    made.end();
    const { stacks } = dumpAll(dumper, made);
    expect(stacks.filter((stack) => stack !== undefined)).toEqual([]);
  });
  it('nor is one that ends between the dump and its threads', async () => {
    const made = await open(name);
    const threads = made.process.tids.flatMap((tid) => readThread(made.process.root, PID, tid, 'x64') ?? []);
    const told = dumper.dump(made.process, made.reading);
    made.end();
    for (const thread of threads) expect(() => told.stackOf?.(thread)).not.toThrow();
  });
  it('garbage in its answer or its memory is no error, and no endless loop', async () => {
    const made = await open(name);
    made.spoil();
    const { stacks } = dumpAll(dumper, made);
    for (const stack of stacks) expect(stack?.frames.length ?? 0).toBeLessThanOrEqual(512);
  });
  it.for([1, 20, 200])('a clock that runs %s ms at each look: it is done in time', async (askingMs) => {
    const made = await open(name, askingMs);
    made.end();
    const { endMs } = made.reading;
    dumpAll(dumper, made);
    // One look more than it may take, and one wait.
    expect(made.clock.nowMs).toBeLessThanOrEqual(endMs + 2 * askingMs + 10);
    for (const { timeoutMs } of made.exchanges) expect(timeoutMs).toBeLessThanOrEqual(500);
  });
  it('after its time it asks nothing and waits for nothing', async () => {
    const made = await open(name);
    made.clock.pass(1_000);
    dumpAll(dumper, made);
    expect({ sent: made.sent, exchanges: made.exchanges, waitedMs: made.clock.waitedMs }).toEqual({
      sent: [],
      exchanges: [],
      waitedMs: 0,
    });
  });
  it('without leave it sends no signal', async () => {
    const made = await open(name);
    const reading = { ...made.reading, signals: undefined };
    if (dumper.matches(made.process, reading)) dumpAll(dumper, { ...made, reading });
    expect(made.sent).toEqual([]);
  });
  it('its last words of nothing are none', () => {
    const { creators = [], files = [] } = dumper.lastWords?.({ said: '', recording: undefined }) ?? {};
    expect([...creators, ...files]).toEqual([]);
  });
});

describe('which of them knows stacks', () => {
  it.for([
    ['the attach listener of the JVM', 'jvm', true],
    ['SIGQUIT to the JVM', 'jvm', true],
    ['CPython', 'python', true],
    ['native stacks', 'native', true],
    ['the report of Node', undefined, false],
    ['names of Ruby threads', undefined, false],
    ['Go', undefined, false],
  ] as const)('%s: %s', async ([name, runtime, isWhole]) => {
    const dumper = ALL.find((one) => one.name === name)?.dumper as Dumper;
    const [stack] = dumpAll(dumper, await open(name)).stacks;
    expect([stack?.runtime, stack?.isWhole ?? false]).toEqual([runtime, isWhole]);
  });
});
