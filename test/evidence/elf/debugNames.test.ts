import { describe, expect, it } from 'vitest';
import { buildId, debugPaths } from '../../../src/evidence/elf/debugNames.ts';
import { ByteWriter } from '../builders/byteWriter.ts';
import { elfImage, elfOf, READABLE, type SectionSpec } from '../builders/elfImage.ts';

const note = (owner: string, type: number, bytes: readonly number[], length: number = bytes.length): Buffer =>
  new ByteWriter()
    .u32(owner.length + 1)
    .u32(length)
    .u32(type)
    .text(owner)
    .align(4)
    .bytes(...bytes)
    .align(4)
    .done();
const ID = [0xab, 0xcd, 0xef, 0x01];

function elfWith(notes: Buffer, link?: string) {
  const sections: SectionSpec[] = [{ name: '.note', bytes: notes, address: 0x1000, type: 7 }];
  if (link !== undefined)
    sections.push({ name: '.gnu_debuglink', bytes: new ByteWriter().text(link).align(4).u32(1).done() });
  return elfOf(elfImage(sections, { segments: [{ type: 4, flags: READABLE, sections: ['.note'] }] }));
}

describe('the build id', () => {
  it.for([
    ['alone', note('GNU', 3, ID), 'abcdef01'],
    ['behind another note', Buffer.concat([note('GNU', 1, [0, 0, 0, 0]), note('GNU', 3, ID)]), 'abcdef01'],
    ['of another owner', note('Go', 3, ID), undefined],
    ['of one byte', note('GNU', 3, [1]), undefined],
    ['longer than the notes', note('GNU', 3, ID, 0xfffffff0), undefined],
    ['longer than any', note('GNU', 3, new Array(100).fill(1)), undefined],
    ['none', Buffer.alloc(0), undefined],
  ] as const)('%s', ([, notes, want]) => {
    expect(buildId(elfWith(notes))).toBe(want);
  });
});

describe('where the symbols of a stripped file may lie', () => {
  it('by its build id, and by its link', () => {
    expect(debugPaths(elfWith(note('GNU', 3, ID)), '/usr/bin/app')).toEqual([
      '/usr/lib/debug/.build-id/ab/cdef01.debug',
    ]);
    expect(debugPaths(elfWith(note('GNU', 3, ID), 'app.debug'), '/usr/bin/app')).toEqual([
      '/usr/lib/debug/.build-id/ab/cdef01.debug',
      '/usr/bin/app.debug',
      '/usr/bin/.debug/app.debug',
      '/usr/lib/debug/usr/bin/app.debug',
    ]);
  });
  it.for(['../../etc/shadow', '..', '.', ''])('a link is a name, no path: %j', (link) => {
    expect(debugPaths(elfWith(note('GNU', 3, ID), link), '/usr/bin/app')).toHaveLength(1);
  });
  it('without a build id nothing tells whether they are the right ones', () => {
    expect(debugPaths(elfWith(Buffer.alloc(0), 'app.debug'), '/usr/bin/app')).toEqual([]);
  });
});
