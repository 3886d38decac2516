import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makePen, openPen } from '../../src/cgroup/pen.ts';

const top = mkdtempSync(join(tmpdir(), 'pen-'));
afterAll(() => rmSync(top, { recursive: true }));
let count = 0;
function pen(files: Readonly<Record<string, string>>) {
  count += 1;
  const parent = join(top, String(count));
  mkdirSync(parent);
  const dir = makePen(parent);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return { dir, pen: openPen(dir), parent };
}

describe('the cgroup around the targets of all guards of one place', () => {
  it('is made once: the next guard takes the same', () => {
    const { dir, parent } = pen({});
    expect([makePen(parent), existsSync(dir)]).toEqual([dir, true]);
  });
  it('a place where none may be made is said by the system', () => {
    expect(() => makePen(join(top, 'no', 'such'))).toThrow(/ENOENT/);
  });
  it.each([
    ['12\n', '100\n', 'max 3\n', { used: 12, limit: 100, refused: 3 }],
    ['12\n', '100\n', '', { used: 12, limit: 100, refused: 0 }],
    ['12\n', 'max\n', 'max 3\n', undefined],
    ['', '100\n', 'max 3\n', undefined],
  ])('used %j of %j, %j', (current, max, events, want) => {
    expect(pen({ 'pids.current': current, 'pids.max': max, 'pids.events': events }).pen.read()).toEqual(want);
  });
  it('one that is not there is no number', () => {
    expect(openPen(join(top, 'gone')).read()).toBeUndefined();
  });
  it('counts the targets in it', () => {
    const { dir, pen: it } = pen({});
    for (const name of ['threadguard-1-1', 'threadguard-2-2', 'other']) mkdirSync(join(dir, name));
    expect(it.sharers()).toBe(2);
    expect(openPen(join(top, 'gone')).sharers()).toBe(1);
  });
  it('moves its limit, and writes nothing that is there already', () => {
    const { dir, pen: it } = pen({ 'pids.current': '1\n', 'pids.max': '100\n' });
    it.setLimit(100);
    expect(readFileSync(join(dir, 'pids.max'), 'utf8')).toBe('100\n');
    it.setLimit(250);
    expect(readFileSync(join(dir, 'pids.max'), 'utf8')).toContain('250');
    openPen(join(top, 'gone')).setLimit(5);
    it.close();
  });
});
