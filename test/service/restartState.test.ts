import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_MEMORY } from '../../src/policy/restart.ts';
import { deployOf, openRestartState } from '../../src/service/restartState.ts';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tgstate-'));
  file = join(dir, 'state.json');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const self = { pid: 1_000, startTime: 5 };
const nobody = () => undefined;
const open = (deploy = 'a', startTimeOf: (pid: number) => number | undefined = nobody, who = self) =>
  openRestartState(file, deploy, who, startTimeOf);
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
    expect(() => open('a', () => 5, other)).toThrow(/another threadguard \(pid 1000\) keeps/);
    expect(() => open('a', nobody, other)).not.toThrow();
    expect(() => open('a', () => 77, self)).not.toThrow();
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
