import { describe, expect, it } from 'vitest';
import { folded } from '../../src/core/folded.ts';
import type { StackGroup } from '../../src/core/stackGroups.ts';
import { type DumpView, dumpDocument, dumpText } from '../../src/reporters/dumpText.ts';
import { schemaErrors } from '../setup/schema.ts';

const frames = Array.from({ length: 10 }, (_, index) => ({ function: `f${index}`, file: '/app/a.py', line: index }));
const group = (change: Partial<StackGroup> = {}): StackGroup => ({
  count: 30,
  grew: 30,
  wait: 'read',
  runtime: 'python',
  names: [{ name: 'conn-N', count: 30 }],
  frames: frames.slice(0, 3),
  site: frames[1],
  whole: 30,
  timeline: new Array(40).fill(0),
  since: { first: 1, last: 2 },
  ...change,
});
const view = (change: Partial<DumpView> = {}): DumpView => ({
  subject: 'pid 42 (server)',
  tasks: 40,
  covered: 40,
  stoppedMs: 0,
  tookMs: 12.4,
  runtimes: ['CPython 3.11'],
  groups: [group()],
  creators: [],
  notes: [],
  ...change,
});
const lines = (change: Partial<DumpView> = {}): string[] => dumpText(view(change)).trimEnd().split('\n');

describe('dumpText', () => {
  it('what was read, then each group with the own frame marked', () => {
    expect(lines()).toEqual([
      'pid 42 (server): 40 of 40 tasks read in 12 ms, stopped for 0 ms (CPython 3.11)',
      '',
      '30 tasks (75%) reading: "conn-N"',
      '    f0 (/app/a.py:0)',
      '  > f1 (/app/a.py:1)',
      '    f2 (/app/a.py:2)',
    ]);
  });
  it('how much a group has grown, if that is less than all of it', () => {
    expect(lines({ groups: [group({ grew: 5 })] })[2]).toBe('30 tasks (75%, +5) reading: "conn-N"');
    expect(lines({ groups: [group({ grew: 0 })] })[2]).toBe('30 tasks (75%, +0) reading: "conn-N"');
  });
  it('a long stack is cut, and the own frame further down is shown still', () => {
    expect(lines({ groups: [group({ frames, site: frames[9] })] }).slice(-2)).toEqual([
      '    …',
      '  > f9 (/app/a.py:9)',
    ]);
    expect(lines({ groups: [group({ frames, site: frames[0] })] }).at(-1)).toBe('    …');
  });
  it('equal frames that follow each other are one row', () => {
    const code = { function: '[generated code]' };
    const read = { function: 'read' };
    const groups = [group({ frames: [read, code, code, code, read], site: code, names: [{ name: 'a', count: 3 }] })];
    expect(lines({ groups }).slice(3)).toEqual(['    read', '  > [generated code], 3 times', '    read']);
  });
  it('groups that would look the same are told apart by the frame where they differ', () => {
    const other = frames.map((frame, index) => (index === 8 ? { function: 'other' } : frame));
    const groups = [group({ frames, site: undefined }), group({ frames: other, site: undefined })];
    const told = lines({ groups });
    expect([told[10], told[11], told.at(-2), told.at(-1)]).toEqual([
      '    …',
      '    f8 (/app/a.py:8)',
      '    …',
      '    other',
    ]);
  });
  it('shares are those of all that was read, with a stack or without', () => {
    const groups = [group({ count: 4, grew: 4, frames: [], site: undefined }), group({ count: 1, grew: 1 })];
    expect(lines({ groups, covered: 0, tasks: 5 })[2]).toBe('4 tasks (80%) reading: "conn-N"');
  });
  it('twelve groups, and what is in the others', () => {
    const groups = Array.from({ length: 15 }, (_, index) => group({ count: 100 - index }));
    expect(lines({ groups }).at(-1)).toBe('and 3 more groups with 261 tasks');
  });
  it('who makes the threads, and what was not seen', () => {
    const creators = [
      { count: 2, share: 0.5, source: 'names of threads', frames: [{ function: 'Thread.new', file: 'a.rb', line: 7 }] },
    ];
    const text = dumpText(view({ creators, notes: ['2 tasks ended'] }));
    expect(text).toContain('Thread.new (a.rb:7) makes 50% of the threads (names of threads)\n');
    expect(text).toMatch(/\nnote: 2 tasks ended\n$/);
  });
  it('nothing at all', () => {
    expect(lines({ groups: [], runtimes: [], tasks: 0, covered: 0 })).toEqual([
      'pid 42 (server): 0 of 0 tasks read in 12 ms, stopped for 0 ms',
    ]);
  });
  it('names that would turn a terminal are written out', () => {
    const names = [{ name: '\u001b[31m', count: 1 }];
    const text = dumpText(view({ groups: [group({ names })], notes: ['\u0007'] }));
    expect([text.includes('\u001b'), text.includes('\u0007')]).toEqual([false, false]);
  });
});

describe('dumpDocument', () => {
  it('is what its schema promises', () => {
    const document = dumpDocument(view({ groups: [group(), group({ site: undefined, frames: [] })] }));
    expect(schemaErrors('dump.json', JSON.parse(JSON.stringify(document)))).toEqual([]);
    expect(document).toMatchObject({ schema: 'threadguard.dump/1', tookMs: 12, groups: [{ names: ['conn-N'] }, {}] });
  });
});

// Colours, C1, direction, no width, the end of a line, half a pair.
it.each(['\u001b[31m', '\u009b31m', '\u202e', '\u200b', '\u2028', '\n', '\r', '\ud800'])(
  'a process that puts %j into its names does not reach the terminal with it',
  (mark) => {
    const bad = `a${mark}b`;
    const frame = { function: bad, file: bad, module: bad };
    const named = group({ names: [{ name: bad, count: 1 }], frames: [frame], site: frame, wait: bad as 'read' });
    const creator = { count: 1, share: 1, source: bad, executor: bad, frames: [frame, frame] };
    const all = { subject: bad, runtimes: [bad], groups: [named], creators: [creator], notes: [bad] };
    const text = dumpText(view(all));
    expect(text).not.toMatch(/[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|(?!\n)\p{Cc}/u);
    // Whoever made the names makes no line of the dump, either.
    expect(text.split('\n')).toHaveLength(dumpText(view({ ...all, subject: 'a', notes: ['a'] })).split('\n').length);
    expect(folded([named])).toMatch(/^[^\p{C}\p{Zl}\p{Zp}]+\n$/u);
    expect(JSON.parse(JSON.stringify(dumpDocument(view(all))))).toMatchObject({ target: bad });
  },
);
