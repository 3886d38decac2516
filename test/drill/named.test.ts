import { describe, expect, it } from 'vitest';
import type { IncidentDocument } from '../../src/core/incident.ts';
import { namedCode } from '../../src/drill/named.ts';
import { madeIncident } from '../fixtures/incident.ts';

const { document } = madeIncident();
const [group] = document.groups as [IncidentDocument['groups'][number]];
const plain = { ...group, site: undefined };
const creator = (frames: IncidentDocument['creators'][number]['frames']) => ({
  count: 1,
  share: 1,
  source: '',
  frames,
});
const pause = { function: 'pause', module: 'libc.so.6' };

describe('who is named', () => {
  it.for<[string, Pick<IncidentDocument, 'creators' | 'groups'>, object | undefined]>([
    [
      'the code that was caught making threads, before what they do',
      { creators: [creator([{ function: 'spawn', file: 'a.c', line: 3 }, pause])], groups: [group] },
      { as: 'creator', function: 'spawn', file: 'a.c', line: 3 },
    ],
    [
      'a creator whose code is not known is nobody',
      { creators: [creator([])], groups: [{ ...plain, frames: [pause] }] },
      { as: 'group', ...pause },
    ],
    [
      'the frame of the program itself, before the leaf',
      { creators: [], groups: [{ ...plain, frames: [pause], site: { function: 'serve' } }] },
      { as: 'group', function: 'serve' },
    ],
    [
      'the first group that has a stack',
      {
        creators: [],
        groups: [
          { ...plain, frames: [] },
          { ...plain, frames: [pause] },
        ],
      },
      { as: 'group', ...pause },
    ],
    ['nobody', { creators: [], groups: [{ ...plain, frames: [] }] }, undefined],
    ['nobody in an incident of which nothing was read', { creators: [], groups: [] }, undefined],
  ])('%s', ([, incident, want]) => {
    expect(namedCode(incident)).toEqual(want);
  });
});
