import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_MEMORY } from '../../src/policy/restart.ts';
import { deployOf, type Keeper, openRestartState } from '../../src/service/restartState.ts';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tgstate-'));
  file = join(dir, 'state.json');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const self = { pid: 1_000, startTime: 5, bootId: 'this boot' };
const nobody = () => false;
const open = (deploy = 'a', isGuard: (keeper: Keeper) => boolean = nobody, who: Keeper = self) =>
  openRestartState(file, deploy, who, isGuard);
const memory = { crashes: [1, 2], trips: [3], inARow: 2, lastDelayMs: 70 };

describe('the memory of restarts', () => {
  it('is there for the next guard, and not for another deploy', () => {
    const first = open();
    expect([first.memory, first.problem]).toEqual([NO_MEMORY, undefined]);
    expect(first.keep(memory)).toBeUndefined();
    expect(open().memory).toEqual(memory);
    expect(open('b').memory).toEqual(NO_MEMORY);
  });
  it('belongs to one guard that lives; a dead one, or its pid given to another process, does not keep it', () => {
    open();
    const other = { pid: 2_000, startTime: 9 };
    const asked: Keeper[] = [];
    const lives = (keeper: Keeper) => asked.push(keeper) > 0;
    expect(() => open('a', lives, other)).toThrow(/another threadguard \(pid 1000\) keeps/);
    expect(asked).toEqual([self]);
    expect(() => open('a', nobody, other)).not.toThrow();
    expect(() => open('a', lives, other)).not.toThrow();
  });
  it('closing it leaves the memory and frees the file', () => {
    const state = open();
    state.keep(memory);
    state.close();
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ ...memory, keeper: null });
  });
  it('any other text is said to be damaged, and never more than that', () => {
    open().keep(memory);
    const good = readFileSync(file, 'utf8');
    fc.assert(
      fc.property(fc.nat(good.length - 2), fc.string({ maxLength: 4 }), (length, tail) => {
        const text = good.slice(0, length) + tail;
        // A tail may mend what was cut: that is a whole file again.
        fc.pre(!isJson(text));
        writeFileSync(file, text);
        const { memory: found, problem } = open();
        expect(found).toEqual(NO_MEMORY);
        expect(problem).toMatch(/is damaged/);
      }),
      { numRuns: 200 },
    );
  });
  it.each([
    ['no pid', { startTime: 5 }],
    ['pid 0', { pid: 0, startTime: 5 }],
    ['a group of processes', { pid: -1, startTime: 5 }],
    ['half a pid', { pid: 1.5, startTime: 5 }],
    ['a pid that is a text', { pid: '1/../2', startTime: 5 }],
    ['a boot that is no text', { pid: 7, startTime: 5, bootId: {} }],
    ['a text', 'me'],
  ])('a keeper that is %s is damage', (_, keeper) => {
    open().keep(memory);
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), keeper }));
    expect(open('a', () => true)).toMatchObject({ memory: NO_MEMORY, problem: expect.stringMatching(/is damaged/) });
  });
  it('a FIFO in its place is not waited for', () => {
    execFileSync('mkfifo', [file]);
    expect(open().problem).toMatch(/\(EINVAL\): beginning without a memory$/);
  });
  it('one that others may write says nothing that counts', () => {
    open().keep(memory);
    chmodSync(file, 0o666);
    expect(open()).toMatchObject({ memory: NO_MEMORY, problem: expect.stringMatching(/may be written by everybody/) });
    // It was replaced.
    expect(open().problem).toBeUndefined();
  });
  it.skipIf(process.getuid?.() !== 0)('one of another user says nothing that counts, not even who keeps it', () => {
    open().keep({ ...memory, crashes: [Date.now(), Date.now(), Date.now()] });
    chownSync(file, 12_345, 0);
    expect(open('a', () => true, { pid: 7, startTime: 1 })).toMatchObject({
      memory: NO_MEMORY,
      problem: expect.stringMatching(/belongs to uid 12345: .*: beginning without a memory$/),
    });
  });
  it('a huge one is not read', () => {
    writeFileSync(file, ' '.repeat((1 << 20) + 1));
    expect(open().problem).toMatch(/\(EFBIG\): beginning without a memory$/);
  });
  it('a directory in its place is no memory', () => {
    file = dir;
    expect(open().problem).toMatch(/not remembered: cannot write/);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('what is deployed', () => {
  it('is the words and the files among them', () => {
    const jar = join(dir, 'a.jar');
    writeFileSync(jar, '1');
    const before = deployOf(['java', '-jar', jar], '/bin/sh');
    expect(deployOf(['java', '-jar', jar], '/bin/sh')).toBe(before);
    expect(deployOf(['java', '-jar', jar, '-x'], '/bin/sh')).not.toBe(before);
    writeFileSync(jar, '22');
    expect(deployOf(['java', '-jar', jar], '/bin/sh')).not.toBe(before);
  });
});
