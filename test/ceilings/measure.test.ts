import { describe, expect, it } from 'vitest';
import { parseMaps, readMaps } from '../../src/procfs/maps.ts';
import { readTouched } from '../../src/procfs/pagemap.ts';
import { kernelRoot } from '../../src/procfs/root.ts';
import { parseSlab } from '../../src/procfs/slabinfo.ts';
import { parsePlace } from '../../src/procfs/syscall.ts';

describe('parseSlab', () => {
  const text = `slabinfo - version: 2.1
# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>
task_struct          121    140   5888    5    8 : tunables    0    0    0 : slabdata     28     28      0
task_struct_x          1      1   5888    5    8 : tunables    0    0    0 : slabdata      1      1      0`;
  it('objects in use, the memory of their slabs, and one’s share of it', () => {
    expect(parseSlab(text, 'task_struct')).toEqual({ objects: 121, bytes: 28 * 8 * 4096, bytesEach: (8 * 4096) / 5 });
  });
  it('a cache that is not there, and a file that is not ours', () => {
    expect(parseSlab(text, 'task')).toBeUndefined();
    expect(parseSlab('', 'task_struct')).toBeUndefined();
  });
});

describe('parsePlace', () => {
  it.for([
    [
      'in a call',
      '202 0x7f1 0x189 0x0 0x0 0x0 0x0 0x7ffe12340000 0x7f12aaaa0000\n',
      { call: 202, args: [0x7f1, 0x189, 0, 0, 0, 0], sp: 0x7ffe12340000, pc: 0x7f12aaaa0000 },
    ],
    [
      'outside of one',
      '-1 0x7ffe12340000 0x7f12aaaa0000\n',
      { call: -1, args: [], sp: 0x7ffe12340000, pc: 0x7f12aaaa0000 },
    ],
    ['on a processor', 'running\n', 'running'],
    ['a zombie', '', undefined],
    ['half a line', '202 0x7f1\n', undefined],
    ['no numbers', '202 a b c d e f g h\n', undefined],
  ] as const)('%s', ([, text, want]) => {
    expect(parsePlace(text)).toEqual(want);
  });
});

describe('parseMaps', () => {
  it('addresses, rights and a path with spaces', () => {
    expect(parseMaps('7f0000000000-7f0000001000 rw-p 00000000 08:01 12   /opt/my app (deleted)\n')).toMatchObject([
      { start: 0x7f0000000000, end: 0x7f0000001000, path: '/opt/my app (deleted)' },
    ]);
  });
  it('nothing for a zombie; half a line is left out', () => {
    expect(parseMaps('')).toEqual([]);
    expect(parseMaps('7f0000000000-7f00')).toEqual([]);
  });
});

describe('readTouched', () => {
  it('pages of this very process that it has written to', () => {
    const stack = readMaps(kernelRoot(), 'self')?.find(({ path }) => path === '[stack]');
    const [touched = 0] = readTouched(kernelRoot(), process.pid, stack === undefined ? [] : [stack]) ?? [];
    expect(touched).toBeGreaterThan(4096);
    expect(touched).toBeLessThanOrEqual((stack?.end ?? 0) - (stack?.start ?? 0));
  });
  it('a process that is gone', () => {
    expect(readTouched(kernelRoot(), 4_194_000, [{ start: 0, end: 4096 }])).toBeUndefined();
  });
});
