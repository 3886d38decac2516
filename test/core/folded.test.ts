import { describe, expect, it } from 'vitest';
import { folded } from '../../src/core/folded.ts';
import type { StackGroup } from '../../src/core/stackGroups.ts';

const group = (change: Partial<StackGroup> = {}): StackGroup => ({
  count: 42,
  grew: 0,
  wait: 'read',
  runtime: 'native',
  names: [{ name: 'conn-N', count: 42 }],
  frames: [
    { function: 'read', module: 'libc.so.6' },
    { function: 'serve', file: '/app/a.py', line: 7 },
  ],
  site: undefined,
  whole: 0,
  timeline: [],
  since: { first: 0, last: 0 },
  ...change,
});

describe('folded', () => {
  it.for([
    ['the root first, the wait last, then the count', {}, 'serve (a.py:7);read;[read] 42\n'],
    ['a file without a line', { frames: [{ function: 'f', file: '/x/a.go' }] }, 'f (a.go);[read] 42\n'],
    ['no stack: the name', { frames: [] }, 'conn-N;[read] 42\n'],
    ['no name either', { frames: [], names: [] }, '?;[read] 42\n'],
    ['separators in names', { frames: [{ function: 'a;b\nc\u2028d' }] }, 'a_b_c_d;[read] 42\n'],
    ['what looks like a count', { frames: [{ function: 'f 12' }] }, 'f_12;[read] 42\n'],
  ] as const)('%s', ([, change, want]) => {
    expect(folded([group(change as Partial<StackGroup>)])).toBe(want);
  });
  it('a line a group, and every line can be read back', () => {
    const text = folded([group(), group({ count: 7, frames: [{ function: 'x y 3' }] }), group({ frames: [] })]);
    const lines = text.trimEnd().split('\n');
    expect(lines.map((line) => /^(.+) (\d+)$/.exec(line)?.[2])).toEqual(['42', '7', '42']);
  });
  it('nothing', () => {
    expect(folded([])).toBe('');
  });
});
