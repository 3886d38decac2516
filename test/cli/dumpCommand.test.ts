import { mkdirSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { type DumpFlags, dumpAnswer, type Watched } from '../../src/cli/dumpCommand.ts';
import type { Creator } from '../../src/core/creators.ts';
import { kernelRoot } from '../../src/procfs/root.ts';
import { makeMachine } from '../fixtures/machine.ts';
import { schemaErrors } from '../setup/schema.ts';

const made: { remove(): void }[] = [];
afterEach(() => {
  for (const machine of made.splice(0)) machine.remove();
});

const flags = (over: Partial<DumpFlags>): DumpFlags => ({
  pid: 42,
  timeoutMs: 1_000,
  creatorsMs: undefined,
  by: 'function',
  json: false,
  folded: false,
  ...over,
});
const stat = (pid: number, name: string, ppid: number): string =>
  `${pid} (${name}) S ${ppid} 0 0 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 1234 1 1 0 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n`;
const answer = (over: Partial<DumpFlags>, processes: Readonly<Record<number, string>> = {}): string => {
  const machine = makeMachine('base');
  made.push(machine);
  for (const [pid, text] of Object.entries(processes)) {
    mkdirSync(machine.root.proc(Number(pid), 'task', pid), { recursive: true });
    writeFileSync(machine.root.proc(Number(pid), 'stat'), text);
  }
  return dumpAnswer(flags(over), machine.root, undefined);
};

describe('dump', () => {
  it('names the process, and says how much of it was read', () => {
    expect(answer({})).toMatch(/^pid 42 \(broker\): \d of \d tasks read in /);
  });
  it.for(['exact', 'function', 'site'] as const)('--json by %s keeps its schema', (by) => {
    const text = answer({ by, json: true });
    expect(text.trimEnd()).not.toContain('\n');
    expect(JSON.parse(text)).toMatchObject({ target: 'pid 42 (broker)', stoppedMs: 0 });
    expect(schemaErrors('dump.json', JSON.parse(text))).toEqual([]);
  });
  it('--folded is a line for each stack with its count', () => {
    for (const line of answer({ folded: true }).split('\n').filter(Boolean)) expect(line).toMatch(/ \d+$/);
  });
  it.for([
    ['no pid', { pid: undefined }, {}, /no process was named/],
    ['a pid of nobody', { pid: 4_711 }, {}, /there is no process 4711/],
    ['kthreadd', { pid: 2 }, { 2: stat(2, 'kthreadd', 0) }, /2 is a thread of the kernel/],
    ['one of its children', { pid: 77 }, { 77: stat(77, 'kworker/0:1', 2) }, /77 is a thread of the kernel/],
  ] as const)('%s is refused', ([, over, processes, want]) => {
    expect(() => answer(over, processes)).toThrow(want);
  });
  it('of a process whose parent has pid 1 is no thread of the kernel', () => {
    expect(answer({ pid: 78 }, { 78: stat(78, 'orphan', 1) })).toMatch(/^pid 78 \(orphan\): /);
  });
  it('a hostile name cannot break a line', () => {
    expect(answer({ pid: 79 }, { 79: stat(79, 'a) S 1\u001b[2J', 1) })).not.toContain('\u001b');
  });
  it('reads this very process, in JavaScript and native code', () => {
    const document = JSON.parse(dumpAnswer(flags({ pid: process.pid, json: true }), kernelRoot(), undefined));
    expect(document.tasks).toBeGreaterThanOrEqual(1);
    expect(schemaErrors('dump.json', document)).toEqual([]);
  });
});

describe('who makes its threads, watched for a time', () => {
  const made: Creator = {
    count: 7,
    share: 1,
    source: 'the kernel recorded all 7',
    certainty: 'exact',
    frames: [{ function: 'f' }],
  };
  const dumped = (watched: Watched) =>
    JSON.parse(dumpAnswer(flags({ pid: process.pid, json: true }), kernelRoot(), undefined, watched));
  it('is told, by what of it lives; the watch is closed', () => {
    let isClosed = false;
    let asked: readonly number[] | undefined;
    const watched = {
      creators: (tasks?: readonly number[]) => {
        asked = tasks;
        return [made];
      },
      close: () => {
        isClosed = true;
      },
    };
    expect(dumped(watched).creators).toEqual([made]);
    expect(asked).toContain(process.pid);
    expect(isClosed).toBe(true);
  });
  it('if it made none, or nobody may watch, a note says so', () => {
    expect(dumped({ creators: () => [], close: () => {} }).notes).toContain(
      'it made no thread and no process while it was watched',
    );
    expect(dumped({ why: 'tracefs may not be read' }).notes).toContain(
      'who makes its threads cannot be recorded here: tracefs may not be read',
    );
  });
});
